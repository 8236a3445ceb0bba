#pragma once

#include <string>
#include <string_view>

namespace greenwave {

/// RFC 4648, section 4. Decoding accepts only canonical encodings (section 3.5: no stray bits, no white
/// space) and throws Error (invalid) for anything else.
std::string encode_base64(std::string_view bytes);
std::string decode_base64(std::string_view text);

/// The same without the padding.
std::string encode_raw_base64(std::string_view bytes);
std::string decode_raw_base64(std::string_view text);

}  // namespace greenwave
