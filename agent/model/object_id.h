#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>

namespace greenwave {

/// The apiVersion of Greenwave's kinds.
inline constexpr std::string_view own_api = "greenwave.dev/v1";

/// Identifies an object: two manifests with the same id describe the same object.
struct ObjectId {
  std::string api_version;
  std::string kind;
  std::string namespace_;  ///< empty for objects without one, such as Greenwave's kinds
  std::string name;

  auto operator<=>(const ObjectId&) const = default;
};

/// The short form that people read and type: "File/motd", "Deployment/cabinet/camera".
std::string to_string(const ObjectId& id);

/// Whether someone who typed `text` may mean `id`: "File/motd", "file/motd", "motd", or the full form.
bool matches(std::string_view text, const ObjectId& id);

/// A reference to an object, as manifests write it: "File/motd", "Deployment/cabinet/camera". An empty
/// namespace means that of the referring object.
struct ObjectRef {
  std::string kind;
  std::string namespace_;
  std::string name;

  auto operator<=>(const ObjectRef&) const = default;
};

/// Throws Error (invalid) whose remedy shows the accepted form.
ObjectRef parse_object_ref(std::string_view text);
std::string to_string(const ObjectRef& ref);

/// `from` is the object that refers.
bool refers_to(const ObjectRef& ref, const ObjectId& from, const ObjectId& target);

}  // namespace greenwave

template <>
struct std::hash<greenwave::ObjectId> {
  std::size_t operator()(const greenwave::ObjectId& id) const noexcept;
};
