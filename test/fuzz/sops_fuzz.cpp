#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "secrets/sops.h"
#include "secrets/sops_file.h"
#include "yaml/load.h"

/// Documents and whole files of SOPS, in each of its formats; the seeds' data keys are for this identity.
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
      secrets::open_sops(documents, text, keys);
    } catch (const Error&) {
    }
    break;
  }
  if (!secrets::looks_like_sops(text)) return 0;
  for (const auto* path : {"fuzz", "fuzz.json"}) {
    secrets::sops_file_recipients(path, text);
    try {
      secrets::open_sops_file(path, text, keys);
    } catch (const Error&) {
    }
  }
  try {
    secrets::sealed_dotenv(text);
  } catch (const Error&) {
  }
  return 0;
}
