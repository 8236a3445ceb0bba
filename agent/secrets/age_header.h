#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace greenwave::secrets {

/// The file key, wrapped for one recipient.
struct Stanza {
  std::string_view type;
  std::vector<std::string_view> arguments;  ///< without the type
  std::string body;
};

/// The text header of an age file (age-encryption.org/v1); its views point into the file.
struct AgeHeader {
  std::vector<Stanza> stanzas;
  std::string_view authenticated;  ///< the bytes that `mac` authenticates
  std::string mac;                 ///< 32 bytes
  std::size_t size = 0;            ///< offset of the payload
};

/// Accepts only the canonical form: a header that deviates was tampered with. Throws Error
/// (invalid).
AgeHeader read_age_header(std::string_view file);

}  // namespace greenwave::secrets
