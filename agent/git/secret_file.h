#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace greenwave::git {

/// Reads a token or password from its file: the first line, trimmed. `key` is its name in the configuration
/// ("tokenFile"). Throws Error (invalid) when the file cannot be read or is empty; messages never contain the
/// secret.
std::string read_secret(const std::filesystem::path& file, std::string_view key);

/// Reads the whole file that the configuration names under `key`, of at most 1 MiB.
std::string read_named_file(const std::filesystem::path& file, std::string_view key);

}  // namespace greenwave::git
