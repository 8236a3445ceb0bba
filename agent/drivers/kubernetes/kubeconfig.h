#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace greenwave::drivers::kubernetes {

/// What one context of a kubeconfig says, files not yet read. Where both are given, data win over a file, as
/// kubectl has it, but a token file wins over a token, for it is renewed.
struct Kubeconfig {
  std::string server;
  std::string authorities;  ///< PEM
  std::filesystem::path authorities_file;
  std::string certificate;  ///< PEM
  std::filesystem::path certificate_file;
  std::string key;  ///< PEM; a secret
  std::filesystem::path key_file;
  std::string token;  ///< a secret
  std::filesystem::path token_file;
  std::string namespace_;
};

/// `name` is the file's, for messages; paths in it are relative to its directory. An empty `context` stands
/// for its current one. Throws Error (invalid) for what is wrong or cannot be done here (exec plugins, a
/// server that is not to be checked); no message holds a value that may be secret. Reads no file.
Kubeconfig parse_kubeconfig(std::string_view text, const std::filesystem::path& name,
                            const std::string& context);

}  // namespace greenwave::drivers::kubernetes
