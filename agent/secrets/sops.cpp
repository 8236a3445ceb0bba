#include "secrets/sops.h"

#include <algorithm>

#include "base/error.h"
#include "secrets/go_value.h"
#include "secrets/sops_key.h"
#include "secrets/sops_value.h"
#include "yaml/plain_scalars.h"

namespace greenwave::secrets {

namespace {

constexpr std::string_view metadata_key = "sops";

class Opener {
 public:
  Opener(std::string data_key, const yaml::PlainScalars& written, SopsMac& mac)
      : data_key_(std::move(data_key)), written_(written), mac_(mac) {}

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
    if (!value) {
      mac_.add(bytes_of(node), false);
      return true;
    }
    node = open_sops_value(*value, data_key_, path, node.place);
    if (node.is_null()) return false;
    mac_.add(sops_bytes(node), true);
    return true;
  }

 private:
  /// Of a value in clear text: what SOPS read when it computed the MAC.
  std::string bytes_of(const yaml::Node& node) const {
    const auto* plain = written_.at(node.place);
    return plain != nullptr ? go_bytes(plain->text, plain->tag) : sops_bytes(node);
  }

  std::string data_key_;
  const yaml::PlainScalars& written_;
  SopsMac& mac_;
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

}  // namespace

bool looks_like_sops(std::string_view bytes) {
  if (bytes.find("ENC[AES256_GCM,data:") == bytes.npos) return false;
  // A program or a script that knows of SOPS: what SOPS writes is text, and is run by nobody.
  if (bytes.starts_with("#!") || bytes.find('\0') != bytes.npos) return false;
  const auto start = bytes.find_first_not_of(" \t\r\n");
  if (bytes[start] == '{' && bytes.find("\"sops\":") != bytes.npos) return true;
  // As YAML, an INI file and a dotenv file have it.
  static constexpr std::string_view marks[] = {"sops:", "\"sops\":", "[sops]", "sops_mac="};
  return std::ranges::any_of(marks, [bytes](std::string_view mark) {
    return bytes.starts_with(mark) || bytes.find("\n" + std::string(mark)) != bytes.npos;
  });
}

bool is_sops(const yaml::Node& document) {
  const auto* metadata = document.find(metadata_key);
  if (metadata == nullptr || !metadata->is_map()) return false;
  return metadata->find("mac") != nullptr || metadata->find("lastmodified") != nullptr;
}

bool is_encrypted(const yaml::Node& value) {
  return value.string() != nullptr && read_sops_value(*value.string()).has_value();
}

void veil_sops(std::span<yaml::Node> documents) {
  for (auto& document : documents) {
    drop_metadata(document);
    veil(document);
  }
}

std::string sops_seal(const yaml::Node& document) {
  const auto* mac = document.at({metadata_key, "mac"});
  return mac != nullptr && mac->string() != nullptr ? *mac->string() : std::string();
}

std::vector<std::string> sops_recipients(const yaml::Node& document) {
  return recipients_in(*document.find(metadata_key));
}

void open_sops(std::vector<yaml::Node>& documents, std::string_view text, const Keyring& keys) {
  const auto first = std::ranges::find_if(documents, is_sops);
  if (first == documents.end()) throw Error(Fault::internal, "no document here is encrypted by SOPS");
  const auto metadata = *first->find(metadata_key);
  const auto data_key = data_key_of(metadata, keys);
  SopsMac mac(metadata);

  auto opened = documents;
  const yaml::PlainScalars written(text);
  Opener opener(data_key, written, mac);
  for (auto& document : opened) {
    drop_metadata(document);
    opener.open(document, "");
  }
  mac.check(data_key);
  documents = std::move(opened);
}

}  // namespace greenwave::secrets
