#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "secrets/identity.h"

namespace greenwave::secrets {

/// The maximum size of a file that SOPS encrypted as a whole: secrets are small.
inline constexpr std::size_t largest_sops_file = 8 << 20;

/// What SOPS writes. `binary` is any other file, in a JSON object's member `data`.
enum class SopsFormat { yaml, json, binary, dotenv, ini };

/// The format of a file that looks_like_sops(), by its content; JSON with a `data` alone is `json` only under
/// a name that ends in .json.
SopsFormat sops_format(std::string_view path, std::string_view bytes);

/// What `sops decrypt` makes of such a file. INI and dotenv files and binary ones come to the byte; of YAML
/// and JSON the values do, without comments, in a layout of our own. Throws Error (invalid), as open_sops.
std::string open_sops_file(const std::string& path, std::string_view bytes, const Keyring& keys);

/// The recipients of such a file, in normal form; none if it is malformed.
std::vector<std::string> sops_file_recipients(const std::string& path, std::string_view bytes);

/// The members of a dotenv file that SOPS encrypted, as they are written, without SOPS' own.
std::vector<std::pair<std::string, std::string>> sealed_dotenv(std::string_view bytes);

}  // namespace greenwave::secrets
