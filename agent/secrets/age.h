#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "secrets/identity.h"

namespace greenwave::secrets {

/// The maximum size of an age file in the repository: secrets are small.
inline constexpr std::size_t largest_age_file = 8 << 20;

/// Whether the bytes look like an age file, armored or not, judging by their beginning.
bool is_age(std::string_view bytes);

/// Decrypts an age file (https://c2sp.org/age) for the recipient types X25519 and ssh-ed25519. Authenticates
/// all of it before returning a byte. Throws Error (invalid) that lists the recipients: the file is damaged,
/// truncated, not encrypted for `keys`, or encrypted with a passphrase, which no device has.
std::string open_age(std::string_view file, const Keyring& keys);

}  // namespace greenwave::secrets
