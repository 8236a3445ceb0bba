#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace greenwave::secrets {

/// Wraps the file's key for one recipient.
struct Stanza {
  std::string_view type;
  std::vector<std::string_view> arguments;  ///< without the type
  std::string body;
};

/// The textual part of an age file (age-encryption.org/v1); its views point into the file.
struct AgeHeader {
  std::vector<Stanza> stanzas;
  std::string_view authenticated;  ///< what `mac` is of
  std::string mac;                 ///< 32 bytes
  std::size_t size = 0;            ///< the payload begins here
};

/// Reads it, in the one form that the format allows: what is nearly right was tampered with. Throws Error
/// (invalid).
AgeHeader read_age_header(std::string_view file);

}  // namespace greenwave::secrets
