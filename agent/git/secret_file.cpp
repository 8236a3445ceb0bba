#include "git/secret_file.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace greenwave::git {

std::string read_named_file(const std::filesystem::path& file, std::string_view key) {
  try {
    return read_file(file, 1 << 20);
  } catch (const Error& error) {
    throw Error(Fault::invalid, fmt::format("credentials.{}: {}", key, error.message()),
                "create the file, or fix agent.yaml");
  }
}

std::string read_secret(const std::filesystem::path& file, std::string_view key) {
  const auto text = read_named_file(file, key);
  const auto secret = trim(std::string_view(text).substr(0, text.find('\n')));
  if (secret.empty() || secret.size() > 16 * 1024 || !is_text(secret)) {
    throw Error(Fault::invalid, fmt::format("credentials.{}: no usable secret in {}", key, file.native()),
                "write it to the file, as one line of text");
  }
  return std::string(secret);
}

}  // namespace greenwave::git
