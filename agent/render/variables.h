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

/// Puts `${device.*}` and `${cluster.*}` into parsed strings:
///
///   ${device.id}  ${device.longitude}  ${device.latitude}  ${device.labels.KEY}  ${device.properties.KEY}
///   ${cluster.name}  ${cluster.vars.KEY}
///
/// KEY may hold dots, slashes and dashes; where no member has that name, its dots descend into maps. A string
/// that is one variable and nothing else becomes the variable's value, whatever its type; elsewhere the value
/// must be a text, a number or a boolean. `$${` is a literal `${`, and any other `${…}` stays as it is. What
/// is put in is not looked at again. The keys of maps are never changed.
class Variables {
 public:
  /// Both must outlive this.
  Variables(const Cluster& cluster, const Device& device) : cluster_(cluster), device_(device) {}

  /// Replaces in all strings of `node`. Returns false when some variable is unknown, or has no text: then
  /// `problems` says so with the place of the string, which is left as it was.
  bool replace_in(yaml::Node& node, Problems& problems) const;

  /// For strings outside of manifests, which stay strings.
  std::optional<std::string> replace_in_text(const std::string& text, const Place& place,
                                             Problems& problems) const;

  /// Of "device.id" and so on; nothing when it is unknown.
  std::optional<yaml::Node> value_of(std::string_view name) const;

 private:
  void report_unknown(std::string_view name, const Place& place, Problems& problems) const;
  bool replace_in_string(yaml::Node& node, Problems& problems) const;

  const Cluster& cluster_;
  const Device& device_;
};

/// Adds the names of the variables in all strings of `node`: "device.id".
void add_variables(const yaml::Node& node, std::set<std::string>& names);

/// Whether `text` holds a variable of ours.
bool has_variables(std::string_view text);

}  // namespace greenwave::render
