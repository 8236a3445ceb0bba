// Whatever the YAML reader accepts must be written and read back as the same value.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "yaml/emit.h"
#include "yaml/load.h"

using namespace greenwave;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  for (const auto dialect : {yaml::Dialect::own, yaml::Dialect::kubernetes, yaml::Dialect::kustomize}) {
    Problems problems;
    for (const auto& document : yaml::load_all(text, "in", problems, {}, dialect)) {
      Problems again;
      // What kustomize has read is printed for kubectl.
      const bool own = dialect == yaml::Dialect::own;
      const auto read = yaml::load(yaml::emit(document), "out", again, {},
                                   own ? yaml::Dialect::own : yaml::Dialect::kubernetes);
      if (!read || yaml::canonical(*read) != yaml::canonical(document)) std::abort();
    }
  }
  return 0;
}
