#include "render/kustomize/name_hash.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/digest.h"
#include "render/kustomize/object.h"

namespace greenwave::render::kustomize {

namespace {

using yaml::Node;

/// JSON exactly as Go's encoding/json writes it: keys sorted, no spaces, and <, >, & and the two line
/// separators of Unicode escaped.
class GoJson {
 public:
  void add(const Node& node) {
    if (const auto* text = node.string()) {
      add_text(*text);
    } else if (const auto* items = node.sequence()) {
      text_ += '[';
      for (std::size_t i = 0; i < items->size(); ++i) {
        if (i > 0) text_ += ',';
        add((*items)[i]);
      }
      text_ += ']';
    } else if (const auto* members = node.map()) {
      add_map(*members);
    } else {
      text_ += node.is_null() ? "null" : scalar_text(node);
    }
  }

  const std::string& text() const { return text_; }

 private:
  void add_map(const Node::Map& members) {
    std::vector<const yaml::Member*> sorted;
    for (const auto& member : members) sorted.push_back(&member);
    std::sort(sorted.begin(), sorted.end(),
              [](const yaml::Member* a, const yaml::Member* b) { return a->key < b->key; });
    text_ += '{';
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      if (i > 0) text_ += ',';
      add_text(sorted[i]->key);
      text_ += ':';
      add(sorted[i]->value);
    }
    text_ += '}';
  }

  void add_text(std::string_view text) {
    text_ += '"';
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char byte = text[i];
      if (byte == '"' || byte == '\\') {
        text_ += '\\';
        text_ += byte;
      } else if (text.substr(i).starts_with("\u2028") || text.substr(i).starts_with("\u2029")) {
        text_ += text[i + 2] == '\xA8' ? "\\u2028" : "\\u2029";
        i += 2;
      } else if (static_cast<unsigned char>(byte) < 0x20) {
        add_control(byte);
      } else if (byte == '<' || byte == '>' || byte == '&') {
        text_ += fmt::format("\\u{:04x}", byte);
      } else {
        text_ += byte;
      }
    }
    text_ += '"';
  }

  void add_control(char byte) {
    static constexpr std::string_view short_ones = "b\bf\fn\nr\rt\t";
    const auto at = short_ones.find(byte);
    if (at != std::string_view::npos) {
      text_ += '\\';
      text_ += short_ones[at - 1];
    } else {
      text_ += fmt::format("\\u{:04x}", static_cast<unsigned char>(byte));
    }
  }

  std::string text_;
};

char without_words(char digit) {
  switch (digit) {
    case '0':
      return 'g';
    case '1':
      return 'h';
    case '3':
      return 'k';
    case 'a':
      return 'm';
    case 'e':
      return 't';
    default:
      return digit;
  }
}

/// Missing members are hashed as empty texts.
Node member_or_empty(const Node* node, const Place& place) {
  return node == nullptr || node->is_null() ? Node{std::string(), place} : *node;
}

}  // namespace

std::string name_hash(const Node& document) {
  const auto& place = document.place;
  const bool is_secret = text_of(document, "kind") == "Secret";
  Node content{Node::Map{}, place};
  const auto take = [&](const char* key) {
    yaml::set(content, key, member_or_empty(document.find(key), place));
  };
  const auto take_map = [&](const char* key) {
    const auto* member = document.find(key);
    if (member != nullptr && member->is_map()) take(key);
  };
  yaml::set(content, "name", {std::string(), place});  // kustomize looks for the name in the wrong place
  take("kind");
  take("data");
  if (is_secret) {
    take("type");
    take_map("stringData");
  } else {
    take_map("binaryData");
  }
  GoJson json;
  json.add(content);
  auto hash = to_hex(sha256(json.text())).substr(0, 10);
  std::transform(hash.begin(), hash.end(), hash.begin(), without_words);
  return hash;
}

}  // namespace greenwave::render::kustomize
