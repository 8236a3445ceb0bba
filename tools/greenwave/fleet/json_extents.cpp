#include "fleet/json_extents.h"

#include <nlohmann/json.hpp>

namespace greenwave::fleet {

namespace {

constexpr std::string_view blanks = " \t\r\n";

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(blanks, at), text.size());
}

/// After the string whose quote is at `at`.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return std::min(at + 1, text.size());
}

/// After the value that begins at `at`.
std::size_t end_of_value(std::string_view text, std::size_t at) {
  if (at >= text.size()) return text.size();
  if (text[at] == '"') return end_of_string(text, at);
  if (text[at] != '{' && text[at] != '[') return std::min(text.find_first_of(" \t\r\n,]}", at), text.size());
  int depth = 0;
  while (at < text.size()) {
    if (text[at] == '"') {
      at = end_of_string(text, at);
      continue;
    }
    if (text[at] == '{' || text[at] == '[') ++depth;
    if ((text[at] == '}' || text[at] == ']') && --depth == 0) return at + 1;
    ++at;
  }
  return at;
}

}  // namespace

std::string_view value_at(std::string_view text) {
  const auto begin = skip_blanks(text, 0);
  return text.substr(begin, end_of_value(text, begin) - begin);
}

std::vector<Member> members_of(std::string_view object) {
  std::vector<Member> members;
  auto at = skip_blanks(object, 1);
  while (at < object.size() && object[at] == '"') {
    Member member;
    const auto key_end = end_of_string(object, at);
    member.key_text = object.substr(at, key_end - at);
    const auto key = nlohmann::json::parse(member.key_text, nullptr, false);
    if (key.is_string()) member.key = key.get<std::string>();
    at = skip_blanks(object, skip_blanks(object, key_end) + 1);
    const auto end = end_of_value(object, at);
    member.value = object.substr(at, end - at);
    members.push_back(std::move(member));
    at = skip_blanks(object, end);
    if (at < object.size() && object[at] == ',') at = skip_blanks(object, at + 1);
  }
  return members;
}

std::vector<std::string_view> elements_of(std::string_view array) {
  std::vector<std::string_view> elements;
  auto at = skip_blanks(array, 1);
  while (at < array.size() && array[at] != ']') {
    const auto end = end_of_value(array, at);
    elements.push_back(array.substr(at, end - at));
    at = skip_blanks(array, end);
    if (at < array.size() && array[at] == ',') at = skip_blanks(array, at + 1);
  }
  return elements;
}

std::optional<Member> member_named(std::string_view object, std::string_view key) {
  auto members = members_of(object);
  for (auto member = members.rbegin(); member != members.rend(); ++member) {
    if (member->key == key) return std::move(*member);
  }
  return {};
}

}  // namespace greenwave::fleet
