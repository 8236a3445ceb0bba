#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>

namespace greenwave {

/// The apiVersion of Greenwave's own kinds.
inline constexpr std::string_view own_api = "greenwave.dev/v1";

/// What names an object: two manifests with the same id describe the same thing.
struct ObjectId {
  std::string api_version;
  std::string kind;
  std::string namespace_;  ///< empty for objects without one, ours among them
  std::string name;

  auto operator<=>(const ObjectId&) const = default;
};

/// The short form that people read and type: "File/motd", "Deployment/cabinet/camera".
std::string to_string(const ObjectId& id);

/// Whether a person who typed `text` may have meant `id`: "File/motd", "file/motd", "motd", or the full form.
bool matches(std::string_view text, const ObjectId& id);

/// A reference to an object as manifests write it: "File/motd", "Deployment/cabinet/camera". An empty
/// namespace in the reference stands for that of the object which refers.
struct ObjectRef {
  std::string kind;
  std::string namespace_;
  std::string name;

  auto operator<=>(const ObjectRef&) const = default;
};

/// Throws Error (invalid) that shows the accepted form.
ObjectRef parse_object_ref(std::string_view text);
std::string to_string(const ObjectRef& ref);

/// `from` is the object that refers.
bool refers_to(const ObjectRef& ref, const ObjectId& from, const ObjectId& target);

}  // namespace greenwave

template <>
struct std::hash<greenwave::ObjectId> {
  std::size_t operator()(const greenwave::ObjectId& id) const noexcept;
};
