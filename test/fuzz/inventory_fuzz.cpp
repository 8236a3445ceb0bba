// The inventory and the polygons, which come from whatever tool a city draws its maps with.

#include <cstdint>
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
    render::find_device(text, "in", "sf-0001", problems);
    render::read_devices(text, "in", problems);
  } catch (const Error&) {
  }
  if (const auto node = yaml::load(text, "in", problems)) {
    contains(read_region(*node, problems), {-122.4, 37.7});
  }
  return 0;
}
