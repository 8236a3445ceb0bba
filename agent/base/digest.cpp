#include "base/digest.h"

#include <cstdint>

#include <openssl/evp.h>

#include "base/error.h"

namespace greenwave {

namespace {

constexpr std::size_t block_size = 64;

int hex_value(char letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
  if (letter >= 'A' && letter <= 'F') return letter - 'A' + 10;
  return -1;
}

void require(int ok) {
  if (ok != 1) throw Error(Fault::internal, "OpenSSL cannot compute SHA-256");
}

}  // namespace

std::string to_hex(const Digest& digest) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(digest.bytes.size() * 2);
  for (const unsigned char byte : digest.bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

Digest digest_from_hex(std::string_view hex) {
  Digest digest;
  bool good = hex.size() == digest.bytes.size() * 2;
  for (std::size_t i = 0; good && i < digest.bytes.size(); ++i) {
    const int high = hex_value(hex[2 * i]);
    const int low = hex_value(hex[2 * i + 1]);
    good = high >= 0 && low >= 0;
    if (good) digest.bytes[i] = static_cast<unsigned char>(high << 4 | low);
  }
  if (!good) throw Error(Fault::invalid, "not a SHA-256 value: 64 hexadecimal digits were expected");
  return digest;
}

Hasher::Hasher() : context_(EVP_MD_CTX_new()) {
  if (context_ == nullptr) throw Error(Fault::internal, "OpenSSL cannot compute SHA-256");
  require(EVP_DigestInit_ex(context_, EVP_sha256(), nullptr));
}

Hasher::Hasher(std::string_view key) : Hasher() {
  std::string inner(block_size, '\x36');
  outer_.assign(block_size, '\x5c');
  if (key.size() > block_size) throw Error(Fault::internal, "the digest key is longer than a block");
  for (std::size_t i = 0; i < key.size(); ++i) {
    inner[i] = static_cast<char>(inner[i] ^ key[i]);
    outer_[i] = static_cast<char>(outer_[i] ^ key[i]);
  }
  add(inner);
}

Hasher::~Hasher() {
  EVP_MD_CTX_free(context_);
}

Hasher& Hasher::add(std::string_view bytes) {
  require(EVP_DigestUpdate(context_, bytes.data(), bytes.size()));
  return *this;
}

Hasher& Hasher::add_field(std::string_view bytes) {
  const std::uint64_t size = bytes.size();
  unsigned char prefix[8];
  for (int i = 0; i < 8; ++i) prefix[i] = static_cast<unsigned char>(size >> (8 * i));
  require(EVP_DigestUpdate(context_, prefix, sizeof prefix));
  return add(bytes);
}

Digest Hasher::finish() {
  Digest digest;
  require(EVP_DigestFinal_ex(context_, digest.bytes.data(), nullptr));
  return outer_.empty() ? digest : Hasher().add(outer_).add(view(digest)).finish();
}

std::string_view view(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()};
}

Digest sha256(std::string_view bytes) {
  return Hasher().add(bytes).finish();
}

Digest hmac_sha256(std::string_view key, std::string_view bytes) {
  return Hasher(key).add(bytes).finish();
}

}  // namespace greenwave
