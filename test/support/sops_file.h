#pragma once

#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/evp.h>

#include "secrets/sops_value.h"
#include "support/age_file.h"
#include "yaml/emit.h"
#include "yaml/load.h"

namespace greenwave::test {

/// Encrypts YAML as `sops encrypt` does.
struct SopsFile {
  std::vector<secrets::Identity> recipients;
  /// Which values, by the keys that lead to them with a colon after each.
  std::function<bool(const std::string& path)> chosen = [](const std::string&) { return true; };
  bool mac_only_encrypted = false;
  std::string data_key = std::string(32, 'd');
  std::string last_modified = "2026-11-24T06:00:00Z";

  std::string value(const std::string& plain, const std::string& type, const std::string& path) const {
    const std::string nonce(32, 'i');
    const auto sealed = seal(EVP_aes_256_gcm(), data_key, nonce, plain, path);
    return fmt::format("ENC[AES256_GCM,data:{},iv:{},tag:{},type:{}]",
                       encode_base64(std::string_view(sealed).substr(0, plain.size())), encode_base64(nonce),
                       encode_base64(std::string_view(sealed).substr(plain.size())), type);
  }

  std::string of(const std::string& text) const {
    Problems problems;
    auto documents = yaml::load_all(text, "plain.yaml", problems);
    std::string bytes;
    for (auto& document : documents) encrypt(document, "", bytes);
    const auto metadata = yaml::from_json(metadata_for(bytes), {});
    std::string out;
    for (auto& document : documents) {
      yaml::set(document, "sops", metadata);
      out += "---\n" + yaml::emit(document);
    }
    return out;
  }

 private:
  void encrypt(yaml::Node& node, const std::string& path, std::string& bytes) const {
    if (auto* items = node.sequence()) {
      for (auto& item : *items) encrypt(item, path, bytes);
    } else if (auto* members = node.map()) {
      for (auto& member : *members) encrypt(member.value, path + member.key + ":", bytes);
    } else if (!node.is_null()) {
      const auto plain = secrets::sops_bytes(node);
      const bool now = chosen(path);
      if (now || !mac_only_encrypted) bytes += plain;
      if (!now || plain.empty()) return;
      static constexpr const char* types[] = {"", "bool", "int", "float", "str"};
      node.value = value(plain, types[node.value.index()], path);
    }
  }

  nlohmann::ordered_json metadata_for(const std::string& bytes) const {
    const auto start = mac_only_encrypted ? std::string(view(sha256("sops"))) : std::string();
    const auto digest = secrets::sha512(start + bytes);
    std::string hex;
    for (const char byte : digest) hex += fmt::format("{:02X}", static_cast<unsigned char>(byte));
    nlohmann::ordered_json metadata;
    for (const auto& recipient : recipients) {
      metadata["age"].push_back(
          {{"recipient", recipient.recipient}, {"enc", armored(AgeFile{}.add(recipient).holding(data_key))}});
    }
    metadata["lastmodified"] = last_modified;
    metadata["mac"] = value(hex, "str", last_modified);
    if (mac_only_encrypted) metadata["mac_only_encrypted"] = true;
    metadata["version"] = "3.13.3";
    return metadata;
  }
};

}  // namespace greenwave::test
