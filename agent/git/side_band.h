#pragma once

#include "git/pack_sink.h"
#include "git/pkt_line.h"

namespace greenwave::git {

/// Reads a pack in side-band packets (gitprotocol-pack(5), "Packfile Data") up to the final flush. Ignores
/// the server's progress messages and throws its errors.
void receive_pack(PacketReader& reader, PackSink& sink);

}  // namespace greenwave::git
