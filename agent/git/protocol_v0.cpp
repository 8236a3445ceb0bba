#include "git/protocol_v0.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "git/side_band.h"

namespace greenwave::git::v0 {

namespace {

/// Of multi_ack and multi_ack_detailed: a have that the server knows, which is not its last word.
bool is_of_several(std::string_view line) {
  if (!line.starts_with("ACK ")) return false;
  return line.ends_with(" continue") || line.ends_with(" common") || line.ends_with(" ready");
}

}  // namespace

std::string fetch_request(const FetchRequest& request, const Greeting& greeting) {
  if (!greeting.capabilities.contains("side-band-64k")) {
    throw Error(Fault::invalid, "the server's git is too old", "the server needs git 1.7 or newer");
  }
  std::string wanted = " side-band-64k";
  for (const auto* name : {"thin-pack", "ofs-delta", "no-progress", "shallow"}) {
    if (greeting.capabilities.contains(name)) wanted += fmt::format(" {}", name);
  }
  // Some servers refuse who offers neither (Azure DevOps: TF401041).
  for (const auto* name : {"multi_ack_detailed", "multi_ack"}) {
    if (!greeting.capabilities.contains(name)) continue;
    wanted += fmt::format(" {}", name);
    break;
  }
  const bool shallow = greeting.capabilities.contains("shallow");
  std::string text;
  for (const auto& oid : request.wants) {
    text += packet(fmt::format("want {}{}\n", oid, wanted));
    wanted.clear();
  }
  if (shallow) {
    for (const auto& commit : request.shallow) text += packet("shallow " + commit.text() + "\n");
    if (request.depth > 0) text += packet(fmt::format("deepen {}\n", request.depth));
  }
  text += flush_packet;
  for (const auto& commit : request.haves) text += packet("have " + commit.text() + "\n");
  text += packet("done\n");
  return text;
}

void read_fetch(PacketReader& reader, const FetchRequest& request, PackSink& sink) {
  bool boundaries = request.depth > 0;
  for (;;) {
    const auto line = reader.read_line();
    if (boundaries && line.kind == Packet::Kind::flush) {
      boundaries = false;
    } else if (line.kind != Packet::Kind::data) {
      throw Error(Fault::transient, "the server's response ends before the pack", "the agent tries again");
    } else if (is_of_several(line.payload)) {
      continue;
    } else if (line.payload == "NAK" || line.payload.starts_with("ACK ")) {
      return receive_pack(reader, sink);
    } else if (!line.payload.starts_with("shallow ") && !line.payload.starts_with("unshallow ")) {
      throw Error(Fault::transient,
                  fmt::format("the server's response is not git's protocol: {}",
                              printable(line.payload.substr(0, 80))),
                  "the agent tries again");
    }
  }
}

}  // namespace greenwave::git::v0
