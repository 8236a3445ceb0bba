// A hub's configuration.

#include <cstdint>
#include <string_view>

#include "config/hub_config.h"

using namespace greenwave;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  Problems problems;
  hub::parse_hub_config({reinterpret_cast<const char*>(bytes), size}, "hub.yaml", problems);
  return 0;
}
