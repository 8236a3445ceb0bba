#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace greenwave::git {

/// A signature in the format of `ssh-keygen -Y sign` (OpenSSH's PROTOCOL.sshsig).
struct SshSignature {
  std::string key;  ///< the public key, in SSH's wire format
  std::string name_space;
  std::string reserved;
  std::string hash;       ///< "sha256" or "sha512"
  std::string signature;  ///< in SSH's wire format
};

/// Parses "-----BEGIN SSH SIGNATURE-----" …, of at most 64 KiB, in the only form that is accepted: as
/// ssh-keygen writes it, in lines of 70 letters and with a line feed at the end. Throws Error (invalid).
SshSignature parse_ssh_signature(std::string_view armored);

/// The same with any white space, which agents accepted once.
SshSignature read_loose_signature(std::string_view armored);

/// The text that parse_ssh_signature() reads as this.
std::string armored(const SshSignature& signature);

/// The other signature that the same key has for the same message, and that anyone can compute: ECDSA's.
/// Nothing for other types. Throws Error (invalid).
std::optional<SshSignature> mirrored_signature(SshSignature signature);

/// Whether this is the signature of `message`. Throws Error for a key or signature that is malformed
/// (invalid) or not accepted (untrusted). Does not check whether the key is trusted, nor the
/// namespace.
bool verifies(const SshSignature& signature, std::string_view message);

}  // namespace greenwave::git
