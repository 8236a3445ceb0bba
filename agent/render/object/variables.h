#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/problem.h"
#include "model/cluster.h"
#include "model/device.h"
#include "yaml/node.h"

namespace greenwave::render {

inline constexpr std::size_t most_inserted = 64 << 20;

/// Replaces `${device.*}` and `${cluster.*}` in parsed strings:
///
///   ${device.id}  ${device.longitude}  ${device.latitude}  ${device.labels.KEY}  ${device.properties.KEY}
///   ${cluster.name}  ${cluster.vars.KEY}
///
/// KEY may contain dots, slashes and dashes; if no member has that name, its dots descend into maps. A string
/// that consists of one variable becomes its value, of whatever type; elsewhere the value must be a string, a
/// number or a boolean. `$${` is a literal `${`, and any other `${…}` is unchanged. Inserted text is not
/// scanned again. Keys of maps are never changed.
///
/// All that is inserted for one device comes to `most_inserted` bytes at most: a large value that is named
/// often would need more memory than a device has. What goes beyond is an error.
class Variables {
 public:
  /// Both must outlive this.
  Variables(const Cluster& cluster, const Device& device) : cluster_(cluster), device_(device) {}

  /// Replaces variables in all strings of `node`. Returns false when a variable is unknown or not text:
  /// `problems` then has the place of the string, which is left unchanged.
  bool replace_in(yaml::Node& node, Problems& problems) const;

  /// For strings outside of manifests, which must stay strings.
  std::optional<std::string> replace_in_text(const std::string& text, const Place& place,
                                             Problems& problems) const;

  /// The value of "device.id" and so on; nothing when it is unknown.
  std::optional<yaml::Node> value_of(std::string_view name) const;

 private:
  void report_unknown(std::string_view name, const Place& place, Problems& problems) const;
  bool replace_in_string(yaml::Node& node, Problems& problems) const;
  bool has_room_for(std::size_t bytes, const Place& place, Problems& problems) const;

  const Cluster& cluster_;
  const Device& device_;
  mutable std::size_t inserted_ = 0;  ///< bytes so far
};

/// Adds the names of the variables in all strings of `node`: "device.id".
void add_variables(const yaml::Node& node, std::set<std::string>& names);

/// Whether `text` contains one of our variables.
bool has_variables(std::string_view text);

}  // namespace greenwave::render
