#include "render/kustomize/name_hash.h"

#include <algorithm>

#include "base/digest.h"
#include "render/kustomize/go_text.h"
#include "render/kustomize/object.h"

namespace greenwave::render::kustomize {

namespace {

using yaml::Node;

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

Node hashed_content(const Node& document) {
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
  return content;
}

}  // namespace

std::string name_hash(const Node& document) {
  const auto kind = text_of(document, "kind");
  const bool has_data = kind == "ConfigMap" || kind == "Secret";
  auto hash = to_hex(sha256(go_json(has_data ? hashed_content(document) : document))).substr(0, 10);
  std::transform(hash.begin(), hash.end(), hash.begin(), without_words);
  return hash;
}

}  // namespace greenwave::render::kustomize
