#pragma once

#include <string>
#include <string_view>

namespace greenwave::secrets {

struct Bech32 {
  std::string prefix;  ///< in lower case
  std::string bytes;
};

/// BIP 173's form of bytes that people copy, with age's leave to be longer than 90 letters: a prefix, "1",
/// and letters with a checksum, all in one case. Throws Error (invalid), without a word of the text.
Bech32 decode_bech32(std::string_view text);

/// In lower case.
std::string encode_bech32(const Bech32& value);

}  // namespace greenwave::secrets
