#include "model/object_id.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace greenwave {

std::string to_string(const ObjectId& id) {
  if (id.namespace_.empty()) return fmt::format("{}/{}", id.kind, id.name);
  return fmt::format("{}/{}/{}", id.kind, id.namespace_, id.name);
}

bool matches(std::string_view text, const ObjectId& id) {
  return text == id.name || same_but_for_case(text, to_string(id)) ||
         same_but_for_case(text, fmt::format("{}/{}", id.kind, id.name)) ||
         same_but_for_case(text, fmt::format("{}/{}", id.api_version, to_string(id)));
}

ObjectRef parse_object_ref(std::string_view text) {
  const auto parts = split(text, '/');
  const bool has_empty = std::any_of(parts.begin(), parts.end(), [](auto part) { return part.empty(); });
  if (has_empty || parts.size() < 2 || parts.size() > 3) {
    throw Error(Fault::invalid, fmt::format("\"{}\" is not a reference to an object", printable(text)),
                "write Kind/name, or Kind/namespace/name");
  }
  if (parts.size() == 2) return {std::string(parts[0]), "", std::string(parts[1])};
  return {std::string(parts[0]), std::string(parts[1]), std::string(parts[2])};
}

std::string to_string(const ObjectRef& ref) {
  if (ref.namespace_.empty()) return fmt::format("{}/{}", ref.kind, ref.name);
  return fmt::format("{}/{}/{}", ref.kind, ref.namespace_, ref.name);
}

bool refers_to(const ObjectRef& ref, const ObjectId& from, const ObjectId& target) {
  if (ref.kind != target.kind || ref.name != target.name) return false;
  const auto& wanted = ref.namespace_.empty() ? from.namespace_ : ref.namespace_;
  return target.namespace_.empty() || wanted == target.namespace_;
}

}  // namespace greenwave

std::size_t std::hash<greenwave::ObjectId>::operator()(const greenwave::ObjectId& id) const noexcept {
  std::size_t seed = 0;
  for (const auto* part : {&id.api_version, &id.kind, &id.namespace_, &id.name}) {
    seed = seed * 1'000'003 + std::hash<std::string>{}(*part);
  }
  return seed;
}
