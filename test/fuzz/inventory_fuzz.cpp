// The inventory and the polygons, which come from whatever tool a city draws its maps with.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "model/polygon.h"
#include "render/inventory.h"
#include "yaml/load.h"

using namespace greenwave;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  Problems problems;
  try {
    const auto devices = render::read_devices(text, "in", problems);
    // What is found without parsing all of it is what a parser finds.
    const auto has_id = [](const Device& device) { return device.id == "sf-0001"; };
    const auto found = render::find_device(text, "in", "sf-0001", problems);
    if (found.device.has_value() != std::ranges::any_of(devices, has_id)) std::abort();
  } catch (const Error&) {
  }
  try {
    render::find_device(text, "in", "sf-0001", problems);
  } catch (const Error&) {
  }
  if (const auto node = yaml::load(text, "in", problems)) {
    contains(read_region(*node, problems), {-122.4, 37.7});
  }
  return 0;
}
