#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "git/bundle_header.h"

using namespace greenwave;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto header = git::parse_bundle_header({reinterpret_cast<const char*>(data), size});
    if (header.size > size) std::abort();
  } catch (const Error&) {
  }
  return 0;
}
