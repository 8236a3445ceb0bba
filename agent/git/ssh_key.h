#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace greenwave::git {

/// The type of a key in wire format ("ssh-ed25519"); empty when it is not a key.
std::string key_type(std::string_view key);

/// "SHA256:…", as ssh-keygen -l shows it.
std::string fingerprint(std::string_view key);

/// Whether the word is a public key type that OpenSSH knows, supported here or not.
bool is_key_type(std::string_view word);

/// Throws Error unless the key (RFC 4253, section 6.6; RFC 5656; RFC 8709) is well-formed (else invalid) and
/// of a type that is accepted for signatures (else untrusted): ssh-ed25519, ecdsa-sha2-nistp256/384/521,
/// ssh-rsa with 2,048 to 16,384 bits. Also checks the key's own claims, such as that its point is on the
/// curve.
void check_key(std::string_view key);

/// Whether `signature` (an algorithm name and data, as in RFC 4253) is `key`'s signature of `data`. RSA is
/// accepted with SHA-2 only. Throws Error for a key or signature that is malformed (invalid) or not accepted
/// (untrusted).
bool verifies(std::string_view key, std::string_view signature, std::string_view data);

/// The other ECDSA signature that holds for whatever this one holds for (r, -s instead of r, s), in the same
/// format. Nothing for a key of another type. Throws Error (invalid).
std::optional<std::string> mirrored_ecdsa(std::string_view key, std::string_view signature);

}  // namespace greenwave::git
