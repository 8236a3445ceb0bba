#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "secrets/age.h"
#include "secrets/identity.h"

/// Age files, and identities. The seed's file is for this identity, so that the payload is reached as well.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace greenwave;
  static const auto keys = secrets::read_identities(
      "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX", "fuzz");
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    secrets::open_age(bytes, keys);
  } catch (const Error&) {
  }
  try {
    secrets::read_identities(bytes, "fuzz");
  } catch (const Error&) {
  }
  secrets::normal_recipient(bytes);
  return 0;
}
