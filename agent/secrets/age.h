#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "secrets/identity.h"

namespace greenwave::secrets {

/// An age file in the repository may be this large: secrets are small.
inline constexpr std::size_t largest_age_file = 8 << 20;

/// Whether the bytes are an age file, armored or not, as far as their beginning says.
bool is_age(std::string_view bytes);

/// What was encrypted (https://c2sp.org/age), for the recipient types X25519 and ssh-ed25519. All of it is
/// checked before a byte is given. Throws Error (invalid), which says what the file was encrypted for: it is
/// damaged, cut off, for others than the owner of `keys`, or locked with a passphrase, which no device has.
std::string open_age(std::string_view file, const Keyring& keys);

}  // namespace greenwave::secrets
