#include "git/server_upstream.h"

#include <utility>

#include "base/error.h"
#include "git/protocol_v0.h"
#include "git/protocol_v2.h"

namespace greenwave::git {

namespace {

/// A server's bytes, counted as they arrive.
class Counted : public ByteStream {
 public:
  Counted(ByteStream& stream, FetchProgress* in) : stream_(stream), in_(in) {}
  std::size_t read(char* into, std::size_t most) override {
    const auto count = stream_.read(into, most);
    if (in_ != nullptr) in_->receive(count);
    return count;
  }

 private:
  ByteStream& stream_;
  FetchProgress* in_;
};

/// A search for what is not needed: of a server that lists its refs before it can be asked.
const std::vector<std::string> any_ref{"HEAD"};

}  // namespace

void ServerUpstream::meet(RefSink& refs) {
  // A stateless v2 server can be asked at once, if its greeting is known.
  if (server_->stateless() && greeting_ && greeting_->version == 2) return;
  is_met_ = false;
  greeting_.reset();
  Counted stream(server_->greet(), progress_);
  PacketReader reader(stream);
  greeting_ = read_greeting(reader, refs);
  is_met_ = true;
}

void ServerUpstream::meet() {
  if (is_met_) return;
  RefSearch refs(any_ref);
  meet(refs);
}

Tip ServerUpstream::poll(const std::vector<std::string>& wanted) {
  if (auto tip = server_->quick_tip(wanted.front())) return {*tip, wanted.front(), server_->can_hold()};
  RefSearch refs(wanted);
  list(wanted, refs);
  // For the error, which lists the branches.
  if (refs.found().empty() && greeting_->version == 2) ask_for({"refs/heads/"}, refs);
  Tip tip{.commit = refs.result(), .ref = refs.found()};
  // Of the branch, while a wave has no ref: that its ref comes is found at the next poll.
  if (tip.ref != wanted.front() && may_hold_later_) {
    const auto quick = server_->quick_tip(tip.ref);
    may_hold_later_ = server_->can_hold();
    tip.can_be_held = quick == tip.commit && may_hold_later_;
  }
  return tip;
}

void ServerUpstream::list(const std::vector<std::string>& wanted, RefSink& refs) {
  try {
    meet(refs);
    if (greeting_->version == 2) ask_for(wanted, refs);
  } catch (const Error&) {
    greeting_.reset();  // the server may have been replaced
    is_met_ = false;
    throw;
  }
}

void ServerUpstream::ask_for(const std::vector<std::string>& prefixes, RefSink& refs) {
  PacketReader reader(server_->ask(v2::ls_refs_request(prefixes)));
  v2::read_ls_refs(reader, refs);
}

std::optional<CommitId> ServerUpstream::find(const std::string& ref) {
  RefSearch refs({ref});
  list({ref}, refs);
  return refs.object();
}

std::optional<Digest> ServerUpstream::digest_of(const std::vector<std::string>& prefixes) {
  RefDigest refs(prefixes);
  list(prefixes, refs);
  return refs.finish();
}

StatedTip ServerUpstream::stated_tip(const std::vector<std::string>& refs) {
  for (const auto& ref : refs) {
    if (auto text = server_->tip_text(ref)) return {ref, std::move(*text), server_->can_hold()};
  }
  throw no_signed_tip(refs);
}

bool ServerUpstream::sends_single_objects() {
  meet();
  return can("fetch.filter");
}

void ServerUpstream::leave() {
  is_met_ = false;
  server_->leave();
}

bool ServerUpstream::fetch(const FetchRequest& request, Landing& landing) {
  meet();
  PackSink sink(landing);
  auto asked = request;
  if (greeting_->version == 2) {
    if (!can("fetch.shallow")) asked.depth = 0;
    asked.bare = request.bare && can("fetch.filter");
    Counted stream(server_->ask(v2::fetch_request(asked)), progress_);
    PacketReader reader(stream);
    return v2::read_fetch(reader, sink);
  }
  if (!can("shallow")) asked.depth = 0;
  is_met_ = false;  // the conversation ends with the pack
  Counted stream(server_->ask(v0::fetch_request(asked, *greeting_)), progress_);
  PacketReader reader(stream);
  v0::read_fetch(reader, asked, sink);
  return true;
}

}  // namespace greenwave::git
