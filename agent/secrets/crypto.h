#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace greenwave::secrets {

// The few primitives that age and SOPS are made of, over OpenSSL. Keys, nonces and points are bytes of the
// length that the primitive has; another length is a mistake of the caller (Fault::internal).

/// Of both ciphers below, in bytes.
inline constexpr std::size_t tag_size = 16;

std::string random_bytes(std::size_t count);

/// HKDF-SHA-256 (RFC 5869), 32 bytes long.
std::string hkdf(std::string_view key, std::string_view salt, std::string_view info);

/// RFC 7748. Nothing for a point of low order, whose product is known to everyone.
std::optional<std::string> x25519(std::string_view scalar, std::string_view point);
/// The public point that belongs to a scalar.
std::string x25519_point(std::string_view scalar);

/// ChaCha20-Poly1305 (RFC 8439), the tag after the sealed bytes. Nothing when it was tampered with.
std::optional<std::string> open_chacha20(std::string_view key, std::string_view nonce,
                                         std::string_view sealed);

/// AES-256-GCM with a nonce of any length. Nothing when it was tampered with.
std::optional<std::string> open_aes_gcm(std::string_view key, std::string_view nonce, std::string_view sealed,
                                        std::string_view tag, std::string_view associated);

std::string sha512(std::string_view bytes);

}  // namespace greenwave::secrets
