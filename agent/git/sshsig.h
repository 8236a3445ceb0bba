#pragma once

#include <string>
#include <string_view>

namespace greenwave::git {

/// A signature as `ssh-keygen -Y sign` makes it (OpenSSH's PROTOCOL.sshsig).
struct SshSignature {
  std::string key;  ///< the public key, in SSH's wire format
  std::string name_space;
  std::string reserved;
  std::string hash;       ///< "sha256" or "sha512"
  std::string signature;  ///< in SSH's wire format
};

/// Reads "-----BEGIN SSH SIGNATURE-----" …, of 64 KiB at most. Throws Error (invalid).
SshSignature parse_ssh_signature(std::string_view armored);

/// Whether it is the signature of `message`. Throws Error for a key or a signature that is malformed
/// (invalid) or not accepted (untrusted). Says nothing about whether the key is to be trusted, nor about the
/// name space.
bool verifies(const SshSignature& signature, std::string_view message);

}  // namespace greenwave::git
