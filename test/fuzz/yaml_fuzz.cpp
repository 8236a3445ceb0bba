// Whatever the YAML reader accepts must be written and read back as the same value.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "yaml/emit.h"
#include "yaml/load.h"

using namespace greenwave;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  Problems problems;
  const auto documents =
      yaml::load_all(std::string_view(reinterpret_cast<const char*>(bytes), size), "in", problems);
  for (const auto& document : documents) {
    Problems again;
    const auto text = yaml::emit(document);
    const auto read = yaml::load(text, "out", again);
    if (!read || yaml::canonical(*read) != yaml::canonical(document)) std::abort();
  }
  return 0;
}
