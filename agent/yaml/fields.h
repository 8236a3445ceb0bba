#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/problem.h"
#include "yaml/node.h"

namespace greenwave::yaml {

/// Whether a member may be written in other letters: "fieldpath" for fieldPath, as Go's JSON readers have it.
enum class Letters { exact, any_case };

/// Reads the members of one map by name and type. Everything else is a problem: a wrong type, a missing
/// member, and (in `done`) members that nothing has read, with the name that was probably meant.
///
///   Fields spec(node, "File's spec", problems);
///   file.path = spec.required_text("path");
///   file.sensitive = spec.flag("sensitive").value_or(false);
///   spec.done();
///
/// After a problem the readers return an empty value, so that reading continues and finds the rest.
class Fields {
 public:
  /// `what` names the map in messages. A node that is not a map is a problem, and reads as an empty map.
  /// `node` and `problems` must outlive this.
  Fields(const Node& node, std::string what, Problems& problems, Letters letters = Letters::exact);

  std::optional<std::string> text(std::string_view key);
  std::string required_text(std::string_view key);
  std::optional<bool> flag(std::string_view key);
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t least = 0,
                                      std::int64_t most = std::numeric_limits<std::int64_t>::max());
  std::optional<double> number(std::string_view key);
  /// "60s", "5m", "1h30m"
  std::optional<Duration> duration(std::string_view key);
  std::vector<std::string> texts(std::string_view key);
  std::map<std::string, std::string> text_map(std::string_view key);
  /// One of a fixed set of words.
  std::optional<std::string> word(std::string_view key, const std::vector<std::string>& words);

  /// The member itself, for nested reading; null when it is absent or explicitly null.
  const Node* any(std::string_view key);
  const Node* map(std::string_view key);
  const Node* sequence(std::string_view key);

  /// Where the map, or one of its members, was written (for an absent member, the map's place).
  const Place& place() const { return node_.place; }
  Place place_of(std::string_view key) const;

  bool has(std::string_view key) const { return find(key) != nullptr; }
  void error(std::string_view key, std::string message, std::string remedy = {});

  /// Call last: reports the members that were not read.
  void done();

 private:
  bool is_called(std::string_view member, std::string_view key) const;
  const Node* find(std::string_view key) const;
  const Node* typed(std::string_view key, bool right_type(const Node&), std::string_view expected);

  const Node& node_;
  std::string what_;
  Problems& problems_;
  Letters letters_;
  std::vector<std::string> asked_;
};

}  // namespace greenwave::yaml
