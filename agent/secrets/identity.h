#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace greenwave::secrets {

/// A key that decrypts what was encrypted for its recipient. All of it except `recipient` is secret.
struct Identity {
  enum class Kind { x25519, ssh_ed25519 };

  Kind kind = Kind::x25519;
  std::string scalar;     ///< 32 bytes
  std::string point;      ///< its public point, 32 bytes
  std::string ssh_key;    ///< for ssh_ed25519: the public key in wire format
  std::string recipient;  ///< "age1…" or "ssh-ed25519 AAAA…": what people encrypt for
};

/// A device's identities: usually one, and two while a key is being replaced.
using Keyring = std::vector<Identity>;

/// Reads a file of age identities (lines with AGE-SECRET-KEY-1…, comments), or an OpenSSH private key of
/// type ed25519 without a passphrase. Throws Error (invalid) with `file` and the line, but none of the
/// content.
Keyring read_identities(std::string_view text, std::string_view file);

/// An age identity as a line for such a file.
std::string to_text(const Identity& identity);

Identity new_identity();

/// What to encrypt for, in words: "age1… or ssh-ed25519 AAAA…".
std::string own_recipients(const Keyring& keys);

/// The normal form of a recipient, for comparisons: "age1…" or "ssh-ed25519 AAAA…", without a comment.
/// Nothing if the text is neither.
std::optional<std::string> normal_recipient(std::string_view text);

}  // namespace greenwave::secrets
