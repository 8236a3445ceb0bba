#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <openssl/evp.h>

#include "base/base64.h"
#include "base/digest.h"
#include "secrets/crypto.h"
#include "secrets/identity.h"

namespace greenwave::test {

inline std::string seal(const EVP_CIPHER* cipher, std::string_view key, std::string_view nonce,
                        std::string_view plain, std::string_view associated = {}) {
  const auto raw = [](std::string_view bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
  };
  auto* context = EVP_CIPHER_CTX_new();
  std::string sealed(plain.size() + 16, '\0');
  auto* out = reinterpret_cast<unsigned char*>(sealed.data());
  int size = 0;
  EVP_EncryptInit_ex(context, cipher, nullptr, nullptr, nullptr);
  EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, static_cast<int>(nonce.size()), nullptr);
  EVP_EncryptInit_ex(context, nullptr, nullptr, raw(key), raw(nonce));
  if (!associated.empty()) {
    EVP_EncryptUpdate(context, nullptr, &size, raw(associated), static_cast<int>(associated.size()));
  }
  EVP_EncryptUpdate(context, out, &size, raw(plain), static_cast<int>(plain.size()));
  EVP_EncryptFinal_ex(context, out + size, &size);
  EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, out + plain.size());
  EVP_CIPHER_CTX_free(context);
  return sealed;
}

/// Writes age files as they should be, and as they should not: every part can be exchanged.
struct AgeFile {
  std::string file_key = std::string(16, 'k');
  std::string share_secret = std::string(32, 'e');
  std::string nonce = std::string(16, 'n');
  std::string stanzas;  ///< as text

  /// The key that a stanza's body is sealed with.
  std::string wrap_key(const secrets::Identity& recipient) const {
    const bool ssh = recipient.kind == secrets::Identity::Kind::ssh_ed25519;
    const std::string info = std::string("age-encryption.org/v1/") + (ssh ? "ssh-ed25519" : "X25519");
    auto shared = *secrets::x25519(share_secret, recipient.point);
    if (ssh) shared = *secrets::x25519(secrets::hkdf({}, recipient.ssh_key, info), shared);
    return secrets::hkdf(shared, secrets::x25519_point(share_secret) + recipient.point, info);
  }

  std::string body(const secrets::Identity& recipient) const {
    return seal(EVP_chacha20_poly1305(), wrap_key(recipient), std::string(12, '\0'), file_key);
  }

  AgeFile& add(const secrets::Identity& recipient) {
    std::string type = "X25519";
    if (recipient.kind == secrets::Identity::Kind::ssh_ed25519) {
      type = "ssh-ed25519 " + encode_raw_base64(view(sha256(recipient.ssh_key)).substr(0, 4));
    }
    return add("-> " + type + " " + encode_raw_base64(secrets::x25519_point(share_secret)) + "\n" +
               encode_raw_base64(body(recipient)) + "\n");
  }

  AgeFile& add(const std::string& stanza) {
    stanzas += stanza;
    return *this;
  }

  std::string header() const {
    const auto text = "age-encryption.org/v1\n" + stanzas + "---";
    return text + " " + encode_raw_base64(view(hmac_sha256(secrets::hkdf(file_key, {}, "header"), text))) +
           "\n";
  }

  /// A chunk of the payload, the last one or not.
  std::string chunk(std::string_view plain, unsigned char number, bool last) const {
    std::string counter(12, '\0');
    counter[10] = static_cast<char>(number);
    counter[11] = last ? 1 : 0;
    return seal(EVP_chacha20_poly1305(), secrets::hkdf(file_key, nonce, "payload"), counter, plain);
  }

  std::string with(const std::string& chunks) const { return header() + nonce + chunks; }
  std::string holding(std::string_view plain) const { return with(chunk(plain, 0, true)); }
};

inline std::string armored(std::string_view bytes) {
  const auto letters = encode_base64(bytes);
  std::string text = "-----BEGIN AGE ENCRYPTED FILE-----\n";
  for (std::size_t at = 0; at < letters.size(); at += 64) text += letters.substr(at, 64) + "\n";
  return text + "-----END AGE ENCRYPTED FILE-----\n";
}

}  // namespace greenwave::test
