#pragma once

#include <string>

#include "git/fetch_request.h"
#include "git/pack_sink.h"
#include "git/pkt_line.h"
#include "git/refs.h"

namespace greenwave::git::v0 {

/// Git's original protocol, gitprotocol-pack(5), for servers without version 2.

std::string fetch_request(const FetchRequest& request, const Greeting& greeting);
void read_fetch(PacketReader& reader, const FetchRequest& request, PackSink& sink);

}  // namespace greenwave::git::v0
