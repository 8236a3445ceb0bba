#include "secrets/ssh_identity.h"

#include "base/base64.h"
#include "base/error.h"
#include "base/text.h"
#include "git/ssh_wire.h"
#include "secrets/crypto.h"

namespace greenwave::secrets {

namespace {

constexpr std::string_view begin_line = "-----BEGIN OPENSSH PRIVATE KEY-----";
constexpr std::string_view end_line = "-----END OPENSSH PRIVATE KEY-----";
constexpr std::string_view type = "ssh-ed25519";

Error malformed() {
  return Error(Fault::invalid, "the OpenSSH key is damaged", "make another: ssh-keygen -t ed25519 -N ''");
}

std::string blob_of(std::string_view text) {
  text = trim(text);
  if (!text.starts_with(begin_line) || !text.ends_with(end_line)) throw malformed();
  text.remove_prefix(begin_line.size());
  text.remove_suffix(end_line.size());
  std::string letters;
  letters.reserve(text.size());
  for (const char letter : text) {
    if (letter != '\n' && letter != '\r') letters += letter;
  }
  return decode_base64(letters);
}

Identity read(std::string_view blob) {
  git::WireReader wire(blob);
  if (wire.bytes(15) != std::string_view("openssh-key-v1\0", 15)) throw malformed();
  const auto cipher = wire.string();
  wire.string();  // how the passphrase becomes a key
  wire.string();
  if (cipher != "none") {
    throw Error(Fault::invalid, "the OpenSSH key has a passphrase, which nobody enters on a device",
                "remove it: ssh-keygen -p -N '' -f FILE");
  }
  if (wire.number() != 1) throw malformed();
  const auto public_key = wire.string();
  const auto rest = wire.string();
  wire.require_end();

  git::WireReader secret(rest);
  if (secret.number() != secret.number()) throw malformed();
  if (secret.string() != type) {
    throw Error(Fault::invalid, "the OpenSSH key is not of the type ed25519",
                "make one: ssh-keygen -t ed25519 -N ''");
  }
  const auto point = secret.string();
  const auto seed_and_point = secret.string();
  secret.string();  // the comment
  for (char expected = 1; !secret.at_end(); ++expected) {
    if (secret.bytes(1)[0] != expected) throw malformed();
  }
  if (point.size() != 32 || seed_and_point.size() != 64 || seed_and_point.substr(32) != point ||
      public_key != git::wire_string(type) + git::wire_string(point)) {
    throw malformed();
  }
  // What Ed25519 multiplies by, which serves Curve25519 as well: both are one curve in two forms.
  Identity identity;
  identity.kind = Identity::Kind::ssh_ed25519;
  identity.scalar = sha512(seed_and_point.substr(0, 32)).substr(0, 32);
  identity.point = x25519_point(identity.scalar);
  identity.ssh_key = public_key;
  identity.recipient = std::string(type) + ' ' + encode_base64(public_key);
  return identity;
}

}  // namespace

bool is_ssh_identity(std::string_view text) {
  return trim(text).starts_with(begin_line);
}

Identity read_ssh_identity(std::string_view text) {
  std::string blob;
  try {
    blob = blob_of(text);
    return read(blob);
  } catch (const Error& error) {
    if (error.remedy().empty()) throw malformed();  // of base64, or of the wire format
    throw;
  }
}

}  // namespace greenwave::secrets
