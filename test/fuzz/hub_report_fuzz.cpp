// What a device's report, and its certificate's name, may be.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <nlohmann/json.hpp>

#include "access/subject.h"
#include "base/error.h"
#include "intake/report.h"

using namespace greenwave;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  hub::read_subject(text);
  try {
    const auto report = hub::read_report(text);
    if (report.state &&
        nlohmann::json::parse(report.state->detail).dump().find("\\u0000") != std::string::npos)
      std::abort();
  } catch (const Error&) {
  }
  return 0;
}
