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

/// Throws Error (invalid) unless `hex` is 64 hexadecimal digits.
Digest digest_from_hex(std::string_view hex);

/// SHA-256, fed piece by piece.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;

  Hasher& add(std::string_view bytes);
  /// Adds a length before the bytes, so that ("a","bc") and ("ab","c") differ.
  Hasher& add_field(std::string_view bytes);
  Digest finish();

 private:
  evp_md_ctx_st* context_;
};

Digest sha256(std::string_view bytes);

}  // namespace greenwave
