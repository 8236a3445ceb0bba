#include "render/kustomize/json_patch.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "render/kustomize/object.h"
#include "yaml/fields.h"

namespace greenwave::render::kustomize {

namespace {

using yaml::Node;

/// The names of a JSON pointer (RFC 6901); nothing when it is not one.
std::optional<std::vector<std::string>> split_pointer(const std::string& pointer) {
  if (pointer.empty() || pointer.front() != '/') return {};
  std::vector<std::string> names;
  for (const auto part : split(std::string_view(pointer).substr(1), '/')) {
    std::string name;
    for (std::size_t i = 0; i < part.size(); ++i) {
      if (part[i] == '~' && i + 1 < part.size() && (part[i + 1] == '0' || part[i + 1] == '1')) {
        name += part[++i] == '0' ? '~' : '/';
      } else {
        name += part[i];
      }
    }
    names.push_back(std::move(name));
  }
  return names;
}

std::string joined(std::span<const std::string> path) {
  std::string text;
  for (const auto& name : path) text += '/' + name;
  return printable(text);
}

/// A position in a list of `size` items; `size` itself only where `may_end`.
std::optional<std::size_t> index_of(const std::string& name, std::size_t size, bool may_end) {
  if (name == "-") return may_end ? std::optional(size) : std::nullopt;
  std::int64_t index = 0;
  const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), index);
  if (failure != std::errc{} || end != name.data() + name.size()) return {};
  const auto length = static_cast<std::int64_t>(size);
  const auto most = may_end ? length : length - 1;
  if (index < 0) index += may_end ? length + 1 : length;
  if (index < 0 || index > most) return {};
  return static_cast<std::size_t>(index);
}

class Patcher {
 public:
  Patcher(Node& document, Context& context) : document_(document), context_(context) {}

  bool apply(const Operation& operation) {
    if (operation.op == "add") return add(operation.path, operation.value, operation.place);
    if (operation.op == "remove") return take(operation.path, operation.place).has_value();
    if (operation.op == "replace") return replace(operation);
    if (operation.op == "test") return test(operation);
    if (operation.op == "copy") {
      const auto* from = find(operation.from);
      if (from == nullptr) return missing(operation.from, operation.place);
      return add(operation.path, *from, operation.place);
    }
    auto moved = take(operation.from, operation.place);
    return moved && add(operation.path, std::move(*moved), operation.place);
  }

 private:
  bool missing(std::span<const std::string> path, const Place& place) {
    context_.problems.error(place, fmt::format("{} has no {}", described(document_), joined(path)),
                            "fix the path, or write op: add where it is to be made");
    return false;
  }

  /// Null when there is none.
  Node* find(std::span<const std::string> path) {
    Node* node = &document_;
    for (const auto& name : path) {
      if (auto* items = node->sequence()) {
        const auto index = index_of(name, items->size(), false);
        if (!index) return nullptr;
        node = &(*items)[*index];
      } else {
        node = node->find(name);
        if (node == nullptr) return nullptr;
      }
    }
    return node;
  }

  bool add(std::span<const std::string> path, Node value, const Place& place) {
    context_.spend(weight(value), place);
    auto* parent = find(path.first(path.size() - 1));
    if (parent != nullptr && parent->is_map()) {
      yaml::set(*parent, path.back(), std::move(value));
      return true;
    }
    auto* items = parent != nullptr ? parent->sequence() : nullptr;
    const auto index = items != nullptr ? index_of(path.back(), items->size(), true) : std::nullopt;
    if (!index) return missing(items != nullptr ? path : path.first(path.size() - 1), place);
    items->insert(items->begin() + static_cast<std::ptrdiff_t>(*index), std::move(value));
    return true;
  }

  std::optional<Node> take(std::span<const std::string> path, const Place& place) {
    auto* found = find(path);
    if (found == nullptr) {
      missing(path, place);
      return {};
    }
    Node taken = std::move(*found);
    auto& parent = *find(path.first(path.size() - 1));
    if (auto* items = parent.sequence()) {
      items->erase(items->begin() + (found - items->data()));
    } else {
      std::erase_if(*parent.map(), [&](const yaml::Member& member) { return member.key == path.back(); });
    }
    return taken;
  }

  /// A member that a map does not have is added; an item that a list does not have is not.
  bool replace(const Operation& operation) {
    auto* found = find(operation.path);
    if (found == nullptr) {
      const auto* parent = find(std::span(operation.path).first(operation.path.size() - 1));
      if (parent != nullptr && parent->is_map()) {
        return add(operation.path, operation.value, operation.place);
      }
      return missing(operation.path, operation.place);
    }
    context_.spend(weight(operation.value), operation.place);
    *found = operation.value;
    return true;
  }

  bool test(const Operation& operation) {
    const auto* found = find(operation.path);
    const bool holds = found != nullptr ? same_value(*found, operation.value) : operation.value.is_null();
    if (holds) return true;
    context_.problems.error(operation.place, fmt::format("the test of {} fails for {}",
                                                         joined(operation.path), described(document_)));
    return false;
  }

  Node& document_;
  Context& context_;
};

std::vector<std::string> read_pointer(yaml::Fields& fields, std::string_view key) {
  const auto text = fields.required_text(key);
  if (text.empty()) return {};
  auto names = split_pointer(text);
  if (!names) {
    fields.error(key, fmt::format("\"{}\" is not a path of a JSON patch", printable(text)),
                 "begin it with a /, as in /spec/replicas");
    return {};
  }
  return std::move(*names);
}

}  // namespace

std::vector<Operation> read_json_patch(const Node& node, Problems& problems) {
  std::vector<Operation> operations;
  const auto* items = node.sequence();
  if (items == nullptr) {
    problems.error(node.place, fmt::format("a JSON patch is a list of operations, not {}", kind_of(node)),
                   "write - {op: replace, path: /spec/replicas, value: 3}");
    return operations;
  }
  for (const auto& item : *items) {
    yaml::Fields fields(item, "the operation", problems);
    Operation operation;
    operation.place = item.place;
    fields.required_text("op");
    operation.op =
        fields.word("op", {"add", "remove", "replace", "move", "copy", "test"}).value_or(std::string());
    operation.path = read_pointer(fields, "path");
    if (operation.op == "move" || operation.op == "copy") operation.from = read_pointer(fields, "from");
    const auto* value = item.find("value");
    fields.any("value");
    if (value != nullptr) {
      operation.value = *value;
    } else if (operation.op == "add" || operation.op == "replace") {
      fields.error("value", fmt::format("the operation {} needs a value", operation.op), "write value: …");
    }
    operations.push_back(std::move(operation));
  }
  return operations;
}

bool apply_json_patch(Node& document, const std::vector<Operation>& operations, Context& context) {
  return std::all_of(operations.begin(), operations.end(),
                     [&](const Operation& operation) { return Patcher(document, context).apply(operation); });
}

}  // namespace greenwave::render::kustomize
