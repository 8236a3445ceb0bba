#include "schema/field.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "kinds/table.h"
#include "schema/pod_fields.h"
#include "schema/texts.h"

namespace greenwave::cli {

namespace {

using Json = nlohmann::ordered_json;

/// A schema, and the file that its references are relative to.
struct Schema {
  const Json* json;
  std::string file;
};

/// All that applies to one value: a schema, what it refers to, and what its allOf lists.
using Node = std::vector<Schema>;

const Json& document(const std::string& file) {
  static const auto all = [] {
    std::map<std::string, Json> read;
    for (const auto& [name, text] : schema_texts()) read[std::string(name)] = Json::parse(text);
    return read;
  }();
  return all.at(file);
}

void flatten(const Schema& schema, Node& node) {
  node.push_back(schema);
  if (const auto ref = schema.json->find("$ref"); ref != schema.json->end()) {
    const auto text = ref->get<std::string>();
    const auto hash = text.find('#');
    const auto file = hash == 0 ? schema.file : text.substr(0, hash);
    const auto pointer = hash == std::string::npos ? "" : text.substr(hash + 1);
    flatten({&document(file).at(Json::json_pointer(pointer)), file}, node);
  }
  if (const auto all = schema.json->find("allOf"); all != schema.json->end()) {
    for (const auto& one : *all) flatten({&one, schema.file}, node);
  }
}

Node node_of(const std::string& file) {
  Node node;
  flatten({&document(file), file}, node);
  return node;
}

const Json* first(const Node& node, const char* key) {
  for (const auto& schema : node) {
    if (const auto found = schema.json->find(key); found != schema.json->end()) return &*found;
  }
  return nullptr;
}

std::string text_of(const Json* value) {
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

/// As people write it in YAML: a string without quotes.
std::string written(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

Node items_of(const Node& node) {
  Node items;
  for (const auto& schema : node) {
    const auto found = schema.json->find("items");
    if (found != schema.json->end()) flatten({&*found, schema.file}, items);
  }
  return items;
}

/// The members of a map, or of a list's items.
std::vector<std::pair<std::string, Node>> members_of(const Node& node) {
  std::vector<std::pair<std::string, Node>> members;
  for (const auto& schema : node) {
    const auto properties = schema.json->find("properties");
    if (properties == schema.json->end()) continue;
    for (const auto& [name, value] : properties->items()) {
      const auto at = std::ranges::find(members, name, &std::pair<std::string, Node>::first);
      auto& member = at != members.end() ? *at : members.emplace_back(name, Node{});
      flatten({&value, schema.file}, member.second);
    }
  }
  if (members.empty()) {
    if (const auto items = items_of(node); !items.empty()) return members_of(items);
  }
  return members;
}

bool requires_member(const Node& node, const std::string& name) {
  const auto items = items_of(node);
  const auto says = [&name](const Schema& schema) {
    const auto required = schema.json->find("required");
    return required != schema.json->end() && std::ranges::find(*required, Json(name)) != required->end();
  };
  return std::ranges::any_of(node, says) || std::ranges::any_of(items, says);
}

std::string type_of(const Node& node);

std::string type_of_alternatives(const Schema& schema, const Json& alternatives) {
  std::vector<std::string> types;
  for (const auto& alternative : alternatives) {
    Node one;
    flatten({&alternative, schema.file}, one);
    const auto pattern = text_of(first(one, "pattern"));
    auto type = pattern.starts_with("^\\$\\{") ? "a variable" : type_of(one);
    if (!type.empty() && std::ranges::find(types, type) == types.end()) types.push_back(std::move(type));
  }
  return fmt::format("{}", fmt::join(types, " or "));
}

std::string type_of(const Node& node) {
  for (const auto& schema : node) {
    if (const auto value = schema.json->find("const"); value != schema.json->end()) return written(*value);
    if (const auto type = schema.json->find("type"); type != schema.json->end()) {
      if (type->is_array()) {
        std::vector<std::string> names;
        for (const auto& name : *type) names.push_back(written(name));
        return fmt::format("{}", fmt::join(names, " or "));
      }
      if (*type == "object") return "map";
      if (*type != "array") return written(*type);
      const auto of = type_of(items_of(node));
      return of.empty() ? "list" : "list of " + of;
    }
    if (schema.json->contains("enum")) return "one of these";
    for (const char* key : {"anyOf", "oneOf"}) {
      const auto found = schema.json->find(key);
      if (found == schema.json->end()) continue;
      if (auto type = type_of_alternatives(schema, *found); !type.empty()) return type;
    }
  }
  return {};
}

std::vector<Json> list_of(const Json* value) {
  return value == nullptr ? std::vector<Json>() : std::vector<Json>(value->begin(), value->end());
}

Field field_of(const std::string& path, const Node& node, bool required) {
  Field field{.path = path,
              .type = type_of(node),
              .description = text_of(first(node, "description")),
              .required = required,
              .fallback = {},
              .values = list_of(first(node, "enum")),
              .examples = list_of(first(node, "examples")),
              .pattern = text_of(first(node, "pattern")),
              .fields = {}};
  if (const auto* fallback = first(node, "default")) field.fallback = *fallback;
  if (field.values.empty()) field.values = list_of(first(items_of(node), "enum"));
  return field;
}

struct Root {
  std::string name;
  std::string file;
};

std::vector<Root> roots() {
  std::vector<Root> all;
  for (const auto& kind : kinds::table()) {
    if (!kind.schema.empty()) all.push_back({std::string(kind.name), std::string(kind.schema)});
  }
  all.push_back({"greenwave.yaml", "cluster.schema.json"});
  all.push_back({"agent.yaml", "agent.schema.json"});
  all.push_back({"hub.yaml", "hub.schema.json"});
  all.push_back({"cities.yaml", "cities.schema.json"});
  all.push_back({"mirror.yaml", "mirror.schema.json"});
  all.push_back({"devices.geojson", "inventory.schema.json"});
  return all;
}

Root root_of(const std::string& path) {
  std::vector<std::string> names;
  for (const auto& root : roots()) {
    if (path == root.name || path.starts_with(root.name + ".")) return root;
    names.push_back(root.name);
  }
  for (const auto& kind : pod_kinds()) names.push_back(kind.path);
  // A file's name has a dot itself: File.mdoe must not be compared as a whole.
  const auto dot = path.find('.');
  auto near = nearest(path.substr(0, dot), names);
  if (near.empty() && dot != std::string::npos)
    near = nearest(path.substr(0, path.find('.', dot + 1)), names);
  throw Error(Fault::invalid, fmt::format("\"{}\" cannot be explained", printable(path)),
              near.empty() ? fmt::format("begin with one of {}; kubectl explain has all of Kubernetes",
                                         fmt::join(names, ", "))
                           : fmt::format("did you mean {}?", near));
}

const Node* find_member(const std::vector<std::pair<std::string, Node>>& members, std::string_view name) {
  const auto at = std::ranges::find(members, name, &std::pair<std::string, Node>::first);
  return at == members.end() ? nullptr : &at->second;
}

[[noreturn]] void refuse(const std::string& parent, const std::vector<std::pair<std::string, Node>>& members,
                         std::string_view name) {
  std::vector<std::string> names;
  for (const auto& [member, node] : members) names.push_back(member);
  const auto near = nearest(name, names);
  throw Error(Fault::invalid, fmt::format("{} has no field \"{}\"", parent, printable(name)),
              names.empty()  ? "it is a value, or may have any fields"
              : near.empty() ? fmt::format("its fields are {}", fmt::join(names, ", "))
                             : fmt::format("did you mean {}.{}?", parent, near));
}

/// A schema may refer to itself.
constexpr int deepest = 12;

void add_fields(Field& field, const Node& node, Parts parts, int depth = 0) {
  if (depth == deepest) return;
  for (const auto& [name, member] : members_of(node)) {
    if (name == "$patch") continue;
    auto& part = field.fields.emplace_back(
        field_of(fmt::format("{}.{}", field.path, name), member, requires_member(node, name)));
    if (parts == Parts::all) add_fields(part, member, parts, depth + 1);
  }
}

}  // namespace

std::vector<Field> explainable() {
  std::vector<Field> all;
  for (const auto& root : roots()) all.push_back(field_of(root.name, node_of(root.file), false));
  std::ranges::move(pod_kinds(), std::back_inserter(all));
  return all;
}

Field explain(const std::string& path, Parts parts) {
  if (auto field = explain_pod_field(path, parts)) return std::move(*field);
  const auto root = root_of(path);
  auto node = node_of(root.file);
  auto name = root.name;
  bool required = false;
  const auto rest =
      path.size() > name.size() ? std::string_view(path).substr(name.size() + 1) : std::string_view();
  for (const auto step : rest.empty() ? std::vector<std::string_view>() : split(rest, '.')) {
    auto members = members_of(node);
    const auto* next = find_member(members, step);
    // A manifest's fields are those of its spec: File.mode is File.spec.mode.
    if (next == nullptr && name == root.name && find_member(members, "spec") != nullptr) {
      node = Node(*find_member(members, "spec"));
      members = members_of(node);
      next = find_member(members, step);
    }
    if (next == nullptr) refuse(name, members, step);
    required = requires_member(node, std::string(step));
    node = Node(*next);
    name += fmt::format(".{}", step);
  }
  auto field = field_of(name, node, required);
  const auto members = members_of(node);
  const auto* spec = rest.empty() ? find_member(members, "spec") : nullptr;
  add_fields(field, spec != nullptr ? *spec : node, parts);
  return field;
}

}  // namespace greenwave::cli
