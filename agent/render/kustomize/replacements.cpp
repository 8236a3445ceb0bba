#include "render/kustomize/replacements.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "model/paths.h"
#include "render/kustomize/go_text.h"
#include "render/kustomize/selector.h"
#include "render/kustomize/value_path.h"
#include "secrets/sops.h"
#include "yaml/fields.h"
#include "yaml/load.h"
#include "yaml/restyle.h"

namespace greenwave::render::kustomize {

namespace {

using yaml::Node;

/// What an object is and was called. The current namespace is as it is written, and a former one the
/// "default" that it stood for.
template <class Fits>
bool any_name_of(const Object& object, Fits fits) {
  const auto& document = object.document;
  const auto* metadata = document.find("metadata");
  const auto namespace_ = metadata != nullptr ? text_of(*metadata, "namespace") : std::string_view();
  return fits(text_of(document, "kind"), namespace_, name_of(document)) ||
         std::any_of(object.previous.begin(), object.previous.end(), [&](const Previous& previous) {
           return fits(previous.kind, previous.namespace_, previous.name);
         });
}

/// A source is named word for word; no namespace means any.
bool is_source(const Object& object, const Target& source) {
  const auto api_version = text_of(object.document, "apiVersion");
  return any_name_of(object, [&](std::string_view kind, std::string_view namespace_, std::string_view name) {
    const auto wanted = std::string_view(source.namespace_);
    return (source.name.empty() || source.name == name) && selects(source.kinds, api_version, kind) &&
           (wanted.empty() || wanted == (namespace_.empty() ? "default" : namespace_));
  });
}

/// `select` or one of `reject`: patterns for the names, and selectors.
class Selection {
 public:
  Selection(const Target& target, Problems& problems)
      : patterns_(target, problems),
        names_none_(target.name.empty() && target.namespace_.empty() && target.kinds.group.empty() &&
                    target.kinds.version.empty() && target.kinds.kind.empty()) {}

  bool selects(const Object& object) const {
    return patterns_.fit_selectors(object.document) && is_named(object);
  }

  /// The two halves of a reject count each by itself.
  bool rejects(const Object& object) const {
    const bool has_selector = patterns_.labels || patterns_.annotations;
    return (has_selector && patterns_.fit_selectors(object.document)) || (!names_none_ && is_named(object));
  }

 private:
  bool is_named(const Object& object) const {
    return patterns_.fit_version(object.document) &&
           any_name_of(object, [this](std::string_view kind, std::string_view in, std::string_view name) {
             return patterns_.kind.fits(kind) && patterns_.name.fits(name) && patterns_.namespace_.fits(in);
           });
  }

  TargetPatterns patterns_;
  bool names_none_;
};

/// The target of a replacement, ready to be compared with objects.
class Selections {
 public:
  Selections(const ReplacementTarget& target, Problems& problems) : select_(target.select, problems) {
    for (const auto& reject : target.reject) rejects_.emplace_back(reject, problems);
  }

  bool match(const Object& object) const {
    return select_.selects(object) &&
           std::none_of(rejects_.begin(), rejects_.end(),
                        [&object](const Selection& reject) { return reject.rejects(object); });
  }

 private:
  Selection select_;
  std::vector<Selection> rejects_;
};

bool is_container(const Node& node) {
  return node.is_map() || node.is_sequence();
}

/// A string with YAML or JSON in it, through which a path leads.
struct StructuredText {
  Node* string;
  std::size_t depth;  ///< how much of the path leads to it
  Node content;
};

/// The first string along the path, when it holds a list or a map. What a list's "*" leads to is not looked
/// at, as in kustomize.
std::optional<StructuredText> structured_text(Node& document, const std::vector<std::string>& path,
                                              Context& context) {
  for (std::size_t depth = 1; depth < path.size(); ++depth) {
    const std::vector<std::string> way(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(depth));
    auto* node = value_at(document, way);
    if (node == nullptr || !node->is_string()) continue;
    Problems ignored;
    auto content = yaml::load(*node->string(), {}, ignored);
    if (ignored.has_errors() || !content || !is_container(*content)) return {};
    context.spend(weight(*content), node->place);
    return StructuredText{node, depth, std::move(*content)};
  }
  return {};
}

/// Writes the content back as kustomize does: JSON compact or indented, and YAML in the styles that it had.
void write_back(const StructuredText& text, Context& context) {
  const auto was = *text.string->string();
  std::string now;
  if (!trim(was).starts_with('{') && !trim(was).starts_with('[')) {
    now = trim(yaml::restyled(was, text.content));
  } else {
    const bool is_indented = was.find('\n') != std::string::npos && was.find("  ") != std::string::npos;
    now = go_json(text.content, is_indented ? Layout::indented : Layout::compact);
  }
  context.spend(now.size(), text.string->place);
  auto place = text.string->place;
  mark_like(place, text.content);
  *text.string = {std::move(now), place};
}

template <class Put>
std::size_t put_in(StructuredText& text, const std::vector<std::string>& path, Context& context, Put put) {
  const auto count = put(text.content, std::span(path).subspan(text.depth));
  if (count > 0) write_back(text, context);
  return count;
}

class Replacer {
 public:
  Replacer(std::vector<Object>& objects, Context& context) : objects_(objects), context_(context) {}

  void apply(const Replacement& replacement) {
    const auto value = value_of(replacement);
    if (!value) return;
    for (const auto& target : replacement.targets) {
      const Selections selections(target, context_.problems);
      for (auto& object : objects_) {
        if (selections.match(object)) copy(*value, object, target);
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
                            (value->is_sequence() && value->sequence()->empty());
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
      if (!is_source(object, source)) continue;
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

  void copy(const Node& value, Object& object, const ReplacementTarget& target) {
    auto missing = Missing::left_out;
    if (target.options.create) {
      missing = value.is_map() ? Missing::map : value.is_sequence() ? Missing::list : Missing::text;
    }
    for (const auto& path : target.paths) {
      const auto parts = split_value_path(path.value);
      const auto put = [&](Node& from, std::span<const std::string> way) {
        return each_value_at(from, {way.begin(), way.end()}, missing, path.place, context_.problems,
                             [&](Node& node) { set(node, value, target.options, path.place); });
      };
      auto text = structured_text(object.document, parts, context_);
      const auto count = text ? put_in(*text, parts, context_, put) : put(object.document, parts);
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
    if (!node.is_string()) plain.value = yaml::plain_scalar(text, yaml::Dialect::kustomize);
    const bool same_type =
        plain.value.index() == node.value.index() || node.is_null() ||
        (std::holds_alternative<double>(node.value) && std::holds_alternative<std::int64_t>(plain.value));
    if (!same_type) {
      fail(place, fmt::format("the value is {}, but it would replace {}", kind_of(plain), kind_of(node)),
           "fix one of the two paths");
      return;
    }
    mark_like(plain.place, node);  // what is put into a secret text makes no other one of it
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
  auto document =
      yaml::load(*text, *resolve_path(directory, path.value), found, {}, yaml::Dialect::kubernetes);
  context.problems.append(found);
  if (!document) return {};
  if (secrets::is_sops(*document)) {
    context.problems.error(path.place, "the file is encrypted by SOPS, and it says only what is replaced",
                           "keep it in clear text");
    return {};
  }
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
