#include "drivers/kubernetes/body.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "drivers/kubernetes/kind.h"

namespace greenwave::drivers::kubernetes {

namespace {

struct Escape {
  std::string_view character;
  std::string_view written;
};

/// Characters that JSON allows unescaped, but YAML rejects (U+007F, U+FEFF) or folds as line ends (U+0085,
/// U+2028, U+2029).
constexpr Escape escapes[] = {{"\x7f", "\\u007f"},
                              {"\xc2\x85", "\\u0085"},
                              {"\xe2\x80\xa8", "\\u2028"},
                              {"\xe2\x80\xa9", "\\u2029"},
                              {"\xef\xbb\xbf", "\\ufeff"}};

/// The other control characters of two bytes, U+0080 to U+009F.
bool is_c1(std::string_view text) {
  return text.size() >= 2 && text[0] == '\xc2' && static_cast<unsigned char>(text[1]) < 0xa0;
}

std::string for_yaml(const std::string& json) {
  std::string result;
  result.reserve(json.size());
  for (std::string_view rest = json; !rest.empty();) {
    const auto found = std::ranges::find_if(
        escapes, [rest](const Escape& escape) { return rest.starts_with(escape.character); });
    if (found != std::end(escapes)) {
      result += found->written;
      rest.remove_prefix(found->character.size());
    } else if (is_c1(rest)) {
      result += fmt::format("\\u{:04x}", static_cast<unsigned char>(rest[1]));
      rest.remove_prefix(2);
    } else {
      result += rest.front();
      rest.remove_prefix(1);
    }
  }
  return result;
}

/// Maps from names that people choose to texts: empty ones say nothing, but would own the map itself, which
/// whoever adds a name to it takes away.
void drop_if_empty(nlohmann::ordered_json& parent, const char* key) {
  const auto found = parent.find(key);
  if (found != parent.end() && (found->is_null() || (found->is_object() && found->empty()))) {
    parent.erase(found);
  }
}

/// As the server does when it stores a Secret, but before it notes who owns what. What the server would
/// refuse stays for it to refuse.
void move_texts_to_data(nlohmann::ordered_json& secret) {
  const auto texts = secret.find("stringData");
  if (texts == secret.end() || !texts->is_object()) return;
  if (!std::ranges::all_of(*texts, [](const auto& text) { return text.is_string(); })) return;
  const auto moved = std::move(*texts);
  secret.erase("stringData");
  auto& data = secret["data"];
  if (data.is_null()) data = nlohmann::ordered_json::object();
  if (!data.is_object()) return;
  for (const auto& [key, text] : moved.items()) data[key] = encode_base64(text.get<std::string>());
}

}  // namespace

nlohmann::ordered_json document_of(const Manifest& manifest, const std::string& name,
                                   const std::string& namespace_, const Owner& owner) {
  auto document = yaml::to_json(manifest.document);
  if (is_secret(manifest.id)) move_texts_to_data(document);
  if (is_secret(manifest.id) || is_config_map(manifest.id)) {
    for (const auto* key : {"data", "binaryData", "stringData"}) drop_if_empty(document, key);
  }
  auto& metadata = document["metadata"];
  for (const auto* key : {"annotations", "labels"}) drop_if_empty(metadata, key);
  metadata["name"] = name;
  if (namespace_.empty()) {
    metadata.erase("namespace");
  } else {
    metadata["namespace"] = namespace_;
  }
  if (has_labels_of_pods(manifest.id) && !metadata.contains("labels")) {
    static const nlohmann::ordered_json::json_pointer of_pods("/spec/template/metadata/labels");
    if (document.contains(of_pods)) metadata["labels"] = document.at(of_pods);
  }
  auto& labels = metadata["labels"];
  if (labels.is_null()) labels = nlohmann::ordered_json::object();
  if (labels.is_object()) labels[owner.label] = "";
  return document;
}

std::string to_body(const nlohmann::ordered_json& document) {
  return for_yaml(document.dump());
}

}  // namespace greenwave::drivers::kubernetes
