#pragma once

#include <span>
#include <string_view>

/// What each field of Kubernetes' kinds means under podman: one table, by which lint and the device judge,
/// and from which greenwave.yaml(5) has its lists. Fields, types and words are those of Kubernetes 1.34's
/// OpenAPI document.
namespace greenwave::drivers::podman::fields {

enum class Use {
  kept,     ///< podman is told as it is written
  made,     ///< Greenwave sees to it
  idle,     ///< a device has nothing for it to mean
  noted,    ///< the same, and lint says so: its author may count on it
  refused,  ///< it cannot be done
};

enum class Type {
  text,
  flag,
  whole,
  quantity,       ///< a number, or a text such as "0.5Gi"
  whole_or_text,  ///< a port by number or name, a number or a percentage
  texts,          ///< a list of texts
  wholes,
  text_map,
  quantity_map,
  map,
  list,  ///< of maps
};

/// How a field is used.
struct Meaning {
  Use use = Use::kept;
  std::string_view why{};      ///< it has no meaning or is refused, or other values are refused
  std::string_view instead{};  ///< what to do about a refusal
  std::string_view values{};   ///< the only ones, with blanks between; empty: any

  constexpr Meaning only(std::string_view words, std::string_view reason = {},
                         std::string_view remedy = {}) const {
    return {use, reason.empty() ? why : reason, remedy, words};
  }
};

inline constexpr Meaning kept{};
inline constexpr Meaning made{Use::made};

constexpr Meaning idle(std::string_view why) {
  return {Use::idle, why};
}

constexpr Meaning noted(std::string_view why) {
  return {Use::noted, why};
}

constexpr Meaning refused(std::string_view why, std::string_view instead = "leave it out") {
  return {Use::refused, why, instead};
}

struct Known;
using Shape = std::span<const Known>;

struct Known {
  std::string_view name;
  Type type = Type::text;
  Meaning meaning{};
  Shape in{};  ///< the fields of the map, or of each map in the list; empty: it is not looked into
};

}  // namespace greenwave::drivers::podman::fields
