#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace greenwave::fleet {

/// Where the parts of a JSON text are, so that some can be changed and the others stay, byte by byte. All
/// views are into one text, which a parser has accepted before.

struct Member {
  std::string key;
  std::string_view key_text;  ///< with its quotes
  std::string_view value;
};

/// Of an object's text, from brace to brace.
std::vector<Member> members_of(std::string_view object);
/// Of an array's text.
std::vector<std::string_view> elements_of(std::string_view array);
/// The last member of that name counts, as for parsers.
std::optional<Member> member_named(std::string_view object, std::string_view key);
/// The value at the beginning of the text, without blanks around it.
std::string_view value_at(std::string_view text);

}  // namespace greenwave::fleet
