#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "base/base64.h"
#include "git/evp.h"
#include "git/signed_commit.h"
#include "git/ssh_wire.h"
#include "git/sshsig.h"

namespace greenwave::test {

/// Somebody with an ed25519 key, who signs commits as ssh-keygen does, thousands a second.
class Signer {
 public:
  Signer() : key_(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")) {
    std::string raw(32, '\0');
    auto size = raw.size();
    if (!key_ || EVP_PKEY_get_raw_public_key(key_.get(), bytes(raw), &size) != 1) fail();
    public_key_ = git::wire_string(type) + git::wire_string(raw);
  }

  /// "ssh-ed25519 BASE64", as a file of allowed signers has it.
  std::string public_key() const { return std::string(type) + " " + encode_base64(public_key_); }

  /// An armored signature of the message.
  std::string signature_of(const std::string& message, const std::string& space) const {
    git::SshSignature signature{
        .key = public_key_, .name_space = space, .reserved = {}, .hash = "sha512", .signature = {}};
    auto covered = std::string("SSHSIG");
    for (const auto& part : {signature.name_space, signature.reserved, signature.hash, digest(message)}) {
      covered += git::wire_string(part);
    }
    signature.signature = git::wire_string(type) + git::wire_string(sign_bytes(covered));
    return git::armored(signature);
  }

  /// The commit object with these headers and message, signed.
  std::string sign(const std::string& payload) const {
    git::SignedCommit commit;
    commit.payload = payload;
    commit.signature = signature_of(payload, "git");
    return git::put_together(commit);
  }

 private:
  static constexpr std::string_view type = "ssh-ed25519";

  static unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
  static const unsigned char* bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
  }
  [[noreturn]] static void fail() { throw std::runtime_error("OpenSSL cannot sign"); }

  static std::string digest(std::string_view text) {
    std::string digest(EVP_MAX_MD_SIZE, '\0');
    unsigned size = 0;
    if (EVP_Digest(text.data(), text.size(), bytes(digest), &size, EVP_sha512(), nullptr) != 1) fail();
    digest.resize(size);
    return digest;
  }

  std::string sign_bytes(std::string_view text) const {
    const git::DigestContext context(EVP_MD_CTX_new());
    std::string signature(64, '\0');
    auto size = signature.size();
    if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
        EVP_DigestSign(context.get(), bytes(signature), &size, bytes(text), text.size()) != 1) {
      fail();
    }
    return signature;
  }

  git::PublicKey key_;
  std::string public_key_;
};

}  // namespace greenwave::test
