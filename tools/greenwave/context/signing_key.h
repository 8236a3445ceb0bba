#pragma once

#include <filesystem>
#include <string_view>

namespace greenwave::cli {

/// Throws Error (invalid) unless the value of `option` is a file: what ssh-keygen says of a missing key names
/// no option.
void require_signing_key(std::string_view option, const std::filesystem::path& key);

}  // namespace greenwave::cli
