#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/own_paths.h"
#include "drivers/workload/pod_field.h"
#include "model/manifest.h"

namespace greenwave::drivers::workload {

/// What containers may be told of the device, and where it keeps what is theirs.
struct Device {
  std::string name;
  unsigned processors = 1;
  std::uint64_t memory = 0;  ///< bytes
  std::string pods;          ///< a directory for each pod's own volumes
};

/// What containers may have on this device.
struct Rules {
  std::vector<std::string> allowed_paths;  ///< for hostPath; "/" allows everything
  bool allow_privileged = false;
  config::OwnPaths own{};  ///< what is the agent's: no container sees it
  bool allow_host_network = false;
  std::vector<config::PortRange> host_ports = config::Podman().host_ports;
  std::string socket = config::Podman().socket;  ///< the container engine's
  Device device{};
};

/// What `config` allows; `own` is what is the agent's.
Rules rules_of(const config::Config& config, config::OwnPaths own);

/// A ConfigMap or Secret that a pod names.
struct Need {
  std::string kind;
  std::string name;
  bool optional = false;

  auto operator<=>(const Need&) const = default;
};

/// How a Job's pods run.
struct JobPlan {
  std::size_t completions = 1;  ///< so many must succeed
  std::size_t parallelism = 1;  ///< at a time
  unsigned retries = 6;         ///< this many may fail
  std::optional<std::chrono::seconds> deadline{};
  std::optional<std::chrono::seconds> ttl{};  ///< after a good end, pods stay for so long; none: for good
  bool indexed = false;                       ///< each knows its number
  bool suspended = false;

  bool operator==(const JobPlan&) const = default;
};

/// What a StatefulSet's pods have of their own.
struct PodSet {
  std::size_t first = 0;  ///< number of the first one
  bool in_order = true;   ///< one is ready before the next one starts
  /// The volumes from volumeClaimTemplates; their claims end with the pod's number.
  std::vector<std::string> claims{};
};

/// What a manifest of a Pod, Deployment, DaemonSet, StatefulSet or Job asks for: some equal pods.
struct Workload {
  const yaml::Node* metadata = nullptr;  ///< the pod's; null: none. Points into the manifest
  const yaml::Node* spec = nullptr;  ///< the PodSpec; null only with problems. The manifest's, or `own_spec`
  std::shared_ptr<const yaml::Node> own_spec{};  ///< with what volumeClaimTemplates add
  std::string path;                              ///< of the fields that lead to the pod: "", "spec.template"
  std::size_t pods = 1;
  bool numbered = false;         ///< a Deployment's pods have numbers
  std::optional<JobPlan> job{};  ///< of a Job
  std::optional<PodSet> set{};   ///< of a StatefulSet
  bool once = false;             ///< a Job: when it has ended well, that is how it should be
  /// Always, OnFailure or Never.
  std::string restart = "Always";
  /// How new pods take the place of old ones.
  enum class Exchange {
    old_first,   ///< all old ones have ended before a new one starts
    one_by_one,  ///< an old one ends, then a new one starts
    new_first,   ///< a new one starts, then an old one ends
  } exchange = Exchange::old_first;
  std::vector<Need> needs;  ///< sorted, each once
};

/// The pod's metadata and spec, with their paths.
PodField metadata_of(const Workload& workload);
PodField spec_of(const Workload& workload);

bool is_workload(const ObjectId& id);

/// Reads and checks it; what is wrong, or not for a device, goes into `problems` with its place. Pure. The
/// manifest must outlive the result.
Workload read_workload(const Manifest& manifest, const Rules& rules, Problems& problems);
/// The same where the pods' template is in `frame`, which is written, not in the manifest's spec.
Workload read_workload(const Manifest& manifest, const PodField& frame, const Rules& rules,
                       Problems& problems);

/// The device's ports that its pods take: "port:tcp:8080", with the address where one is given. Pure.
std::vector<std::string> port_claims(const Workload& workload);

}  // namespace greenwave::drivers::workload
