// What clients may write to the control socket: no bytes may crash the readers, and what they accept is
// bounded.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "control/request.h"

using namespace greenwave;

namespace {

template <class Read>
void attempt(Read read) {
  try {
    read();
  } catch (const Error& error) {
    if (error.fault() != Fault::invalid) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  attempt([&] { control::read_sync(bytes); });
  attempt([&] { control::read_resume(bytes); });
  attempt([&] {
    const auto pause = control::read_pause(bytes);
    if (pause.reason.empty() || pause.reason.size() > 500 || pause.duration > std::chrono::hours(24 * 7)) {
      std::abort();
    }
  });
  const std::map<std::string, std::string> query{{"name", std::string(bytes)},
                                                 {"sudoUser", std::string(bytes)}};
  attempt([&] { control::read_bundle(query); });
  attempt([&] {
    const auto name = control::read_bundle_name(query);
    if (name.empty() || name.size() > 200) std::abort();
  });
  attempt([&] { control::read_number("limit", bytes, 20, 1, 1000); });
  attempt([&] { control::read_flag("wait", bytes, true); });
  return 0;
}
