// What a hub answers to a report, to an enrolment and to a renewal.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "base/text.h"
#include "report/answer.h"
#include "report/hub_key.h"

using namespace greenwave;

namespace {

template <typename Read>
void attempt(Read read) {
  try {
    read();
  } catch (const Error&) {
  }
}

void must(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  attempt([&] {
    const auto answer = report::read_acknowledgement(text);
    if (answer.sync) must(is_text(answer.sync->who) && answer.sync->who.size() < 300);
    if (answer.heartbeat)
      must(*answer.heartbeat >= std::chrono::minutes(1) && *answer.heartbeat <= std::chrono::hours(1));
  });
  attempt([&] { must(report::read_known_boot(text) >= 0); });
  attempt([&] { report::read_certificate(report::read_issued(text).certificate); });
  attempt([&] { must(is_text(report::read_pending(text).approve)); });
  attempt([&] { report::read_certificate(text); });
  must(is_text(report::read_refusal(400, text)));
  report::is_refusal(text);
  return 0;
}
