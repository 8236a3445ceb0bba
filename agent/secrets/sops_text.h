#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "yaml/node.h"

namespace greenwave::secrets {

// Files of lines that SOPS encrypted. It writes each value on its line, comments too, and flattens its own
// data: sops_age__list_0__map_recipient=… in a dotenv file, age__list_0__map_recipient in an INI file's
// section [sops].

/// A part of such a file. Put together again, the parts are the file.
struct TextPart {
  enum class Kind { other, value, comment, metadata };

  Kind kind = Kind::other;
  std::string text = {};     ///< as it stands; of a value or a comment, what is before it
  std::string path = {};     ///< of a value or a comment: the keys that lead to it, with a colon after each
  std::string content = {};  ///< of a value or a comment, without quotes
  std::string written = {};  ///< the same as it stands, with what is behind it
};

/// SOPS' own data as `sops` has it in a document, and the rest of the file.
struct SealedText {
  std::vector<TextPart> parts;
  yaml::Node metadata{yaml::Node::Map{}, {}};
};

/// Both throw Error (invalid) where it is not as SOPS writes it.
SealedText read_dotenv(std::string_view bytes);
SealedText read_ini(std::string_view bytes);

/// A value, or the lines of a comment, as SOPS writes them, with the end of the line.
std::string dotenv_value(std::string_view content);
std::string ini_value(std::string_view content);
std::string ini_comment(std::string_view content);

}  // namespace greenwave::secrets
