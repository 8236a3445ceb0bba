#include "drivers/podman/pod_fields.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/contains.h"
#include "base/text.h"
#include "drivers/podman/fields/object_shape.h"
#include "drivers/workload/pod_field.h"
#include "drivers/workload/quantity.h"

namespace greenwave::drivers::podman {

namespace {

using fields::Known;
using fields::Meaning;
using fields::Shape;
using fields::Type;
using fields::Use;
using workload::PodField;

constexpr std::size_t longest_word = 80;

Shape shape_of(const ObjectId& id) {
  for (const auto& kind : fields::kinds) {
    if (kind.api_version == id.api_version && kind.name == id.kind) return kind.shape;
  }
  return {};
}

std::string meant_by(std::string_view name, Shape shape) {
  std::vector<std::string> names;
  for (const auto& known : shape) {
    if (same_but_for_case(known.name, name)) return std::string(known.name);
    names.emplace_back(known.name);
  }
  return nearest(name, names);
}

template <class Value>
bool holds(const yaml::Node& node) {
  return std::holds_alternative<Value>(node.value);
}

bool is_whole(const yaml::Node& node) {
  return holds<std::int64_t>(node);
}

bool is_quantity(const yaml::Node& node) {
  const auto quantity = workload::quantity_of(node);
  return quantity && !quantity->is_negative();
}

template <class Is>
bool is_list_of(const yaml::Node& node, Is is) {
  return node.is_sequence() && std::ranges::all_of(*node.sequence(), is);
}

template <class Is>
bool is_map_of(const yaml::Node& node, Is is) {
  return node.is_map() &&
         std::ranges::all_of(*node.map(), [&](const yaml::Member& member) { return is(member.value); });
}

bool is_text(const yaml::Node& node) {
  return node.is_string();
}

bool is_of(const yaml::Node& node, Type type) {
  switch (type) {
    case Type::text:
      return node.is_string();
    case Type::flag:
      return holds<bool>(node);
    case Type::whole:
      return is_whole(node);
    case Type::quantity:
      return is_quantity(node);
    case Type::whole_or_text:
      return is_whole(node) || node.is_string();
    case Type::texts:
      return is_list_of(node, is_text);
    case Type::wholes:
      return is_list_of(node, is_whole);
    case Type::text_map:
      return is_map_of(node, [](const yaml::Node& value) { return value.is_null() || is_text(value); });
    case Type::quantity_map:
      return is_map_of(node, is_quantity);
    case Type::map:
      return node.is_map();
    case Type::list:
      return is_list_of(node, [](const yaml::Node& item) { return item.is_map(); });
  }
  return false;
}

std::string_view in_words(Type type) {
  switch (type) {
    case Type::text:
      return "a string";
    case Type::flag:
      return "true or false";
    case Type::whole:
      return "a whole number";
    case Type::quantity:
      return "an amount such as 2, \"500m\" or \"64Mi\"";
    case Type::whole_or_text:
      return "a whole number or a string";
    case Type::texts:
      return "a list of strings";
    case Type::wholes:
      return "a list of whole numbers";
    case Type::text_map:
      return "a map of strings";
    case Type::quantity_map:
      return "a map of amounts such as 2, \"500m\" or \"64Mi\"";
    case Type::map:
      return "a map";
    case Type::list:
      return "a list of maps";
  }
  return "";
}

/// What is in a list or map of plain values, and what that is to be.
std::pair<std::vector<PodField>, Type> parts_of(const PodField& field, Type type) {
  switch (type) {
    case Type::texts:
      return {field.items(), Type::text};
    case Type::wholes:
      return {field.items(), Type::whole};
    case Type::list:
      return {field.items(), Type::map};
    case Type::text_map:
    case Type::quantity_map: {
      std::vector<PodField> values;
      for (auto& [key, value] : field.members()) values.push_back(std::move(value));
      return {std::move(values), type == Type::text_map ? Type::text : Type::quantity};
    }
    default:
      return {};
  }
}

/// A flag or word, as the table has it.
std::string word_of(const yaml::Node& node) {
  return node.is_string() ? *node.string() : printed(node);
}

/// Walks an object along the table.
class FieldWalk {
 public:
  /// `problems` null: only fields to note are looked for.
  explicit FieldWalk(Problems* problems) : problems_(problems) {}

  void run(const PodField& field, Shape shape) {
    if (!field.is_set() || shape.empty()) return;
    if (field.node->is_sequence()) {
      for (const auto& one : field.items()) run_map(one, shape);
    } else {
      run_map(field, shape);
    }
  }

  const std::vector<std::pair<PodField, Place>>& noted() const { return noted_; }

 private:
  void run_map(const PodField& field, Shape shape) {
    if (!field.node->is_map()) return;
    for (const auto& member : *field.node->map()) {
      const auto known = std::ranges::find(shape, member.key, &Known::name);
      if (known == shape.end()) {
        refuse_unknown(field, member, meant_by(member.key, shape));
      } else if (!member.value.is_null()) {
        judge(field[member.key], member.key_place, *known);
      }
    }
  }

  void judge(const PodField& field, const Place& place, const Known& known) {
    const auto& meaning = known.meaning;
    if (meaning.use == Use::refused) {
      if (says_nothing(*field.node)) return;
      report(place, fmt::format("{}: podman cannot be told this: {}", field.path, meaning.why),
             meaning.instead);
    } else if (!is_of(*field.node, known.type)) {
      refuse_type(field, known.type);
    } else if (!has_value(field, meaning)) {
      refuse_value(field, meaning);
    } else {
      if (meaning.use == Use::noted) noted_.emplace_back(field, place);
      run(field, known.in);
    }
  }

  /// As if it were not there.
  static bool says_nothing(const yaml::Node& node) {
    if (node.is_map()) return node.map()->empty();
    if (const auto* flag = std::get_if<bool>(&node.value)) return !*flag;
    return node.is_sequence() && node.sequence()->empty();
  }

  static bool has_value(const PodField& field, const Meaning& meaning) {
    if (meaning.values.empty()) return true;
    const auto word = word_of(*field.node);
    return word.empty() || contains(split(meaning.values, ' '), word);
  }

  /// At the part of it that is wrong.
  void refuse_type(const PodField& field, Type type) {
    const auto [parts, of] = parts_of(field, type);
    for (const auto& part : parts) {
      if (is_of(*part.node, of) || (type == Type::text_map && part.node->is_null())) continue;
      return say_type(part, of);
    }
    say_type(field, type);
  }

  void say_type(const PodField& field, Type type) {
    const auto kind = yaml::kind_of(*field.node);
    const bool is_plain = !field.node->is_null() && !field.node->is_map() && !field.node->is_sequence();
    if (type == Type::quantity && is_plain) {
      return report(field.node->place,
                    fmt::format("{}: {} is not an amount as Kubernetes writes one", field.path,
                                in_one_line(word_of(*field.node), longest_word)),
                    "write a number, with m, k, M, G, Ki, Mi or Gi behind it where needed");
    }
    report(field.node->place, fmt::format("{} is {}, not {}", field.path, kind, in_words(type)),
           type == Type::text && is_plain ? "put it in quotes" : "compare it with Kubernetes' reference");
  }

  void refuse_value(const PodField& field, const Meaning& meaning) {
    const auto words = split(meaning.values, ' ');
    const auto why = meaning.why.empty() || meaning.use == Use::idle ? "Kubernetes has no such word there"
                                                                     : std::string(meaning.why);
    report(field.node->place,
           fmt::format("{}: {}: {}", field.path, in_one_line(word_of(*field.node), longest_word), why),
           meaning.instead.empty()
               ? fmt::format("write {}{}", words.size() > 1 ? "one of " : "", fmt::join(words, ", "))
               : std::string(meaning.instead));
  }

  void refuse_unknown(const PodField& field, const yaml::Member& member, const std::string& meant) {
    const auto where = field.path.empty() ? std::string("the object") : field.path;
    report(member.key_place, fmt::format("{}: there is no field {} there", where, printable(member.key)),
           meant.empty() ? "leave it out" : fmt::format("write {}", meant));
  }

  void report(const Place& place, std::string message, std::string_view remedy) {
    if (problems_ != nullptr) problems_->error(place, std::move(message), std::string(remedy));
  }

  Problems* problems_;
  std::vector<std::pair<PodField, Place>> noted_;
};

std::string without_numbers(const std::string& path) {
  std::string result;
  bool within = false;
  for (const char c : path) {
    if (c == '[') within = true;
    if (!within) result += c;
    if (c == ']') within = false;
  }
  return result;
}

void list_rows(const std::string& path, Shape shape, std::set<const Known*>& seen,
               std::vector<FieldRow>& rows) {
  for (const auto& known : shape) {
    if (!seen.insert(&known).second) continue;
    const bool is_list = known.type == Type::list;
    auto own = fmt::format("{}.{}", path, known.name);
    rows.push_back({own, &known});
    list_rows(own + (is_list ? "[]" : ""), known.in, seen, rows);
  }
}

}  // namespace

void check_fields(const Manifest& manifest, Problems& problems) {
  FieldWalk(&problems).run({&manifest.document, ""}, shape_of(manifest.id));
}

void note_fields(const Manifest& manifest, Problems& problems) {
  FieldWalk walk(nullptr);
  walk.run({&manifest.document, ""}, shape_of(manifest.id));
  if (walk.noted().empty()) return;
  std::vector<std::string> paths;
  for (const auto& [field, place] : walk.noted()) {
    auto path = without_numbers(field.path);
    if (!contains(paths, path)) paths.push_back(std::move(path));
  }
  problems.warning(walk.noted().front().second,
                   fmt::format("podman has nothing for {} to mean: {}", paths.size() > 1 ? "these" : "this",
                               fmt::join(paths, ", ")),
                   "greenwave.yaml(5) says why");
}

std::vector<FieldRow> field_rows() {
  std::vector<FieldRow> rows;
  std::set<const Known*> seen;
  for (const auto& kind : fields::kinds) list_rows(std::string(kind.name), kind.shape, seen, rows);
  return rows;
}

}  // namespace greenwave::drivers::podman
