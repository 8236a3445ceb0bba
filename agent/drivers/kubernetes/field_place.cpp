// Finds the place in a manifest of a field that the server names by a path.
#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "drivers/kubernetes/refusal.h"

namespace greenwave::drivers::kubernetes {

namespace {

std::string_view unquoted(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') return text.substr(1, text.size() - 2);
  return text;
}

/// The item that "0", or `name="web"`, or `containerPort=80,protocol="TCP"` names: its first pair decides.
const yaml::Node* item_of(const yaml::Node::Sequence& items, std::string_view selector) {
  const auto equals = selector.find('=');
  if (equals == std::string_view::npos) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(selector.data(), selector.data() + selector.size(), number);
    const bool is_number = error == std::errc() && end == selector.data() + selector.size();
    return is_number && number < items.size() ? &items[number] : nullptr;
  }
  const auto key = selector.substr(0, equals);
  const auto rest = selector.substr(equals + 1);
  const auto value = unquoted(rest.substr(0, rest.find(',')));
  for (const auto& item : items) {
    const auto* member = item.find(key);
    if (member == nullptr) continue;
    const auto* text = member->string();
    const auto* number = std::get_if<std::int64_t>(&member->value);
    if ((text != nullptr && *text == value) || (number != nullptr && std::to_string(*number) == value))
      return &item;
  }
  return nullptr;
}

/// The longest member name that `path` begins with: names may contain dots.
const yaml::Member* member_of(const yaml::Node::Map& members, std::string_view path) {
  const yaml::Member* best = nullptr;
  for (const auto& member : members) {
    const auto size = member.key.size();
    const bool begins =
        path.starts_with(member.key) && (path.size() == size || path[size] == '.' || path[size] == '[');
    if (begins && (best == nullptr || best->key.size() < size)) best = &member;
  }
  return best;
}

}  // namespace

Place place_of(const Manifest& manifest, std::string_view path) {
  const auto* node = &manifest.document;
  auto place = node->place;
  for (;;) {
    while (path.starts_with('.')) path.remove_prefix(1);
    if (path.starts_with('[')) {
      const auto end = path.find(']');
      if (end == std::string_view::npos) return place;
      const auto selector = path.substr(1, end - 1);
      node =
          node->sequence() != nullptr ? item_of(*node->sequence(), selector) : node->find(unquoted(selector));
      if (node == nullptr) return place;
      place = node->place;
      path.remove_prefix(end + 1);
      continue;
    }
    const auto* member = node->map() != nullptr && !path.empty() ? member_of(*node->map(), path) : nullptr;
    if (member == nullptr) return place;
    place = member->key_place.line != 0 ? member->key_place : member->value.place;
    path.remove_prefix(member->key.size());
    node = &member->value;
  }
}

}  // namespace greenwave::drivers::kubernetes
