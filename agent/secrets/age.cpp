#include "secrets/age.h"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"
#include "secrets/age_header.h"
#include "secrets/armor.h"
#include "secrets/crypto.h"
#include "secrets/ssh_identity.h"

namespace greenwave::secrets {

namespace {

constexpr std::string_view x25519_type = "X25519";
constexpr std::string_view x25519_info = "age-encryption.org/v1/X25519";
constexpr std::string_view ssh_info = "age-encryption.org/v1/ssh-ed25519";
constexpr std::size_t point_size = 32;
constexpr std::size_t file_key_size = 16;
constexpr std::size_t nonce_size = 16;  ///< of the payload
constexpr std::size_t chunk_size = 64 * 1024;

Error damaged(std::string what) {
  return Error(Fault::invalid, std::move(what), "encrypt it again");
}

std::string decoded(std::string_view argument) {
  try {
    return decode_raw_base64(argument);
  } catch (const Error&) {
    throw damaged("its age header is damaged");
  }
}

/// Unknown types of stanzas may contain anything. Known ones must be well-formed, whoever they are for: a
/// malformed one can only come from tampering.
void check(const AgeHeader& header) {
  for (const auto& stanza : header.stanzas) {
    if (stanza.type == "scrypt") {
      throw Error(Fault::invalid, "it is encrypted with a passphrase, and nobody can enter one on a device",
                  "encrypt it for the devices' recipients: age -R FILE");
    }
    const bool ssh = stanza.type == ssh_type;
    if (!ssh && stanza.type != x25519_type) continue;
    if (stanza.arguments.size() != (ssh ? 2 : 1) || decoded(stanza.arguments.back()).size() != point_size ||
        stanza.body.size() != file_key_size + tag_size) {
      throw damaged("its age header is damaged");
    }
  }
}

/// Identifies which of the keys of its type an ssh-ed25519 stanza is for.
std::string tag_of(const Identity& identity) {
  return encode_raw_base64(view(sha256(identity.ssh_key)).substr(0, 4));
}

std::optional<std::string> unwrap(const Stanza& stanza, const Identity& identity) {
  const bool ssh = identity.kind == Identity::Kind::ssh_ed25519;
  if (stanza.type != (ssh ? ssh_type : x25519_type)) return {};
  if (ssh && stanza.arguments.front() != tag_of(identity)) return {};
  const auto share = decoded(stanza.arguments.back());
  auto shared = x25519(identity.scalar, share);
  if (!shared) throw damaged("its age header is damaged");
  const auto info = ssh ? ssh_info : x25519_info;
  if (ssh) shared = x25519(hkdf({}, identity.ssh_key, info), *shared);
  if (!shared) throw damaged("its age header is damaged");
  return open_chacha20(hkdf(*shared, share + identity.point, info), std::string(12, '\0'), stanza.body);
}

std::string recipients_in_words(const AgeHeader& header) {
  std::map<std::string_view, std::size_t> types;
  for (const auto& stanza : header.stanzas) ++types[stanza.type];
  std::string words;
  for (const auto& [type, count] : types) {
    words += fmt::format("{}{} of type {}", words.empty() ? "" : ", ", count, printable(type));
  }
  return words;
}

std::string file_key_of(const AgeHeader& header, const Keyring& keys) {
  for (const auto& key : keys) {
    for (const auto& stanza : header.stanzas) {
      if (auto file_key = unwrap(stanza, key)) return *file_key;
    }
  }
  if (keys.empty()) {
    throw Error(Fault::invalid, "it is encrypted, and this device has no identity",
                "create one with greenwave identity, and encrypt the file for it too");
  }
  throw Error(
      Fault::invalid,
      fmt::format("it is not encrypted for this device, only for others ({})", recipients_in_words(header)),
      fmt::format("encrypt it for {} too", own_recipients(keys)));
}

std::string open_payload(std::string_view payload, std::string_view file_key) {
  if (payload.size() < nonce_size + tag_size) throw damaged("it is truncated");
  const auto key = hkdf(file_key, payload.substr(0, nonce_size), "payload");
  payload.remove_prefix(nonce_size);
  std::string plain;
  plain.reserve(payload.size());
  std::string nonce(12, '\0');
  for (std::uint64_t counter = 0;; ++counter) {
    const auto size = std::min(payload.size(), chunk_size + tag_size);
    const bool last = size == payload.size();
    for (int i = 0; i < 8; ++i) nonce[static_cast<std::size_t>(10 - i)] = static_cast<char>(counter >> 8 * i);
    nonce[11] = last ? 1 : 0;
    const auto chunk = open_chacha20(key, nonce, payload.substr(0, size));
    if (!chunk || (chunk->empty() && counter > 0)) {
      throw damaged("it was changed, or truncated, after it was encrypted");
    }
    plain += *chunk;
    if (last) return plain;
    payload.remove_prefix(size);
  }
}

}  // namespace

bool is_age(std::string_view bytes) {
  return bytes.starts_with("age-encryption.org/v") || is_armored(bytes);
}

std::string open_age(std::string_view file, const Keyring& keys) {
  std::string bare;
  if (is_armored(file)) {
    bare = remove_armor(file);
    file = bare;
  }
  const auto header = read_age_header(file);
  check(header);
  const auto file_key = file_key_of(header, keys);
  if (view(hmac_sha256(hkdf(file_key, {}, "header"), header.authenticated)) != header.mac) {
    throw damaged("its age header was changed after it was encrypted");
  }
  return open_payload(file.substr(header.size), file_key);
}

}  // namespace greenwave::secrets
