#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace greenwave::drivers::kubernetes {

/// One context of a kubeconfig, before the files that it names are read. If both are given, data wins over a
/// file, as in kubectl, but a token file wins over a token, because it is renewed.
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

/// `name` is the file's, for messages; paths in it are relative to its directory. An empty `context` means
/// the current one. Throws Error (invalid) for mistakes and for what is not supported (exec plugins,
/// insecure-skip-tls-verify); no message contains a value that may be secret. Reads no file.
Kubeconfig parse_kubeconfig(std::string_view text, const std::filesystem::path& name,
                            const std::string& context);

}  // namespace greenwave::drivers::kubernetes
