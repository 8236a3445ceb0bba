#include "git/side_band.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace greenwave::git {

void receive_pack(PacketReader& reader, PackSink& sink) {
  constexpr std::size_t most_talk = 1 << 20;
  std::size_t talk = 0;
  for (;;) {
    const auto part = reader.read();
    if (part.kind == Packet::Kind::flush) return sink.finish();
    if (part.kind != Packet::Kind::data || part.payload.empty()) {
      throw Error(Fault::transient, "the server's pack is truncated", "the agent fetches it again");
    }
    const auto bytes = part.payload.substr(1);
    switch (part.payload.front()) {
      case 1:
        sink.append(bytes);
        break;
      case 2:
        talk += bytes.size() + 5;
        if (talk > most_talk) {
          throw Error(Fault::transient, "the server sent only progress output, no pack",
                      "check the server: it may be broken");
        }
        break;
      case 3:
        throw Error(Fault::transient,
                    fmt::format("the server says: {}", printable(trim(bytes.substr(0, 500)))),
                    "check the repository on the server with: git fsck");
      default:
        throw Error(Fault::transient, "the server's pack is not in git's format",
                    "the agent fetches it again");
    }
  }
}

}  // namespace greenwave::git
