// What greenwave promote reads: the devices' health, and its own record in the repository.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "promote/health.h"
#include "promote/record.h"

using namespace greenwave;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  promote::read_record(text);
  try {
    const auto health = promote::parse_health(text, "health.json");
    std::vector<std::string> devices;
    for (const auto& [id, report] : health) devices.push_back(id);
    const auto counted = promote::tally(devices, health, {}, Time{}, Time{});
    if (counted.healthy + counted.failed.size() > counted.reported) std::abort();
    if (counted.reported + counted.silent.size() > devices.size()) std::abort();
  } catch (const Error&) {
  }
  return 0;
}
