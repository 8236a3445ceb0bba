#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "secrets/sops.h"
#include "yaml/load.h"

/// Documents of SOPS; the seed's data key is for this identity.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace greenwave;
  static const auto keys = secrets::read_identities(
      "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX", "fuzz");
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Problems problems;
  auto documents = yaml::load_all(text, "fuzz.yaml", problems);
  for (const auto& document : documents) {
    if (!secrets::is_sops(document)) continue;
    secrets::sops_recipients(document);
    try {
      secrets::open_sops(documents, keys);
    } catch (const Error&) {
    }
    break;
  }
  return 0;
}
