#include "drivers/kubernetes/body.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/digest.h"

namespace greenwave::drivers::kubernetes {

namespace {

constexpr std::size_t longest_label = 63;

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

}  // namespace

std::string label_value(const std::string& device) {
  const auto alphanumeric = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  const auto allowed = [&](char c) { return alphanumeric(c) || c == '-' || c == '_' || c == '.'; };
  const bool good = !device.empty() && device.size() <= longest_label && alphanumeric(device.front()) &&
                    alphanumeric(device.back()) && std::ranges::all_of(device, allowed);
  return good ? device : to_hex(sha256(device)).substr(0, 32);
}

std::string apply_body(const Manifest& manifest, const std::string& name, const std::string& namespace_,
                       const std::string& label) {
  auto json = yaml::to_json(manifest.document);
  auto& metadata = json["metadata"];
  metadata["name"] = name;
  if (namespace_.empty()) {
    metadata.erase("namespace");
  } else {
    metadata["namespace"] = namespace_;
  }
  auto& labels = metadata["labels"];
  if (labels.is_null()) labels = nlohmann::ordered_json::object();
  if (labels.is_object()) labels[std::string(device_label)] = label;
  return for_yaml(json.dump());
}

}  // namespace greenwave::drivers::kubernetes
