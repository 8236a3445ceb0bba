#include "secrets/identity.h"

#include <fmt/format.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/text.h"
#include "secrets/bech32.h"
#include "secrets/crypto.h"
#include "secrets/ssh_identity.h"

namespace greenwave::secrets {

namespace {

constexpr std::string_view secret_prefix = "age-secret-key-";
constexpr std::string_view recipient_prefix = "age";
constexpr std::size_t secret_size = 32;

Identity identity_of(std::string scalar) {
  Identity identity;
  identity.point = x25519_point(scalar);
  identity.scalar = std::move(scalar);
  identity.recipient = encode_bech32({std::string(recipient_prefix), identity.point});
  return identity;
}

Identity read_line(std::string_view line) {
  if (line.starts_with("AGE-PLUGIN-") || line.starts_with("AGE-SECRET-KEY-PQ-")) {
    throw Error(Fault::invalid, "identities of this type are not supported",
                "create one with greenwave identity");
  }
  if (!line.starts_with("AGE-SECRET-KEY-1")) {
    throw Error(Fault::invalid, "this is not an age identity",
                "an identity begins with AGE-SECRET-KEY-1; greenwave identity creates one");
  }
  auto value = decode_bech32(line);
  if (value.prefix != secret_prefix || value.bytes.size() != secret_size) {
    throw Error(Fault::invalid, "this is not an age identity", "create one with greenwave identity");
  }
  return identity_of(std::move(value.bytes));
}

}  // namespace

Keyring read_identities(std::string_view text, std::string_view file) {
  if (is_ssh_identity(text)) {
    try {
      return {read_ssh_identity(text)};
    } catch (const Error& error) {
      throw Error(error.fault(), fmt::format("{}: {}", file, error.message()), error.remedy());
    }
  }
  Keyring keys;
  std::size_t number = 0;
  for (const auto part : split(text, '\n')) {
    ++number;
    const auto line = trim(part);
    if (line.empty() || line.starts_with('#')) continue;
    try {
      keys.push_back(read_line(line));
    } catch (const Error& error) {
      throw Error(error.fault(), fmt::format("{}:{}: {}", file, number, error.message()), error.remedy());
    }
  }
  if (keys.empty()) {
    throw Error(Fault::invalid, fmt::format("{}: no identity in this file", file),
                "create one with greenwave identity");
  }
  return keys;
}

std::string to_text(const Identity& identity) {
  return in_upper_case(encode_bech32({std::string(secret_prefix), identity.scalar}));
}

Identity new_identity() {
  return identity_of(random_bytes(secret_size));
}

std::string own_recipients(const Keyring& keys) {
  std::string words;
  for (const auto& key : keys) words += (words.empty() ? "" : " or ") + key.recipient;
  return words;
}

std::optional<std::string> normal_recipient(std::string_view text) {
  text = trim(text);
  try {
    if (text.starts_with("age1")) {
      const auto value = decode_bech32(text);
      if (value.prefix == recipient_prefix && value.bytes.size() == secret_size) return std::string(text);
      return {};
    }
    if (!text.starts_with(ssh_type)) return {};
    const auto words = split(text, ' ');
    if (words.size() < 2 || words[0] != ssh_type) return {};
    return fmt::format("{} {}", ssh_type, encode_base64(decode_base64(words[1])));
  } catch (const Error&) {
    return {};
  }
}

}  // namespace greenwave::secrets
