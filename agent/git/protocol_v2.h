#pragma once

#include <string>
#include <vector>

#include "git/fetch_request.h"
#include "git/pack_sink.h"
#include "git/pkt_line.h"
#include "git/refs.h"

namespace greenwave::git::v2 {

/// Git's protocol version 2, as gitprotocol-v2(5) describes it: requests as bytes, answers as streams.

/// For the refs that begin with one of `prefixes`.
std::string ls_refs_request(const std::vector<std::string>& prefixes);
void read_ls_refs(PacketReader& reader, RefSearch& refs);

/// With haves, the server is asked to say first whether it knows them as ancestors of what is wanted.
std::string fetch_request(const FetchRequest& request);

/// Takes the pack into `sink`. False when `request` had haves that don't lead to the wanted commits, so that
/// no pack came: ask again without them.
bool read_fetch(PacketReader& reader, PackSink& sink);

}  // namespace greenwave::git::v2
