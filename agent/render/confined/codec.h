#pragma once

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

void write(sandbox::Writer& writer, const Place& place);
void read(sandbox::Reader& reader, Place& place);
void write(sandbox::Writer& writer, const Problem& problem);
void read(sandbox::Reader& reader, Problem& problem);
void write(sandbox::Writer& writer, const Problems& problems);
void read(sandbox::Reader& reader, Problems& problems);
void write(sandbox::Writer& writer, const ObjectId& id);
void read(sandbox::Reader& reader, ObjectId& id);
void write(sandbox::Writer& writer, const Device& device);
void read(sandbox::Reader& reader, Device& device);
/// As its document: what is made of that has passed the checks of cluster_of().
void write(sandbox::Writer& writer, const Cluster& cluster);
void read(sandbox::Reader& reader, Cluster& cluster);
void write(sandbox::Writer& writer, const SourceTree::Item& item);
void read(sandbox::Reader& reader, SourceTree::Item& item);
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

void write(sandbox::Writer& writer, const Recipient& recipient);
void read(sandbox::Reader& reader, Recipient& recipient);
void write(sandbox::Writer& writer, const Membership& membership);
void read(sandbox::Reader& reader, Membership& membership);
void write(sandbox::Writer& writer, const Rendered& rendered);
void read(sandbox::Reader& reader, Rendered& rendered);

}  // namespace greenwave::render
