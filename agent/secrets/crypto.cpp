#include "secrets/crypto.h"

#include <memory>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/handle.h"

namespace greenwave::secrets {

namespace {

using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Freed<EVP_CIPHER_CTX_free>>;

constexpr std::size_t key_size = 32;

const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

unsigned char* raw(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

void require(bool ok) {
  if (!ok) throw Error(Fault::internal, "an OpenSSL operation failed");
}

Key private_key(std::string_view scalar) {
  Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, raw(scalar), scalar.size()));
  require(key != nullptr);
  return key;
}

std::optional<std::string> open(const EVP_CIPHER* cipher, std::string_view key, std::string_view nonce,
                                std::string_view sealed, std::string_view tag, std::string_view associated) {
  require(key.size() == key_size && tag.size() == tag_size && !nonce.empty());
  const CipherContext context(EVP_CIPHER_CTX_new());
  std::string plain(sealed.size(), '\0');
  std::string wanted(tag);
  int size = 0;
  auto* raw_context = context.get();
  require(context != nullptr && EVP_DecryptInit_ex(raw_context, cipher, nullptr, nullptr, nullptr) == 1 &&
          EVP_CIPHER_CTX_ctrl(raw_context, EVP_CTRL_AEAD_SET_IVLEN, static_cast<int>(nonce.size()),
                              nullptr) == 1 &&
          EVP_DecryptInit_ex(raw_context, nullptr, nullptr, raw(key), raw(nonce)) == 1 &&
          EVP_CIPHER_CTX_ctrl(raw_context, EVP_CTRL_AEAD_SET_TAG, tag_size, wanted.data()) == 1);
  if (!associated.empty()) {
    require(EVP_DecryptUpdate(raw_context, nullptr, &size, raw(associated),
                              static_cast<int>(associated.size())) == 1);
  }
  if (!sealed.empty()) {
    require(EVP_DecryptUpdate(raw_context, raw(plain), &size, raw(sealed), static_cast<int>(sealed.size())) ==
            1);
  }
  unsigned char rest[tag_size];
  const bool good = EVP_DecryptFinal_ex(raw_context, rest, &size) == 1;
  ERR_clear_error();
  if (!good) return {};
  return plain;
}

}  // namespace

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  require(RAND_bytes(raw(bytes), static_cast<int>(count)) == 1);
  return bytes;
}

std::string hkdf(std::string_view key, std::string_view salt, std::string_view info) {
  std::string expanded;
  if (salt.size() > 64) {
    const auto short_salt = sha256(salt);  // as HMAC does for keys longer than a block
    expanded = view(hmac_sha256(view(short_salt), key));
  } else {
    expanded = view(hmac_sha256(salt, key));
  }
  return std::string(view(Hasher(expanded).add(info).add("\x01").finish()));
}

std::optional<std::string> x25519(std::string_view scalar, std::string_view point) {
  const auto own = private_key(scalar);
  const Key other(EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, raw(point), point.size()));
  const KeyContext context(EVP_PKEY_CTX_new(own.get(), nullptr));
  require(other != nullptr && context != nullptr && EVP_PKEY_derive_init(context.get()) == 1);
  std::string shared(key_size, '\0');
  std::size_t size = shared.size();
  const bool good = EVP_PKEY_derive_set_peer_ex(context.get(), other.get(), 0) == 1 &&
                    EVP_PKEY_derive(context.get(), raw(shared), &size) == 1;
  ERR_clear_error();
  if (!good || shared == std::string(key_size, '\0')) return {};
  return shared;
}

std::string x25519_point(std::string_view scalar) {
  const auto key = private_key(scalar);
  std::string point(key_size, '\0');
  std::size_t size = point.size();
  require(EVP_PKEY_get_raw_public_key(key.get(), raw(point), &size) == 1);
  return point;
}

std::optional<std::string> open_chacha20(std::string_view key, std::string_view nonce,
                                         std::string_view sealed) {
  if (sealed.size() < tag_size) return {};
  const auto end = sealed.size() - tag_size;
  return open(EVP_chacha20_poly1305(), key, nonce, sealed.substr(0, end), sealed.substr(end), {});
}

std::optional<std::string> open_aes_gcm(std::string_view key, std::string_view nonce, std::string_view sealed,
                                        std::string_view tag, std::string_view associated) {
  return open(EVP_aes_256_gcm(), key, nonce, sealed, tag, associated);
}

std::string sha512(std::string_view bytes) {
  std::string digest(64, '\0');
  require(EVP_Digest(bytes.data(), bytes.size(), raw(digest), nullptr, EVP_sha512(), nullptr) == 1);
  return digest;
}

}  // namespace greenwave::secrets
