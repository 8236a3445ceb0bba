#include "secrets/encrypted_file.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "secrets/age.h"
#include "secrets/sops.h"
#include "secrets/sops_file.h"

namespace greenwave::secrets {

Sealing sealing_of(std::string_view bytes) {
  if (is_age(bytes)) return Sealing::age;
  return looks_like_sops(bytes) ? Sealing::sops : Sealing::none;
}

void require_clear(const std::string& path, std::string_view bytes) {
  const auto sealing = sealing_of(bytes);
  if (sealing == Sealing::none) return;
  throw Error(Fault::invalid,
              fmt::format("{} is encrypted by {}, and every device reads it", printable(path),
                          sealing == Sealing::age ? "age" : "SOPS"),
              "keep it in clear text: secrets belong in manifests, and in files that they name");
}

void check_encrypted(const std::string& path, std::string_view bytes) {
  if (is_age(bytes)) return;
  throw Error(Fault::invalid, fmt::format("{} ends in .age, but is not encrypted by age", printable(path)),
              "encrypt it, or give it another name");
}

std::string open_file(const std::string& path, std::string_view bytes, const Keyring& keys) {
  const bool by_sops = looks_like_sops(bytes) && !is_age(bytes);
  if (!by_sops) check_encrypted(path, bytes);
  try {
    return by_sops ? open_sops_file(path, bytes, keys) : open_age(bytes, keys);
  } catch (const Error& error) {
    throw Error(error.fault(), fmt::format("{}: {}", printable(path), error.message()), error.remedy());
  }
}

}  // namespace greenwave::secrets
