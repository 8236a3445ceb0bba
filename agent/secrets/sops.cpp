#include "secrets/sops.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/error.h"
#include "base/handle.h"
#include "base/listed.h"
#include "secrets/age.h"
#include "secrets/sops_value.h"

namespace greenwave::secrets {

namespace {

constexpr std::string_view metadata_key = "sops";
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

std::vector<Wrapped> wrapped_keys(const yaml::Node& metadata) {
  std::vector<Wrapped> keys;
  for (const auto& item : items_in(metadata.find("age"))) {
    const auto recipient = normal_recipient(text_of(item, "recipient"));
    if (recipient) keys.push_back({*recipient, text_of(item, "enc")});
  }
  return keys;
}

std::string data_key_of(const yaml::Node& metadata, const Keyring& keys) {
  if (metadata.find("key_groups") != nullptr) {
    throw malformed("it is encrypted by SOPS with key groups, which are not supported");
  }
  const auto wrapped = wrapped_keys(metadata);
  if (wrapped.empty()) throw malformed("it is encrypted by SOPS without an age recipient");
  for (const auto& one : wrapped) {
    const auto own = std::ranges::find(keys, one.recipient, &Identity::recipient);
    if (own == keys.end()) continue;
    auto key = open_age(one.data_key, {*own});
    if (key.size() != data_key_size) throw malformed("its data key is damaged");
    return key;
  }
  const auto what =
      fmt::format("it is encrypted by SOPS for {}", listed(wrapped, most_named, &Wrapped::recipient));
  if (keys.empty()) {
    throw Error(
        Fault::invalid, what + "; this device has no identity",
        "create one with greenwave identity, add its recipient to .sops.yaml, and run sops updatekeys");
  }
  std::string own;
  for (const auto& key : keys) own += (own.empty() ? "" : " or ") + key.recipient;
  throw Error(Fault::invalid, what + ", not for this device",
              fmt::format("add {} to .sops.yaml, and run sops updatekeys", own));
}

/// SHA-512 over the values in document order.
class Mac {
 public:
  explicit Mac(bool only_encrypted) : context_(EVP_MD_CTX_new()), only_encrypted_(only_encrypted) {
    if (context_ == nullptr || EVP_DigestInit_ex(context_.get(), EVP_sha512(), nullptr) != 1) {
      throw Error(Fault::internal, "OpenSSL cannot compute SHA-512");
    }
    // SOPS starts such a MAC with the SHA-256 of the setting's name, so that the setting cannot be changed
    // unnoticed.
    if (only_encrypted) {
      static constexpr unsigned char start[] = {
          0x8a, 0x3f, 0xd2, 0xad, 0x54, 0xce, 0x66, 0x52, 0x7b, 0x10, 0x34, 0xf3, 0xd1, 0x47, 0xbe, 0x0b,
          0x0b, 0x97, 0x5b, 0x3b, 0xf4, 0x4f, 0x72, 0xc6, 0xfd, 0xad, 0xec, 0x81, 0x76, 0xf2, 0x7d, 0x69};
      EVP_DigestUpdate(context_.get(), start, sizeof start);
    }
  }

  void add(const yaml::Node& scalar, bool encrypted) {
    if (only_encrypted_ && !encrypted) return;
    const auto bytes = sops_bytes(scalar);
    EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
  }

  std::string finish() {
    unsigned char digest[64];
    EVP_DigestFinal_ex(context_.get(), digest, nullptr);
    return fmt::format("{:02X}", fmt::join(digest, digest + sizeof digest, ""));
  }

 private:
  std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>> context_;
  bool only_encrypted_;
};

class Opener {
 public:
  Opener(std::string data_key, Mac& mac) : data_key_(std::move(data_key)), mac_(mac) {}

  /// Returns false for a list item to drop: an encrypted comment.
  bool open(yaml::Node& node, const std::string& path) {
    if (auto* items = node.sequence()) {
      std::erase_if(*items, [&](yaml::Node& item) { return !open(item, path); });
      return true;
    }
    if (auto* members = node.map()) {
      std::erase_if(*members,
                    [&](yaml::Member& member) { return !open(member.value, path + member.key + ':'); });
      return true;
    }
    if (node.is_null()) return true;
    const auto* text = node.string();
    const auto value = text != nullptr ? read_sops_value(*text) : std::nullopt;
    if (value) node = open_sops_value(*value, data_key_, path, node.place);
    if (node.is_null()) return false;
    mac_.add(node, value.has_value());
    return true;
  }

 private:
  std::string data_key_;
  Mac& mac_;
};

void drop_metadata(yaml::Node& document) {
  if (auto* members = document.map()) {
    std::erase_if(*members, [](const yaml::Member& member) { return member.key == metadata_key; });
  }
}

void veil(yaml::Node& node) {
  if (auto* items = node.sequence()) {
    for (auto& item : *items) veil(item);
  } else if (auto* members = node.map()) {
    for (auto& member : *members) veil(member.value);
  } else if (is_encrypted(node)) {
    node.place.secret = true;
  }
}

void check_mac(const yaml::Node& metadata, const std::string& data_key, Mac& mac) {
  const auto sealed = read_sops_value(text_of(metadata, "mac"));
  if (!sealed) throw malformed("it has no SOPS MAC");
  const auto expected = open_sops_value(*sealed, data_key, text_of(metadata, "lastmodified"), metadata.place);
  if (expected.string() != nullptr && *expected.string() == mac.finish()) return;
  throw Error(Fault::invalid, "it was changed after it was encrypted: its MAC does not match its values",
              "edit the file only with sops");
}

}  // namespace

bool is_sops(const yaml::Node& document) {
  const auto* metadata = document.find(metadata_key);
  return metadata != nullptr && metadata->is_map() && metadata->find("mac") != nullptr;
}

bool is_encrypted(const yaml::Node& value) {
  return value.string() != nullptr && read_sops_value(*value.string()).has_value();
}

void veil_sops(std::vector<yaml::Node>& documents) {
  for (auto& document : documents) {
    drop_metadata(document);
    veil(document);
  }
}

std::vector<std::string> sops_recipients(const yaml::Node& document) {
  std::vector<std::string> recipients;
  for (auto& wrapped : wrapped_keys(*document.find(metadata_key))) {
    recipients.push_back(std::move(wrapped.recipient));
  }
  return recipients;
}

void open_sops(std::vector<yaml::Node>& documents, const Keyring& keys) {
  const auto first = std::ranges::find_if(documents, is_sops);
  if (first == documents.end()) throw Error(Fault::internal, "no document here is encrypted by SOPS");
  const auto metadata = *first->find(metadata_key);
  const auto data_key = data_key_of(metadata, keys);
  Mac mac(is_true(metadata.find("mac_only_encrypted")));

  auto opened = documents;
  Opener opener(data_key, mac);
  for (auto& document : opened) {
    drop_metadata(document);
    opener.open(document, "");
  }
  check_mac(metadata, data_key, mac);
  documents = std::move(opened);
}

}  // namespace greenwave::secrets
