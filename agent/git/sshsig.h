#pragma once

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

/// Parses "-----BEGIN SSH SIGNATURE-----" …, of at most 64 KiB. Throws Error (invalid).
SshSignature parse_ssh_signature(std::string_view armored);

/// Whether this is the signature of `message`. Throws Error for a key or signature that is malformed
/// (invalid) or not accepted (untrusted). Does not check whether the key is trusted, nor the
/// namespace.
bool verifies(const SshSignature& signature, std::string_view message);

}  // namespace greenwave::git
