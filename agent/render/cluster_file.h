#pragma once

#include <string>
#include <string_view>

#include "base/problem.h"
#include "model/cluster.h"
#include "model/source_tree.h"

namespace greenwave::render {

/// Where a repository says that it is a cluster, and how its devices differ.
inline constexpr const char* cluster_file = "greenwave.yaml";

/// The whole file, defaults filled in:
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
///       - {name, selector or percent, ref, soak, healthyPercent, failedPercent}
///     waveSalt: TEXT         # absent: the cluster's name
///     windows:
///       - {name, days, from, to, timezone}
///     allowEmpty: true       # a render that comes out empty may remove everything from a device
///
/// What is wrong goes into `problems`; after an error the Cluster must not be used.
Cluster parse_cluster(std::string_view text, const std::string& file, Problems& problems);

/// The cluster of a repository. Throws Error (invalid), a line for each error, when greenwave.yaml is broken.
Cluster read_cluster(const SourceTree& tree, Problems& problems);

/// The text of the cluster's inventory. Throws Error (invalid) when it cannot be read.
std::string read_inventory(const Cluster& cluster, const SourceTree& tree);

/// Throws an Error that lists what is wrong, a line each, when there is something.
void throw_errors(const Problems& problems);

/// What a repository without greenwave.yaml is: a cluster of one layer, its root.
Cluster plain_cluster();

}  // namespace greenwave::render
