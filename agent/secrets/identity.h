#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace greenwave::secrets {

/// A key that opens what was encrypted for its recipient. All but `recipient` is secret.
struct Identity {
  enum class Kind { x25519, ssh_ed25519 };

  Kind kind = Kind::x25519;
  std::string scalar;     ///< 32 bytes
  std::string point;      ///< its public point, 32 bytes
  std::string ssh_key;    ///< of ssh_ed25519: the public key as it goes over the wire
  std::string recipient;  ///< "age1…" or "ssh-ed25519 AAAA…": what people encrypt for
};

/// What a device can open things with. Usually one, and two while a key is being replaced.
using Keyring = std::vector<Identity>;

/// Reads a file of age identities (lines of AGE-SECRET-KEY-1…, comments), or an OpenSSH private key of the
/// type ed25519 without a passphrase. Throws Error (invalid) that names `file` and the line, and holds
/// nothing of what is there.
Keyring read_identities(std::string_view text, std::string_view file);

/// An age identity as a line of such a file.
std::string to_text(const Identity& identity);

Identity new_identity();

/// As people write a recipient, in the one form in which they are compared: "age1…" or "ssh-ed25519 AAAA…",
/// without a comment. Nothing when it is neither.
std::optional<std::string> normal_recipient(std::string_view text);

}  // namespace greenwave::secrets
