#include "explain/explain.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "yaml/emit.h"

namespace greenwave::cli {

namespace {

constexpr std::size_t comment_column = 56;

std::string layer_of(std::string_view file, const std::vector<std::string>& layers) {
  std::string_view best;
  bool found = false;
  for (const auto& layer : layers) {
    const bool holds =
        layer.empty() || (file.starts_with(layer) && file.substr(layer.size()).starts_with('/'));
    if (holds && layer.size() >= best.size()) best = layer;
    found = found || holds;
  }
  if (!found) return {};
  return best.empty() ? "(root)" : std::string(best);
}

bool is_leaf(const yaml::Node& node) {
  if (const auto* items = node.sequence()) return items->empty();
  if (const auto* members = node.map()) return members->empty();
  return true;
}

class Explainer {
 public:
  explicit Explainer(const std::vector<std::string>& layers) : layers_(layers) {}

  /// Lines without indentation.
  std::vector<std::string> lines(const yaml::Node& node) const {
    std::vector<std::string> all;
    if (const auto* members = node.map()) {
      for (const auto& [key, place, value] : *members) {
        if (is_leaf(value)) {
          append(all, leaf(yaml::Node{yaml::Node::Map{{key, place, value}}, value.place}), 0);
          continue;
        }
        auto head =
            yaml::emit(yaml::Node{yaml::Node::Map{{key, place, yaml::Node{yaml::Node::Map{}, {}}}}, {}});
        head.resize(head.rfind('{'));  // "key: {}"
        all.push_back(std::string(trim(head)));
        append(all, lines(value), 2);
      }
    } else if (const auto* items = node.sequence()) {
      for (const auto& item : *items) {
        if (is_leaf(item)) {
          append(all, leaf(yaml::Node{yaml::Node::Sequence{item}, item.place}), 0);
          continue;
        }
        const auto first = all.size();
        append(all, lines(item), 2);
        all[first].replace(0, 2, "- ");
      }
    }
    return all;
  }

 private:
  static void append(std::vector<std::string>& all, const std::vector<std::string>& more,
                     std::size_t indent) {
    for (const auto& line : more) all.push_back(line.empty() ? line : std::string(indent, ' ') + line);
  }

  /// A comment may also stand behind the mark of a block of text.
  std::vector<std::string> leaf(const yaml::Node& holder) const {
    auto text = yaml::emit(holder);
    if (text.ends_with('\n')) text.pop_back();
    std::vector<std::string> all;
    for (const auto line : split(text, '\n')) all.emplace_back(line);
    const auto& place = holder.place;
    if (!place.file || place.line == 0) return all;
    const auto layer = layer_of(*place.file, layers_);
    auto& first = all.front();
    first.resize(std::max(first.size() + 2, comment_column), ' ');
    first += fmt::format("# {}{}:{}", layer.empty() ? "" : printable(layer) + "  ", printable(*place.file),
                         place.line);
    return all;
  }

  const std::vector<std::string>& layers_;
};

void add_origins(const yaml::Node& node, const std::string& pointer, nlohmann::ordered_json& origins) {
  if (const auto* members = node.map(); members != nullptr && !members->empty()) {
    for (const auto& member : *members) {
      std::string key;
      for (const char c : member.key) key += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
      add_origins(member.value, pointer + "/" + key, origins);
    }
  } else if (const auto* items = node.sequence(); items != nullptr && !items->empty()) {
    for (std::size_t i = 0; i < items->size(); ++i) {
      add_origins((*items)[i], fmt::format("{}/{}", pointer, i), origins);
    }
  } else {
    origins[pointer] = to_string(node.place);
  }
}

}  // namespace

std::string explained(const yaml::Node& document, const std::vector<std::string>& layers) {
  std::string text;
  for (const auto& line : Explainer(layers).lines(document)) text += line + "\n";
  return text;
}

nlohmann::ordered_json origins_of(const yaml::Node& document) {
  auto origins = nlohmann::ordered_json::object();
  add_origins(document, "", origins);
  return origins;
}

}  // namespace greenwave::cli
