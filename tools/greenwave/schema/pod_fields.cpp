#include "schema/pod_fields.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "drivers/podman/fields/object_shape.h"

namespace greenwave::cli {

namespace {

namespace fields = drivers::podman::fields;
using fields::Known;
using fields::Shape;
using fields::Type;
using fields::Use;

std::string type_of(Type type) {
  switch (type) {
    case Type::text:
      return "string";
    case Type::flag:
      return "boolean";
    case Type::whole:
      return "integer";
    case Type::quantity:
      return "quantity";
    case Type::whole_or_text:
      return "integer or string";
    case Type::texts:
      return "list of string";
    case Type::wholes:
      return "list of integer";
    case Type::text_map:
      return "map of string";
    case Type::quantity_map:
      return "map of quantity";
    case Type::map:
      return "map";
    case Type::list:
      return "list of map";
  }
  return {};
}

std::string because(std::string_view before, std::string_view why) {
  return why.empty() ? std::string(before) + "." : fmt::format("{}: {}.", before, why);
}

/// What podman makes of it; what it means is Kubernetes' to say.
std::string description_of(const fields::Meaning& meaning) {
  switch (meaning.use) {
    case Use::kept:
    case Use::made:
      return meaning.values.empty() || meaning.why.empty()
                 ? "Works with podman as in Kubernetes."
                 : because("Works with podman with these values alone", meaning.why);
    case Use::idle:
      return because("Accepted with podman, and has no effect", meaning.why);
    case Use::noted:
      return because("Accepted with podman, has no effect, and lint says so", meaning.why);
    case Use::refused:
      return fmt::format("Refused with podman: {}; {}.", meaning.why, meaning.instead);
  }
  return {};
}

Field field_of(const std::string& path, const Known& known) {
  Field field{.path = path, .type = type_of(known.type), .description = description_of(known.meaning)};
  if (known.meaning.values.empty()) return field;
  for (const auto value : split(known.meaning.values, ' ')) {
    const std::string text(value);
    field.values.push_back(known.type == Type::text ? nlohmann::ordered_json(text)
                                                    : nlohmann::ordered_json::parse(text, nullptr, false));
  }
  return field;
}

void add_fields(Field& field, Shape shape, Parts parts) {
  for (const auto& known : shape) {
    auto& part = field.fields.emplace_back(field_of(fmt::format("{}.{}", field.path, known.name), known));
    if (parts == Parts::all) add_fields(part, known.in, parts);
  }
}

Field kind_field(const fields::KnownKind& kind) {
  return {.path = std::string(kind.name),
          .type = "map",
          .description =
              fmt::format("Kubernetes' {} ({}), on devices with runtime: podman. With runtime: kubernetes "
                          "the API server decides; kubectl explain has what it means.",
                          kind.name, kind.api_version)};
}

const Known* find(Shape shape, std::string_view name) {
  const auto found = std::ranges::find(shape, name, &Known::name);
  return found == shape.end() ? nullptr : &*found;
}

Error no_field(const std::string& parent, Shape shape, std::string_view name) {
  std::vector<std::string> names;
  for (const auto& known : shape) names.emplace_back(known.name);
  const auto near = nearest(name, names);
  return {Fault::invalid, fmt::format("{} has no field \"{}\"", parent, printable(name)),
          names.empty()  ? "it is a value, or may have any fields"
          : near.empty() ? fmt::format("its fields are {}", fmt::join(names, ", "))
                         : fmt::format("did you mean {}.{}?", parent, near)};
}

}  // namespace

std::vector<Field> pod_kinds() {
  std::vector<Field> all;
  for (const auto& kind : fields::kinds) all.push_back(kind_field(kind));
  return all;
}

std::optional<Field> explain_pod_field(const std::string& path, Parts parts) {
  const auto names = split(path, '.');
  const auto* const kind = std::ranges::find(fields::kinds, names.front(), &fields::KnownKind::name);
  if (kind == std::end(fields::kinds)) return {};
  auto field = kind_field(*kind);
  auto shape = kind->shape;
  for (std::size_t i = 1; i < names.size(); ++i) {
    const auto* known = find(shape, names[i]);
    const auto* const spec = find(shape, "spec");
    // Pod.containers is Pod.spec.containers.
    if (known == nullptr && i == 1 && spec != nullptr) {
      shape = spec->in;
      known = find(shape, names[i]);
    }
    if (known == nullptr) throw no_field(field.path, shape, names[i]);
    field = field_of(fmt::format("{}.{}", field.path, known->name), *known);
    shape = known->in;
  }
  add_fields(field, shape, parts);
  return field;
}

}  // namespace greenwave::cli
