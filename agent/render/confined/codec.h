#pragma once

#include <tuple>

#include "base/problem.h"
#include "model/cluster.h"
#include "model/device.h"
#include "model/object_id.h"
#include "model/source_tree.h"
#include "render/recipient.h"
#include "render/render.h"
#include "sandbox/wire.h"
#include "yaml/node.h"

/// How the values of a render cross from one process to the other (sandbox/wire.h).
namespace greenwave {

bool is_known(Severity severity);
bool is_known(SourceTree::Type type);

inline auto members(Place& place) {
  return std::tie(place.file, place.line, place.column, place.secret);
}
inline auto members(Problem& problem) {
  return std::tie(problem.severity, problem.place, problem.message, problem.remedy);
}
void write(sandbox::Writer& writer, const Problems& problems);
void read(sandbox::Reader& reader, Problems& problems);
inline auto members(ObjectId& id) {
  return std::tie(id.api_version, id.kind, id.namespace_, id.name);
}
inline auto members(Device& device) {
  return std::tie(device.id, device.in_inventory, device.retired, device.position.longitude,
                  device.position.latitude, device.labels, device.properties);
}
/// As its document: what is made of that has passed the checks of cluster_of().
void write(sandbox::Writer& writer, const Cluster& cluster);
void read(sandbox::Reader& reader, Cluster& cluster);
inline auto members(SourceTree::Item& item) {
  return std::tie(item.name, item.type, item.oid);
}
/// As its document: the id is read from that, and whoever asked finds the source and seals it.
void write(sandbox::Writer& writer, const Manifest& manifest);
void read(sandbox::Reader& reader, Manifest& manifest);

}  // namespace greenwave

namespace greenwave::yaml {

void write(sandbox::Writer& writer, const Member& member);
void write(sandbox::Writer& writer, const Node& node);
void read(sandbox::Reader& reader, Node& node);

}  // namespace greenwave::yaml

namespace greenwave::render {

inline auto members(Recipient& recipient) {
  return std::tie(recipient.device, recipient.labels, recipient.facts, recipient.namespace_from_directory);
}
inline auto members(Membership& membership) {
  return std::tie(membership.cluster, membership.device, membership.problems);
}
inline auto members(Rendered& rendered) {
  return std::tie(rendered.cluster, rendered.device, rendered.manifests, rendered.problems, rendered.refused,
                  rendered.complete, rendered.veiled, rendered.layers);
}

}  // namespace greenwave::render
