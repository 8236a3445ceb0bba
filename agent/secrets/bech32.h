#pragma once

#include <string>
#include <string_view>

namespace greenwave::secrets {

struct Bech32 {
  std::string prefix;  ///< in lower case
  std::string bytes;
};

/// BIP 173, without the limit of 90 characters (as in age): a prefix, "1", and characters with a checksum,
/// all in one case. Throws Error (invalid), which contains nothing of the text.
Bech32 decode_bech32(std::string_view text);

/// In lower case.
std::string encode_bech32(const Bech32& value);

}  // namespace greenwave::secrets
