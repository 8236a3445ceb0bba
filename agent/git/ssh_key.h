#pragma once

#include <string>
#include <string_view>

namespace greenwave::git {

/// "ssh-ed25519" of a key as it goes over the wire; empty when it is none.
std::string key_type(std::string_view key);

/// "SHA256:…", as ssh-keygen -l shows it.
std::string fingerprint(std::string_view key);

/// Whether the word names a type of public key that OpenSSH knows, supported here or not.
bool is_key_type(std::string_view word);

/// Throws Error unless the key (RFC 4253, section 6.6; RFC 5656; RFC 8709) is whole (else: invalid) and of a
/// type that signatures are accepted from (else: untrusted): ssh-ed25519, ecdsa-sha2-nistp256/384/521,
/// ssh-rsa of 2,048 to 16,384 bits. What the key says of itself is checked, such as that its point lies on
/// the curve.
void check_key(std::string_view key);

/// Whether `signature` (an algorithm's name and its data, as RFC 4253 has it) is that of `data` by `key`.
/// RSA counts with SHA-2 only. Throws Error for a key or a signature that is malformed (invalid) or not
/// accepted (untrusted).
bool verifies(std::string_view key, std::string_view signature, std::string_view data);

}  // namespace greenwave::git
