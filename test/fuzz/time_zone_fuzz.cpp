// Zones of a tz database that is not ours: no file may do more than be refused, and every moment has an
// offset.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "base/time_zone.h"

using namespace greenwave;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto zone = parse_time_zone({reinterpret_cast<const char*>(data), size});
    for (const std::int64_t second :
         {-2'000'000'000LL, 0LL, 1'795'000'000LL, 4'000'000'000LL, 253'402'000'000LL}) {
      const Time time{std::chrono::seconds(second)};
      const auto span = zone.span_at(time);
      if (time < span.begin || time >= span.end) std::abort();
    }
  } catch (const Error&) {
  }
  return 0;
}
