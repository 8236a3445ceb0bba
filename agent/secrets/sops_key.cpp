#include "secrets/sops_key.h"

#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/contains.h"
#include "base/error.h"
#include "base/handle.h"
#include "base/listed.h"
#include "secrets/age.h"
#include "secrets/shamir.h"
#include "secrets/sops_value.h"

namespace greenwave::secrets {

namespace {

constexpr std::size_t data_key_size = 32;
constexpr std::size_t most_named = 5;

Error malformed(std::string what) {
  return Error(Fault::invalid, std::move(what), "encrypt the file again with sops 3");
}

std::string text_of(const yaml::Node& map, std::string_view key) {
  const auto* member = map.find(key);
  const auto* text = member != nullptr ? member->string() : nullptr;
  return text != nullptr ? *text : std::string();
}

struct Wrapped {
  std::string recipient;
  std::string data_key;  ///< an armored age file
};

/// Each of a group's keys opens the same.
using Group = std::vector<Wrapped>;

Group age_keys(const yaml::Node& keys) {
  Group group;
  for (const auto& item : items_in(keys.find("age"))) {
    const auto recipient = normal_recipient(text_of(item, "recipient"));
    if (recipient) group.push_back({*recipient, text_of(item, "enc")});
  }
  return group;
}

bool has_key_groups(const yaml::Node& metadata) {
  return !items_in(metadata.find("key_groups")).empty();
}

std::vector<Group> groups_of(const yaml::Node& metadata) {
  std::vector<Group> groups;
  for (const auto& item : items_in(metadata.find("key_groups"))) groups.push_back(age_keys(item));
  if (groups.empty()) groups.push_back(age_keys(metadata));
  return groups;
}

/// "PGP and AWS KMS": the keys there are that no device has.
std::string other_keys(const yaml::Node& metadata) {
  static constexpr std::pair<const char*, const char*> kinds[] = {{"pgp", "PGP"},
                                                                  {"kms", "AWS KMS"},
                                                                  {"gcp_kms", "GCP KMS"},
                                                                  {"azure_kv", "Azure Key Vault"},
                                                                  {"hc_vault", "HashiCorp Vault"},
                                                                  {"hckms", "Huawei Cloud KMS"}};
  std::string names;
  for (const auto& [key, name] : kinds) {
    bool there = !items_in(metadata.find(key)).empty();
    for (const auto& group : items_in(metadata.find("key_groups"))) {
      there = there || !items_in(group.find(key)).empty();
    }
    if (there) names += (names.empty() ? "" : " and ") + std::string(name);
  }
  return names;
}

Error not_for(const std::vector<std::string>& recipients, const yaml::Node& metadata, const Keyring& keys) {
  if (recipients.empty()) {
    const auto others = other_keys(metadata);
    return Error(
        Fault::invalid,
        others.empty()
            ? "it is encrypted by SOPS without any key"
            : fmt::format("it is encrypted by SOPS for keys of {} only, which no device has", others),
        "add an age recipient to .sops.yaml, and run sops updatekeys");
  }
  const auto what =
      fmt::format("it is encrypted by SOPS for {}", listed(recipients, most_named, std::identity()));
  if (keys.empty()) {
    return Error(
        Fault::invalid, what + "; this device has no identity",
        "create one with greenwave identity, add its recipient to .sops.yaml, and run sops updatekeys");
  }
  return Error(Fault::invalid, what + ", not for this device",
               fmt::format("add {} to .sops.yaml, and run sops updatekeys", own_recipients(keys)));
}

/// Nothing if the group is for others.
std::optional<std::string> opened(const Group& group, const Keyring& keys) {
  for (const auto& one : group) {
    const auto own = std::ranges::find(keys, one.recipient, &Identity::recipient);
    if (own != keys.end()) return open_age(one.data_key, {*own});
  }
  return {};
}

/// How many groups it takes; SOPS leaves it out where it takes all.
std::size_t threshold_of(const yaml::Node& metadata, std::size_t groups) {
  const auto* member = metadata.find("shamir_threshold");
  std::int64_t threshold = 0;
  if (member != nullptr) {
    if (const auto* number = std::get_if<std::int64_t>(&member->value)) threshold = *number;
    if (const auto* text = member->string()) {
      std::from_chars(text->data(), text->data() + text->size(), threshold);
    }
  }
  return threshold > 0 ? static_cast<std::size_t>(threshold) : groups;
}

}  // namespace

std::vector<std::string> recipients_in(const yaml::Node& metadata) {
  std::vector<std::string> recipients;
  for (auto& group : groups_of(metadata)) {
    for (auto& wrapped : group) {
      if (!contains(recipients, wrapped.recipient)) recipients.push_back(std::move(wrapped.recipient));
    }
  }
  return recipients;
}

std::string data_key_of(const yaml::Node& metadata, const Keyring& keys) {
  const auto groups = groups_of(metadata);
  std::vector<std::string> parts;
  for (const auto& group : groups) {
    if (auto part = opened(group, keys)) parts.push_back(std::move(*part));
  }
  if (parts.empty()) throw not_for(recipients_in(metadata), metadata, keys);
  std::optional<std::string> key = parts.front();
  if (has_key_groups(metadata) && groups.size() > 1) {
    const auto needed = threshold_of(metadata, groups.size());
    if (parts.size() < needed) {
      throw Error(
          Fault::invalid,
          fmt::format("it is encrypted by SOPS for {} key groups of which it takes {}, and this device "
                      "is in {}",
                      groups.size(), needed, parts.size()),
          fmt::format("add {} to more of the groups in .sops.yaml, and run sops updatekeys",
                      own_recipients(keys)));
    }
    key = parts.size() > 1 ? combine_shares(parts) : std::nullopt;
  }
  if (!key || key->size() != data_key_size) throw malformed("its data key is damaged");
  return *key;
}

struct SopsMac::Digest {
  std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>> context{EVP_MD_CTX_new()};
};

SopsMac::SopsMac(const yaml::Node& metadata)
    : metadata_(metadata),
      digest_(std::make_unique<Digest>()),
      only_encrypted_(is_true(metadata.find("mac_only_encrypted")) ||
                      text_of(metadata, "mac_only_encrypted") == "true") {
  if (digest_->context == nullptr || EVP_DigestInit_ex(digest_->context.get(), EVP_sha512(), nullptr) != 1) {
    throw Error(Fault::internal, "OpenSSL cannot compute SHA-512");
  }
  // SOPS starts such a MAC with the SHA-256 of the setting's name, so that the setting cannot be changed
  // unnoticed.
  if (only_encrypted_) {
    static constexpr unsigned char start[] = {
        0x8a, 0x3f, 0xd2, 0xad, 0x54, 0xce, 0x66, 0x52, 0x7b, 0x10, 0x34, 0xf3, 0xd1, 0x47, 0xbe, 0x0b,
        0x0b, 0x97, 0x5b, 0x3b, 0xf4, 0x4f, 0x72, 0xc6, 0xfd, 0xad, 0xec, 0x81, 0x76, 0xf2, 0x7d, 0x69};
    EVP_DigestUpdate(digest_->context.get(), start, sizeof start);
  }
}

SopsMac::~SopsMac() = default;

void SopsMac::add(std::string_view bytes, bool encrypted) {
  if (encrypted || !only_encrypted_) EVP_DigestUpdate(digest_->context.get(), bytes.data(), bytes.size());
}

void SopsMac::check(const std::string& data_key) {
  const auto sealed = read_sops_value(text_of(metadata_, "mac"));
  if (!sealed) throw malformed("it has no SOPS MAC");
  const auto expected =
      open_sops_value(*sealed, data_key, text_of(metadata_, "lastmodified"), metadata_.place);
  unsigned char digest[64];
  EVP_DigestFinal_ex(digest_->context.get(), digest, nullptr);
  const auto found = fmt::format("{:02X}", fmt::join(digest, digest + sizeof digest, ""));
  if (expected.string() != nullptr && *expected.string() == found) return;
  throw Error(Fault::invalid, "it was changed after it was encrypted: its MAC does not match its values",
              "edit the file only with sops");
}

}  // namespace greenwave::secrets
