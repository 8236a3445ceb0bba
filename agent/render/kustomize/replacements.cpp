#include "render/kustomize/replacements.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "model/paths.h"
#include "render/kustomize/selector.h"
#include "render/kustomize/value_path.h"
#include "yaml/fields.h"
#include "yaml/load.h"

namespace greenwave::render::kustomize {

namespace {

using yaml::Node;

/// Replacements name objects by what they are or were called, word for word; no namespace means any.
bool is_named(const Object& object, const Target& target) {
  const auto& document = object.document;
  const auto api_version = text_of(document, "apiVersion");
  const auto fits = [&](std::string_view kind, std::string_view namespace_, std::string_view name) {
    const auto wanted = std::string_view(target.namespace_);
    return (target.name.empty() || target.name == name) && selects(target.kinds, api_version, kind) &&
           (wanted.empty() || wanted == (namespace_.empty() ? "default" : namespace_));
  };
  const auto* metadata = document.find("metadata");
  const auto namespace_ = metadata != nullptr ? text_of(*metadata, "namespace") : std::string_view();
  return fits(text_of(document, "kind"), namespace_, name_of(document)) ||
         std::any_of(object.previous.begin(), object.previous.end(), [&](const Previous& previous) {
           return fits(previous.kind, previous.namespace_, previous.name);
         });
}

bool says_nothing(const Target& target) {
  return target.name.empty() && target.namespace_.empty() && target.kinds.group.empty() &&
         target.kinds.version.empty() && target.kinds.kind.empty();
}

bool fits_selectors(const Object& object, const Target& target, Problems& problems) {
  return (target.labels.empty() ||
          selects_labels(parse_selector(target.labels, target.place, problems), object.document)) &&
         (target.annotations.empty() ||
          selects_annotations(parse_selector(target.annotations, target.place, problems), object.document));
}

bool is_rejected(const Object& object, const Target& reject, Problems& problems) {
  const bool has_selector = !reject.labels.empty() || !reject.annotations.empty();
  if (has_selector && fits_selectors(object, reject, problems)) return true;
  return !says_nothing(reject) && is_named(object, reject);
}

bool is_container(const Node& node) {
  return node.is_map() || node.is_sequence();
}

class Replacer {
 public:
  Replacer(std::vector<Object>& objects, Context& context) : objects_(objects), context_(context) {}

  void apply(const Replacement& replacement) {
    const auto value = value_of(replacement);
    if (!value) return;
    for (const auto& target : replacement.targets) {
      for (auto& object : objects_) {
        if (is_meant(object, target)) copy(*value, object, target);
      }
    }
  }

 private:
  void fail(const Place& place, std::string message, std::string remedy = {}) {
    context_.problems.error(place, std::move(message), std::move(remedy));
  }

  std::optional<Node> value_of(const Replacement& replacement) {
    if (replacement.value) return Node{replacement.value->value, replacement.value->place};
    const auto* source = source_of(*replacement.source);
    if (source == nullptr) return {};
    const auto& path = replacement.source_path;
    const auto* value = value_at(source->document, split_value_path(path.value));
    const bool is_missing = value == nullptr || value->is_null() ||
                            (value->is_map() && value->map()->empty()) ||
                            (value->is_sequence() && value->sequence()->empty()) ||
                            (value->is_string() && value->string()->empty());
    if (is_missing) {
      fail(replacement.source->place,
           fmt::format("{} has no {}", described(source->document), printable(path.value)),
           "fix the fieldPath of the source");
      return {};
    }
    return part_of(*value, replacement);
  }

  std::optional<Node> part_of(const Node& value, const Replacement& replacement) {
    const auto& options = replacement.source_options;
    if (options.delimiter.empty()) return value;
    if (is_container(value)) {
      fail(replacement.place, "only a string can be split by a delimiter", "fix the fieldPath");
      return {};
    }
    const auto parts = split_text(scalar_text(value), options.delimiter);
    if (options.index < 0 || static_cast<std::size_t>(options.index) >= parts.size()) {
      fail(replacement.place, fmt::format("the value has no part {}", options.index), "count from 0");
      return {};
    }
    return Node{parts[static_cast<std::size_t>(options.index)], value.place};
  }

  const Object* source_of(const Target& source) {
    const Object* found = nullptr;
    for (const auto& object : objects_) {
      if (!is_named(object, source)) continue;
      if (found != nullptr) {
        fail(
            source.place,
            fmt::format("the source may be {} or {}", described(found->document), described(object.document)),
            "name the one by its kind, name and namespace");
        return nullptr;
      }
      found = &object;
    }
    if (found == nullptr) fail(source.place, "no object is the source", "fix its kind or its name");
    return found;
  }

  bool is_meant(const Object& object, const ReplacementTarget& target) {
    return is_named(object, target.select) && fits_selectors(object, target.select, context_.problems) &&
           std::none_of(target.reject.begin(), target.reject.end(),
                        [&](const Target& reject) { return is_rejected(object, reject, context_.problems); });
  }

  void copy(const Node& value, Object& object, const ReplacementTarget& target) {
    auto missing = Missing::left_out;
    if (target.options.create) {
      missing = value.is_map() ? Missing::map : value.is_sequence() ? Missing::list : Missing::text;
    }
    for (const auto& path : target.paths) {
      const auto count =
          each_value_at(object.document, split_value_path(path.value), missing, path.place, context_.problems,
                        [&](Node& node) { set(node, value, target.options, path.place); });
      if (count > 0) continue;
      fail(path.place, fmt::format("{} has no {}", described(object.document), printable(path.value)),
           "fix the path, or write options: {create: true}");
    }
  }

  void set(Node& node, const Node& value, const FieldOptions& options, const Place& place) {
    context_.spend(weight(value), place);
    auto text = scalar_text(value);
    if (!options.delimiter.empty()) {
      if (is_container(node) || is_container(value)) {
        fail(place, "only a string can be joined by a delimiter", "fix the path");
        return;
      }
      text = joined_text(split_text(scalar_text(node), options.delimiter), text, options);
      context_.spend(text.size(), place);
    }
    if (is_container(node)) {
      node = value;
    } else {
      set_scalar(node, std::move(text), value.place, place);
    }
  }

  /// A text stays a text and a number a number; what was not there becomes what the text looks like.
  void set_scalar(Node& node, std::string text, const Place& value_place, const Place& place) {
    Node plain{text, value_place};
    if (!node.is_string()) plain.value = yaml::plain_scalar(text);
    const bool same_type =
        plain.value.index() == node.value.index() || node.is_null() ||
        (std::holds_alternative<double>(node.value) && std::holds_alternative<std::int64_t>(plain.value));
    if (!same_type) {
      fail(place, fmt::format("the value is {}, but it would replace {}", kind_of(plain), kind_of(node)),
           "fix one of the two paths");
      return;
    }
    node = std::move(plain);
  }

  static std::vector<std::string> split_text(const std::string& text, const std::string& delimiter) {
    std::vector<std::string> parts;
    std::size_t begin = 0;
    for (auto at = text.find(delimiter); at != std::string::npos; at = text.find(delimiter, begin)) {
      parts.push_back(text.substr(begin, at - begin));
      begin = at + delimiter.size();
    }
    parts.push_back(text.substr(begin));
    return parts;
  }

  /// Before the first part for a negative index, behind the last for one that is too large.
  static std::string joined_text(std::vector<std::string> parts, const std::string& value,
                                 const FieldOptions& options) {
    if (options.index < 0) {
      parts.insert(parts.begin(), value);
    } else if (static_cast<std::size_t>(options.index) >= parts.size()) {
      parts.push_back(value);
    } else {
      parts[static_cast<std::size_t>(options.index)] = value;
    }
    return fmt::format("{}", fmt::join(parts, options.delimiter));
  }

  std::vector<Object>& objects_;
  Context& context_;
};

/// The replacements of a file, which holds one or a list of them.
std::vector<Node> replacements_in(const std::string& directory, const Text& path, Context& context) {
  const auto text = context.read(directory, path);
  if (!text) return {};
  Problems found;
  auto document = yaml::load(*text, *resolve_path(directory, path.value), found);
  context.problems.append(found);
  if (!document) return {};
  if (auto* items = document->sequence()) return std::move(*items);
  return {std::move(*document)};
}

}  // namespace

void apply_replacements(std::vector<Object>& objects, const std::vector<Node>& replacements,
                        const std::string& directory, Context& context) {
  Replacer replacer(objects, context);
  const auto apply = [&](const Node& node) {
    Problems found;
    const auto replacement = read_replacement(node, found);
    context.problems.append(found);
    if (!found.has_errors()) replacer.apply(replacement);
  };
  for (const auto& node : replacements) {
    if (node.find("path") == nullptr) {
      apply(node);
      continue;
    }
    yaml::Fields fields(node, "the replacement", context.problems);
    const Text path{fields.required_text("path"), fields.place_of("path")};
    fields.done();
    if (path.empty()) continue;
    for (const auto& item : replacements_in(directory, path, context)) apply(item);
  }
}

}  // namespace greenwave::render::kustomize
