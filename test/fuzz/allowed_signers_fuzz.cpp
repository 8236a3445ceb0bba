#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "git/allowed_signers.h"

using namespace greenwave;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Problems problems;
  const auto signers =
      git::parse_allowed_signers({reinterpret_cast<const char*>(data), size}, "allowed_signers", problems);
  for (const auto& signer : signers) {
    if (git::principal_of(signer, "ana@sf.example").empty()) std::abort();
  }
  for (const auto& problem : problems.list()) {
    if (problem.place.column > size + 1) std::abort();
  }
  return 0;
}
