#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "secrets/identity.h"
#include "yaml/node.h"

namespace greenwave::secrets {

// What SOPS says about a file in its member `sops`: `metadata` below.

/// Its age recipients, in normal form, each once.
std::vector<std::string> recipients_in(const yaml::Node& metadata);

/// The key of its values. Throws Error (invalid): it is for others, or for keys that no device has.
std::string data_key_of(const yaml::Node& metadata, const Keyring& keys);

/// SHA-512 over the values of a file, in its order, sealed in the metadata.
class SopsMac {
 public:
  explicit SopsMac(const yaml::Node& metadata);
  ~SopsMac();

  void add(std::string_view bytes, bool encrypted);
  /// Throws Error (invalid) if the values are not those that were sealed. Call once.
  void check(const std::string& data_key);

 private:
  struct Digest;
  const yaml::Node& metadata_;
  std::unique_ptr<Digest> digest_;
  bool only_encrypted_;
};

}  // namespace greenwave::secrets
