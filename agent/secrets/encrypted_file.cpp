#include "secrets/encrypted_file.h"

#include <fmt/format.h>

#include "base/error.h"
#include "secrets/age.h"

namespace greenwave::secrets {

void check_encrypted(const std::string& path, std::string_view bytes) {
  if (is_age(bytes)) return;
  throw Error(Fault::invalid, fmt::format("{} ends in .age, but is not encrypted by age", path),
              "encrypt it, or give it another name");
}

std::string open_file(const std::string& path, std::string_view bytes, const Keyring& keys) {
  check_encrypted(path, bytes);
  try {
    return open_age(bytes, keys);
  } catch (const Error& error) {
    throw Error(error.fault(), fmt::format("{}: {}", path, error.message()), error.remedy());
  }
}

}  // namespace greenwave::secrets
