#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace greenwave::git {

/// A token or a password from its file: the first line, without blanks around it. `key` is the
/// configuration's name for it ("tokenFile"). Throws Error (invalid) when it cannot be read or is empty; the
/// content never stands in a message.
std::string read_secret(const std::filesystem::path& file, std::string_view key);

/// A whole file that the configuration names under `key`, of at most 1 MiB.
std::string read_named_file(const std::filesystem::path& file, std::string_view key);

}  // namespace greenwave::git
