#include "secrets/ssh_identity.h"

#include "base/base64.h"
#include "base/error.h"
#include "base/text.h"
#include "git/ssh_wire.h"
#include "secrets/crypto.h"

namespace greenwave::secrets {

namespace {

constexpr std::string_view key_begin = "-----BEGIN OPENSSH PRIVATE KEY-----";
constexpr std::string_view key_end = "-----END OPENSSH PRIVATE KEY-----";

Error damaged_key() {
  return Error(Fault::invalid, "the OpenSSH key is damaged", "make another: ssh-keygen -t ed25519 -N ''");
}

std::string blob_of(std::string_view text) {
  text = trim(text);
  if (!text.starts_with(key_begin) || !text.ends_with(key_end)) throw damaged_key();
  text.remove_prefix(key_begin.size());
  text.remove_suffix(key_end.size());
  std::string letters;
  letters.reserve(text.size());
  for (const char letter : text) {
    if (letter != '\n' && letter != '\r') letters += letter;
  }
  return decode_base64(letters);
}

Identity read(std::string_view blob) {
  git::WireReader wire(blob);
  if (wire.bytes(15) != std::string_view("openssh-key-v1\0", 15)) throw damaged_key();
  const auto cipher = wire.string();
  wire.string();  // how the passphrase becomes a key
  wire.string();
  if (cipher != "none") {
    throw Error(Fault::invalid, "the OpenSSH key has a passphrase, which nobody enters on a device",
                "remove it: ssh-keygen -p -N '' -f FILE");
  }
  if (wire.number() != 1) throw damaged_key();
  const auto public_key = wire.string();
  const auto rest = wire.string();
  wire.require_end();

  git::WireReader secret(rest);
  if (secret.number() != secret.number()) throw damaged_key();
  if (secret.string() != ssh_type) {
    throw Error(Fault::invalid, "the OpenSSH key is not of the type ed25519",
                "make one: ssh-keygen -t ed25519 -N ''");
  }
  const auto point = secret.string();
  const auto seed_and_point = secret.string();
  secret.string();  // the comment
  for (char expected = 1; !secret.at_end(); ++expected) {
    if (secret.bytes(1)[0] != expected) throw damaged_key();
  }
  if (point.size() != 32 || seed_and_point.size() != 64 || seed_and_point.substr(32) != point ||
      public_key != git::wire_string(ssh_type) + git::wire_string(point)) {
    throw damaged_key();
  }
  // What Ed25519 multiplies by, which serves Curve25519 as well: both are one curve in two forms.
  Identity identity;
  identity.kind = Identity::Kind::ssh_ed25519;
  identity.scalar = sha512(seed_and_point.substr(0, 32)).substr(0, 32);
  identity.point = x25519_point(identity.scalar);
  identity.ssh_key = public_key;
  identity.recipient = std::string(ssh_type) + ' ' + encode_base64(public_key);
  return identity;
}

}  // namespace

bool is_ssh_identity(std::string_view text) {
  return trim(text).starts_with(key_begin);
}

Identity read_ssh_identity(std::string_view text) {
  std::string blob;
  try {
    blob = blob_of(text);
    return read(blob);
  } catch (const Error& error) {
    if (error.remedy().empty()) throw damaged_key();  // of base64, or of the wire format
    throw;
  }
}

}  // namespace greenwave::secrets
