#include <cstdint>
#include <string_view>

#include "config/config.h"

// Whatever stands in agent.yaml, reading it ends with a configuration or with problems.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  greenwave::Problems problems;
  greenwave::config::parse_config({reinterpret_cast<const char*>(data), size}, "agent.yaml", "/", problems);
  return 0;
}
