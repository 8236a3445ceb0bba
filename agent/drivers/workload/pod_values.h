#pragma once

#include <cstdint>
#include <map>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "drivers/workload/workload.h"

namespace greenwave::drivers::workload {

/// A pod, as its containers know it.
struct PodIdentity {
  std::string name;
  std::string space;  ///< its namespace
  std::string uid;
  std::map<std::string, std::string> labels{};       ///< beside those of its template
  std::map<std::string, std::string> annotations{};  ///< likewise
};

/// What fieldRef and resourceFieldRef name, as the kubelet has it.
class PodValues {
 public:
  /// `workload` and `device` outlive this; `spec` is the workload's, and outlives it too.
  PodValues(const Workload& workload, const nlohmann::ordered_json& spec, const Device& device,
            PodIdentity identity);

  const PodIdentity& identity() const { return identity_; }
  /// Of a {fieldPath}. Throws Error (invalid) for one that check_field_ref refuses. Looks at the device's
  /// addresses for status.hostIP and the like.
  std::string field(const nlohmann::ordered_json& ref) const;
  /// Of a {resource, divisor, containerName}; `own` is the container that has the variable, and null in a
  /// volume.
  std::string resource(const nlohmann::ordered_json& ref, const nlohmann::ordered_json* own) const;

 private:
  const nlohmann::ordered_json& container(const std::string& name) const;
  std::string address(bool all) const;

  const Workload& workload_;
  const nlohmann::ordered_json& spec_;
  const Device& device_;
  PodIdentity identity_;
};

/// Reports a fieldRef or resourceFieldRef that names nothing. `in_volume`: a file has fewer of them. Pure.
void check_field_ref(const PodField& ref, const PodField& spec, bool in_volume, Problems& problems);
void check_resource_ref(const PodField& ref, const PodField& spec, bool in_volume, Problems& problems);

}  // namespace greenwave::drivers::workload
