#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace greenwave {

/// A SHA-256 value.
struct Digest {
  std::array<unsigned char, 32> bytes{};

  auto operator<=>(const Digest&) const = default;
  bool is_zero() const { return *this == Digest{}; }
};

std::string to_hex(const Digest& digest);

/// The digest's bytes; valid as long as the digest.
std::string_view view(const Digest& digest);

/// Throws Error (invalid) unless `hex` is 64 hexadecimal digits.
Digest digest_from_hex(std::string_view hex);

/// SHA-256, or HMAC-SHA-256 (RFC 2104) with a key of at most 64 bytes, fed piece by piece.
class Hasher {
 public:
  Hasher();
  explicit Hasher(std::string_view key);
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;

  Hasher& add(std::string_view bytes);
  /// Adds a length before the bytes, so that ("a","bc") and ("ab","c") differ.
  Hasher& add_field(std::string_view bytes);
  Digest finish();

 private:
  evp_md_ctx_st* context_;
  std::string outer_;  ///< the key's outer block; empty without a key
};

Digest sha256(std::string_view bytes);
Digest hmac_sha256(std::string_view key, std::string_view bytes);

}  // namespace greenwave
