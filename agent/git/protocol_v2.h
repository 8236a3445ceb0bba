#pragma once

#include <string>
#include <vector>

#include "git/fetch_request.h"
#include "git/pack_sink.h"
#include "git/pkt_line.h"
#include "git/refs.h"

namespace greenwave::git::v2 {

/// Git's protocol version 2 (gitprotocol-v2(5)): requests as bytes, responses as streams.

/// Asks for the refs that begin with one of `prefixes`.
std::string ls_refs_request(const std::vector<std::string>& prefixes);
void read_ls_refs(PacketReader& reader, RefSink& refs);

/// With haves, the server must first say whether they are ancestors of the wanted commits.
std::string fetch_request(const FetchRequest& request);

/// Reads the pack into `sink`. False when `request` had haves that are not ancestors of the wanted commits,
/// so that no pack came: ask again without them.
bool read_fetch(PacketReader& reader, PackSink& sink);

}  // namespace greenwave::git::v2
