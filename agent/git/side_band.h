#pragma once

#include "git/pack_sink.h"
#include "git/pkt_line.h"

namespace greenwave::git {

/// Reads a pack that comes in side-band packets (gitprotocol-pack(5), "Packfile Data") up to the flush after
/// it. What the server says beside it is dropped; its errors are thrown.
void receive_pack(PacketReader& reader, PackSink& sink);

}  // namespace greenwave::git
