#pragma once

#include <string>
#include <string_view>

#include "secrets/identity.h"

namespace greenwave::secrets {

/// What encrypted a file, judging by its looks.
enum class Sealing { none, age, sops };
Sealing sealing_of(std::string_view bytes);

/// Of a file that is read as it is. Throws Error (invalid) where it is encrypted.
void require_clear(const std::string& path, std::string_view bytes);

/// Of a file whose name ends in .age. Throws Error (invalid) where it is not encrypted by age.
void check_encrypted(const std::string& path, std::string_view bytes);

/// What is in such a file, or in one that SOPS encrypted as a whole. Throws Error (invalid) with its path
/// where it cannot be opened.
std::string open_file(const std::string& path, std::string_view bytes, const Keyring& keys);

}  // namespace greenwave::secrets
