#include "git/sshsig.h"

#include <utility>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/text.h"
#include "git/ssh_key.h"
#include "git/ssh_wire.h"

namespace greenwave::git {

namespace {

constexpr std::string_view begin = "-----BEGIN SSH SIGNATURE-----";
constexpr std::string_view end = "-----END SSH SIGNATURE-----";
constexpr std::string_view magic = "SSHSIG";
constexpr std::size_t most_armor = 64 * 1024;
constexpr std::size_t line_length = 70;

Error malformed_signature(std::string_view why) {
  return Error(Fault::invalid, fmt::format("the SSH signature cannot be read: {}", why));
}

/// The bytes between the armor's two lines, wherever these are broken.
std::string unarmored(std::string_view text) {
  if (text.size() > most_armor) throw malformed_signature("it is too long");
  text = trim(text);
  if (!text.starts_with(begin) || !text.ends_with(end) || text.size() < begin.size() + end.size()) {
    throw malformed_signature("its BEGIN or END line is missing");
  }
  text.remove_prefix(begin.size());
  text.remove_suffix(end.size());
  std::string letters;
  for (const auto line : split(text, '\n')) letters += trim(line);
  try {
    return decode_base64(letters);
  } catch (const Error&) {
    throw malformed_signature("it is not base64");
  }
}

std::string armor_around(std::string_view blob) {
  std::string text(begin);
  text += '\n';
  const auto letters = encode_base64(blob);
  for (std::size_t at = 0; at < letters.size(); at += line_length) {
    text += letters.substr(at, line_length) + '\n';
  }
  return text.append(end) + '\n';
}

std::string hash_of(std::string_view message, const std::string& name) {
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  const auto* kind = name == "sha512" ? EVP_sha512() : EVP_sha256();
  if (EVP_Digest(message.data(), message.size(), reinterpret_cast<unsigned char*>(digest.data()), &size, kind,
                 nullptr) != 1) {
    throw Error(Fault::internal, "OpenSSL cannot compute a hash");
  }
  digest.resize(size);
  return digest;
}

}  // namespace

SshSignature parse_ssh_signature(std::string_view armored) {
  auto signature = read_loose_signature(armored);
  if (git::armored(signature) != armored) {
    throw malformed_signature("it is not written as ssh-keygen writes it, in lines of 70 letters");
  }
  return signature;
}

SshSignature read_loose_signature(std::string_view armored) {
  const auto bytes = unarmored(armored);
  WireReader wire(bytes);
  if (wire.bytes(magic.size()) != magic) throw malformed_signature("it does not begin with SSHSIG");
  if (const auto version = wire.number(); version != 1) {
    throw malformed_signature(fmt::format("its version is {}, only 1 is supported", version));
  }
  SshSignature signature;
  signature.key = wire.string();
  signature.name_space = wire.string();
  signature.reserved = wire.string();
  signature.hash = wire.string();
  signature.signature = wire.string();
  wire.require_end();
  if (signature.name_space.empty()) throw malformed_signature("its namespace is empty");
  if (signature.hash != "sha256" && signature.hash != "sha512") {
    throw malformed_signature("its hash is neither sha256 nor sha512");
  }
  return signature;
}

std::string armored(const SshSignature& signature) {
  std::string blob(magic);
  blob += std::string_view("\0\0\0\1", 4);
  for (const auto* part :
       {&signature.key, &signature.name_space, &signature.reserved, &signature.hash, &signature.signature}) {
    blob += wire_string(*part);
  }
  return armor_around(blob);
}

std::optional<SshSignature> mirrored_signature(SshSignature signature) {
  auto other = mirrored_ecdsa(signature.key, signature.signature);
  if (!other) return {};
  signature.signature = std::move(*other);
  return signature;
}

bool verifies(const SshSignature& signature, std::string_view message) {
  std::string data(magic);
  data += wire_string(signature.name_space);
  data += wire_string(signature.reserved);
  data += wire_string(signature.hash);
  data += wire_string(hash_of(message, signature.hash));
  return verifies(signature.key, signature.signature, data);
}

}  // namespace greenwave::git
