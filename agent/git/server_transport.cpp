#include "git/server_transport.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "git/commit_object.h"
#include "git/handle.h"
#include "git/kept_objects.h"
#include "git/library.h"
#include "git/pack_files.h"
#include "git/server_upstream.h"
#include "git/store_landing.h"

namespace greenwave::git {

namespace {

constexpr std::size_t most_wants = 1000;  ///< per request
constexpr int most_levels = 100;

/// Ends a conversation, on success and on failure.
struct Leaving {
  Upstream& upstream;
  ~Leaving() { upstream.leave(); }
};

Unusable not_sent(const std::string& oid) {
  return Unusable(Fault::transient,
                  fmt::format("the server did not send object {}, or it is larger than {}", oid,
                              bytes_in_words(largest_object)),
                  "keep large files out of the repository, and check it on the server with: git fsck");
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

ServerTransport::ServerTransport(std::unique_ptr<Upstream> upstream, std::string ref, std::string path,
                                 const std::atomic<bool>& stop, const FetchLimits& limits)
    : upstream_(std::move(upstream)), path_(std::move(path)), stop_(stop), limits_(limits) {
  initialize();
  follow({std::move(ref)});
}

ServerTransport::ServerTransport(std::unique_ptr<UploadPack> server, std::string ref, std::string path,
                                 const std::atomic<bool>& stop, const FetchLimits& limits)
    : ServerTransport(std::make_unique<ServerUpstream>(std::move(server)), std::move(ref), std::move(path),
                      stop, limits) {}

void ServerTransport::show_in(FetchProgress& progress) {
  Transport::show_in(progress);
  upstream_->show_in(&progress);
}

CommitId ServerTransport::poll() {
  const Leaving leaving{*upstream_};
  can_hold_ = false;
  if (judge_) {
    const auto tip = upstream_->stated_tip(refs_);
    can_hold_ = tip.can_be_held;
    auto judged = judge_(tip);
    found_ = tip.ref;
    has_expired_ = judged.has_expired;
    return std::move(judged.commit);
  }
  auto tip = upstream_->poll(refs_);
  found_ = std::move(tip.ref);
  can_hold_ = tip.can_be_held;
  return tip.commit;
}

Held ServerTransport::hold(const Hold& hold) {
  const Leaving leaving{*upstream_};
  auto held = Held::lost;
  try {
    held = upstream_->hold(hold);
  } catch (const Error&) {
    // So the next poll finds.
  }
  can_hold_ = held == Held::same;
  return held;
}

void ServerTransport::fetch(const CommitId& commit, Store& store, const Visit& visit) {
  converse(store, [&](Landing& landing, const ShownFetch& shown) {
    if (!store.has(commit) || (!visit && !holds_all(store, commit))) {
      shown.begin(commit);
      fetch_commit(commit, store, visit && upstream_->sends_single_objects(), landing);
      if (!store.has(commit)) throw not_sent(commit.text());
    }
    if (visit) fetch_objects(commit, store, visit, shown, landing);
  });
}

void ServerTransport::fetch_history(const CommitId& commit, Store& store, std::size_t generations) {
  converse(store, [&](Landing& landing, const ShownFetch& shown) {
    shown.begin(commit);
    FetchRequest request;
    request.wants = {commit.text()};
    request.bare = true;
    request.depth = generations;
    upstream_->fetch(request, landing);
  });
}

void ServerTransport::fetch_trees(const Missing& names, Store& store) {
  converse(store, [&](Landing& landing, const ShownFetch&) { fetch_by_name(names, landing); });
}

std::optional<std::string> ServerTransport::fetch_tag(const std::string& ref, Store& store) {
  std::optional<CommitId> tag;
  {
    const Leaving leaving{*upstream_};
    tag = upstream_->find(ref);
  }
  if (!tag) return {};
  if (!store.has(*tag)) {
    converse(store, [&](Landing& landing, const ShownFetch&) {
      fetch_commit(*tag, store, upstream_->sends_single_objects(), landing);
      if (!store.has(*tag)) throw not_sent(tag->text());
    });
  }
  return read_tag_object(store, *tag);
}

void ServerTransport::converse(Store& store,
                               const std::function<void(Landing& landing, const ShownFetch& shown)>& fetch) {
  const Leaving leaving{*upstream_};
  const ShownFetch shown(progress_);
  const auto objects = store.directory() / "objects";
  const auto known = list_object_files(objects);
  StoreLanding into(store, stop_, limits_, progress_);
  try {
    fetch(into.landing(), shown);
  } catch (const Unusable&) {
    remove_other_packs(objects, known);
    throw;
  } catch (const Error&) {
    sync_other_packs(objects, known);  // what came before goes on from there
    throw;
  }
  sync_other_packs(objects, known);
}

void ServerTransport::fetch_commit(const CommitId& commit, Store& store, bool bare, Landing& landing) {
  FetchRequest request;
  request.wants = {commit.text()};
  request.bare = bare;
  request.haves = store.kept();
  // Whole objects may come as deltas against anything that the haves include.
  if (!bare) std::erase_if(request.haves, [&](const auto& have) { return !holds_all(store, have); });
  if (!request.haves.empty()) {
    request.shallow = boundaries(store, request.haves);
    if (upstream_->fetch(request, landing)) return;
    request.haves.clear();
    request.shallow.clear();
  }
  request.depth = 1;
  upstream_->fetch(request, landing);
}

void ServerTransport::fetch_objects(const CommitId& commit, Store& store, const Visit& visit,
                                    const ShownFetch& shown, Landing& landing) {
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
    for (const auto& oid : missing) {
      if (!asked.insert(oid).second) throw not_sent(oid);
    }
    fetch_by_name(missing, landing);
  }
  throw Error(
      Fault::transient,
      fmt::format("directories in commit {} are nested deeper than {} levels", commit.text(), most_levels),
      "flatten the directories of the repository");
}

void ServerTransport::fetch_by_name(const Missing& names, Landing& landing) {
  FetchRequest request;
  request.bare = upstream_->sends_single_objects();
  for (const auto& oid : names) {
    request.wants.push_back(oid);
    if (request.wants.size() < most_wants) continue;
    upstream_->fetch(request, landing);
    request.wants.clear();
  }
  if (!request.wants.empty()) upstream_->fetch(request, landing);
}

}  // namespace greenwave::git
