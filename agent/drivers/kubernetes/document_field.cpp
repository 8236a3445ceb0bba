#include "drivers/kubernetes/document_field.h"

#include <algorithm>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

namespace greenwave::drivers::kubernetes {

namespace {

using nlohmann::json;
using Document = nlohmann::ordered_json;

/// The end of `[…]` at the beginning of `path`, behind quoted values; npos: there is none.
std::size_t end_of_selector(std::string_view path) {
  bool quoted = false;
  for (std::size_t i = 1; i < path.size(); ++i) {
    if (quoted && path[i] == '\\') {
      ++i;
    } else if (path[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && path[i] == ']') {
      return i;
    }
  }
  return std::string_view::npos;
}

/// `name="web"`, `port=80,protocol="TCP"` as an object; nothing for anything else.
std::optional<json> keys_of(std::string_view selector) {
  std::string text = "{";
  bool quoted = false;
  bool in_name = true;
  text += '"';
  for (std::size_t i = 0; i < selector.size(); ++i) {
    const char c = selector[i];
    if (quoted && c == '\\' && i + 1 < selector.size()) {
      text += c;
      text += selector[++i];
      continue;
    }
    if (c == '"') quoted = !quoted;
    if (!quoted && in_name && c == '=') {
      text += "\":";
      in_name = false;
    } else if (!quoted && !in_name && c == ',') {
      text += ",\"";
      in_name = true;
    } else {
      text += c;
    }
  }
  text += "}";
  auto keys = json::parse(text, nullptr, false);
  if (!keys.is_object() || keys.empty()) return {};
  return keys;
}

/// Where a path leads: the value, and what contains it.
struct Found {
  Document* container = nullptr;  ///< a map; null: there is no such value
  std::string key{};
};

/// The longest member name that `path` begins with: names may contain dots.
Document::iterator member_of(Document& map, std::string_view path) {
  auto best = map.end();
  for (auto one = map.begin(); one != map.end(); ++one) {
    const std::string_view key = one.key();
    const bool begins = path.starts_with(key) &&
                        (path.size() == key.size() || path[key.size()] == '.' || path[key.size()] == '[');
    if (begins && (best == map.end() || best.key().size() < key.size())) best = one;
  }
  return best;
}

Document* item_of(Document& list, std::string_view selector) {
  const auto keys = keys_of(selector);
  if (!list.is_array() || !keys) return nullptr;
  for (auto& item : list) {
    if (has_keys(item, *keys)) return &item;
  }
  return nullptr;
}

Found find(Document& document, std::string_view path) {
  auto* at = &document;
  Found found;
  while (!path.empty()) {
    if (path.front() == '.') path.remove_prefix(1);
    if (path.starts_with('[')) {
      const auto end = end_of_selector(path);
      if (end == std::string_view::npos) return {};
      at = item_of(*at, path.substr(1, end - 1));
      if (at == nullptr) return {};
      path.remove_prefix(end + 1);
      found = {};
      continue;
    }
    if (!at->is_object()) return {};
    const auto member = member_of(*at, path);
    if (member == at->end()) return {};
    found = {at, member.key()};
    path.remove_prefix(member.key().size());
    at = &*member;
  }
  return found;
}

}  // namespace

bool has_keys(const Document& item, const json& keys) {
  static const Document usual_protocol = "TCP";
  if (!item.is_object() || !keys.is_object() || keys.empty()) return false;
  return std::ranges::all_of(keys.items(), [&](const auto& one) {
    const auto member = item.find(one.key());
    const bool is_filled_in = member == item.end() && one.key() == "protocol";
    if (member == item.end() && !is_filled_in) return false;
    return json(is_filled_in ? usual_protocol : *member) == one.value();
  });
}

const Document* find_field(const Document& document, std::string_view path) {
  const auto found = find(const_cast<Document&>(document), path);
  return found.container == nullptr ? nullptr : &found.container->at(found.key);
}

bool leave_out(Document& document, std::string_view path) {
  const auto found = find(document, path);
  if (found.container == nullptr || path.find('.') == std::string_view::npos) return false;
  found.container->erase(found.key);
  return true;
}

}  // namespace greenwave::drivers::kubernetes
