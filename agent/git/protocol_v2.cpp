#include "git/protocol_v2.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "git/side_band.h"

namespace greenwave::git::v2 {

namespace {

Error unexpected(std::string_view what) {
  return Error(Fault::transient,
               fmt::format("the server's response is not git's protocol: {}", printable(what.substr(0, 80))),
               "the agent tries again");
}

}  // namespace

std::string ls_refs_request(const std::vector<std::string>& prefixes) {
  std::string request = packet("command=ls-refs\n");
  request += delimiter_packet;
  const auto is_branch = [](const auto& prefix) { return prefix.starts_with("refs/heads/"); };
  if (!std::ranges::all_of(prefixes, is_branch)) request += packet("peel\n");
  for (const auto& prefix : prefixes) request += packet("ref-prefix " + prefix + "\n");
  request += flush_packet;
  return request;
}

void read_ls_refs(PacketReader& reader, RefSink& refs) {
  for (;;) {
    const auto line = reader.read_line();
    if (line.kind == Packet::Kind::flush) return;
    if (line.kind != Packet::Kind::data) throw unexpected("the list of refs ends too early");
    const auto [oid, rest] = split_ref(line.payload);
    const auto words = split(rest, ' ');
    refs.add(oid, words[0]);
    for (const auto word : words) {
      if (word.starts_with("peeled:") && word.size() == 47) refs.add_peeled(word.substr(7), words[0]);
    }
  }
}

std::string fetch_request(const FetchRequest& request) {
  std::string text = packet("command=fetch");
  text += delimiter_packet;
  text += packet("thin-pack");
  text += packet("ofs-delta");
  text += packet("no-progress");
  for (const auto& commit : request.shallow) text += packet("shallow " + commit.text());
  if (request.depth > 0) text += packet(fmt::format("deepen {}", request.depth));
  if (request.bare) text += packet("filter tree:0");
  for (const auto& oid : request.wants) text += packet("want " + oid);
  for (const auto& commit : request.haves) text += packet("have " + commit.text());
  if (request.haves.empty()) text += packet("done");
  text += flush_packet;
  return text;
}

bool read_fetch(PacketReader& reader, PackSink& sink) {
  for (;;) {
    const auto section = reader.read_line();
    if (section.kind != Packet::Kind::data) throw unexpected("it ends before the pack");
    if (section.payload == "packfile") {
      receive_pack(reader, sink);
      return true;
    }
    const bool acknowledgments = section.payload == "acknowledgments";
    const bool skipped = section.payload == "shallow-info" || section.payload == "wanted-refs";
    if (!acknowledgments && !skipped) throw unexpected(section.payload);
    auto line = reader.read_line();
    while (line.kind == Packet::Kind::data) line = reader.read_line();
    if (acknowledgments && line.kind == Packet::Kind::flush) return false;
    if (line.kind != Packet::Kind::delimiter) throw unexpected("it ends before the pack");
  }
}

}  // namespace greenwave::git::v2
