#pragma once

#include <string_view>

#include "secrets/identity.h"

namespace greenwave::secrets {

/// The one type of OpenSSH key that age encrypts for and that is read here.
inline constexpr std::string_view ssh_type = "ssh-ed25519";

/// Whether the text is a private key in OpenSSH's own form (its PROTOCOL.key).
bool is_ssh_identity(std::string_view text);

/// Reads one of the type ed25519. Throws Error (invalid) that holds nothing of it: for another type, one with
/// a passphrase, and for a damaged one.
Identity read_ssh_identity(std::string_view text);

}  // namespace greenwave::secrets
