#pragma once

#include <string>
#include <string_view>

#include "secrets/identity.h"

namespace greenwave::secrets {

/// Of a file whose name ends in .age. Throws Error (invalid) where it is not encrypted by age.
void check_encrypted(const std::string& path, std::string_view bytes);

/// What is in such a file. Throws Error (invalid) with its path where it cannot be opened.
std::string open_file(const std::string& path, std::string_view bytes, const Keyring& keys);

}  // namespace greenwave::secrets
