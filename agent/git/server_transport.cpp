#include "git/server_transport.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "git/handle.h"
#include "git/kept_objects.h"
#include "git/library.h"
#include "git/pack_files.h"
#include "git/protocol_v0.h"
#include "git/protocol_v2.h"

namespace greenwave::git {

namespace {

constexpr std::size_t most_wants = 1000;  ///< per request
constexpr int most_levels = 100;

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

/// Ends a conversation, on success and on failure.
struct Leaving {
  UploadPack& server;
  ~Leaving() { server.leave(); }
};

Unusable not_sent(const std::string& oid) {
  return Unusable(Fault::transient, fmt::format("the server did not send object {}", oid),
                  "check the repository on the server with: git fsck");
}

/// The ancestors of `heads` that are here without their parents.
std::vector<CommitId> boundaries(const Store& store, std::vector<CommitId> heads) {
  std::set<CommitId> seen(heads.begin(), heads.end());
  std::vector<CommitId> shallow;
  while (!heads.empty()) {
    const auto head = std::move(heads.back());
    heads.pop_back();
    const auto oid = to_oid(head);
    RawCommit commit;
    if (git_commit_lookup(Out(commit), store.raw(), &oid) < 0) continue;
    bool cut = false;
    for (unsigned i = 0; i < git_commit_parentcount(commit.get()); ++i) {
      CommitId parent(to_hex(*git_commit_parent_id(commit.get(), i)));
      if (!store.has(parent)) {
        cut = true;
      } else if (seen.insert(parent).second) {
        heads.push_back(std::move(parent));
      }
    }
    if (cut) shallow.push_back(head);
  }
  return shallow;
}

}  // namespace

ServerTransport::ServerTransport(std::unique_ptr<UploadPack> server, std::string ref, std::string path,
                                 const std::atomic<bool>& stop, const FetchLimits& limits)
    : server_(std::move(server)), path_(std::move(path)), stop_(stop), limits_(limits) {
  initialize();
  follow({std::move(ref)});
}

void ServerTransport::meet(RefSearch& refs) {
  // A stateless v2 server can be asked at once, if its greeting is known.
  if (server_->stateless() && greeting_ && greeting_->version == 2) return;
  greeting_.reset();
  Counted stream(server_->greet(), progress_);
  PacketReader reader(stream);
  greeting_ = read_greeting(reader, refs);
}

CommitId ServerTransport::poll() {
  const Leaving leaving{*server_};
  if (auto tip = server_->quick_tip(refs_.front())) {
    found_ = refs_.front();
    return *tip;
  }
  RefSearch refs(refs_);
  try {
    meet(refs);
    if (greeting_->version == 2) {
      const auto list = [&](const std::vector<std::string>& prefixes) {
        PacketReader reader(server_->ask(v2::ls_refs_request(prefixes)));
        v2::read_ls_refs(reader, refs);
      };
      list(refs_);
      if (refs.found().empty()) list({"refs/heads/"});  // for the error, which lists the branches
    }
  } catch (const Error&) {
    greeting_.reset();  // the server may have been replaced
    throw;
  }
  auto tip = refs.result();
  found_ = refs.found();
  return tip;
}

void ServerTransport::fetch(const CommitId& commit, Store& store, const Visit& visit) {
  const Leaving leaving{*server_};
  const ShownFetch shown(progress_);
  fetched_ = {};
  const auto objects = store.directory() / "objects";
  const auto known = list_object_files(objects);
  try {
    fetch_missing(commit, store, visit, shown);
  } catch (const Unusable&) {
    remove_other_packs(objects, known);
    throw;
  }
}

void ServerTransport::fetch_missing(const CommitId& commit, Store& store, const Visit& visit,
                                    const ShownFetch& shown) {
  if (!store.has(commit)) {
    shown.begin(commit);
    RefSearch refs(refs_);
    meet(refs);
    fetch_commit(commit, store, visit && can("fetch.filter"));
    if (!store.has(commit)) throw not_sent(commit.text());
  }
  if (visit) fetch_objects(commit, store, visit, shown);
}

void ServerTransport::fetch_commit(const CommitId& commit, Store& store, bool bare) {
  FetchRequest request;
  request.wants = {commit.text()};
  request.bare = bare;
  request.haves = store.kept();
  // Whole objects may come as deltas against anything that the haves include.
  if (!bare) std::erase_if(request.haves, [&](const auto& have) { return !holds_all(store, have); });
  if (!request.haves.empty()) {
    request.shallow = boundaries(store, request.haves);
    if (ask(request, store)) return;
    request.haves.clear();
    request.shallow.clear();
  }
  request.tip_only = true;
  ask(request, store);
}

void ServerTransport::fetch_objects(const CommitId& commit, Store& store, const Visit& visit,
                                    const ShownFetch& shown) {
  Missing asked;
  for (int level = 0; level < most_levels; ++level) {
    Missing missing;
    const auto tree = store.partial_tree(commit, path_, missing);
    try {
      visit(*tree);
    } catch (const Error&) {
      // The render that follows reports errors in the files themselves.
    }
    if (missing.empty()) return;
    shown.begin(commit);
    FetchRequest request;
    RefSearch refs(refs_);
    meet(refs);
    request.bare = can("fetch.filter");
    for (const auto& oid : missing) {
      if (!asked.insert(oid).second) throw not_sent(oid);
      request.wants.push_back(oid);
      if (request.wants.size() < most_wants) continue;
      ask(request, store);
      request.wants.clear();
    }
    if (!request.wants.empty()) ask(request, store);
  }
  throw Error(
      Fault::transient,
      fmt::format("directories in commit {} are nested deeper than {} levels", commit.text(), most_levels),
      "flatten the directories of the repository");
}

bool ServerTransport::ask(FetchRequest request, Store& store) {
  PackSink sink(store, stop_, limits_, fetched_, progress_);
  bool came = true;
  if (greeting_->version == 2) {
    request.tip_only = request.tip_only && can("fetch.shallow");
    Counted stream(server_->ask(v2::fetch_request(request)), progress_);
    PacketReader reader(stream);
    came = v2::read_fetch(reader, sink);
  } else {
    request.tip_only = request.tip_only && can("shallow");
    Counted stream(server_->ask(v0::fetch_request(request, *greeting_)), progress_);
    PacketReader reader(stream);
    v0::read_fetch(reader, request, sink);
  }
  fetched_ = sink.fetched();
  return came;
}

}  // namespace greenwave::git
