#pragma once

#include <string>
#include <string_view>

#include "base/problem.h"
#include "model/cluster.h"
#include "model/device.h"
#include "model/source_tree.h"

namespace greenwave::render {

/// The file that makes a repository a cluster and describes its devices and layers.
inline constexpr const char* cluster_file = "greenwave.yaml";

/// Parses the whole file and fills in defaults:
///
///   apiVersion: greenwave.dev/v1
///   kind: Cluster
///   metadata: {name}
///   spec:
///     devices: PATH          # GeoJSON inventory
///     vars: {KEY: value}     # plain values: they hold no variables themselves
///     layers:                # absent: the whole repository is one
///       - {path, selector, within, optional}
///     waves:
///       - {name, selector or percent, ref, soak, reportedPercent, healthyPercent, failedPercent,
///          silentAfter}
///     waveSalt: TEXT         # absent: the cluster's name
///     windows:
///       - {name, days, from, to, timezone}
///     runtime: WORD          # of the devices: none, podman, kubernetes
///     allowEmpty: true       # a render that comes out empty may remove everything from a device
///
/// Errors go into `problems`; do not use the Cluster if there are any.
Cluster parse_cluster(std::string_view text, const std::string& file, Problems& problems);

/// The same of the file's document.
Cluster cluster_of(yaml::Node document, Problems& problems);

/// The cluster of a repository. Throws Error (invalid), one line per error, when greenwave.yaml is invalid.
Cluster read_cluster(const SourceTree& tree, Problems& problems);

/// The text of the cluster's inventory. Throws Error (invalid) when it cannot be read.
std::string read_inventory(const Cluster& cluster, const SourceTree& tree);

/// The runtime that a device has, says the repository: "none", "podman", "kubernetes". Empty when it says
/// nothing.
std::string runtime_of(const Cluster& cluster, const Device& device);

/// Whether the repository says that a device has no systemd.
bool lacks_systemd(const Device& device);

/// Throws an Error that lists the errors, one per line, if there are any.
void throw_errors(const Problems& problems);

/// The cluster of a repository without greenwave.yaml: one layer, its root.
Cluster plain_cluster();

}  // namespace greenwave::render
