#include "sync/sync.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/memory.h"
#include "base/version.h"
#include "git/bundle.h"
#include "git/housekeeping.h"
#include "git/ref_name.h"
#include "secrets/keyring.h"
#include "secrets/opening_tree.h"
#include "state/keys.h"
#include "sync/apply.h"
#include "sync/needs.h"
#include "sync/telling.h"

namespace greenwave::sync {

using state::SyncResult;

namespace {

constexpr const char* applied_ref = "applied";
constexpr const char* incoming_ref = "incoming";

}  // namespace

Sync::Sync(Parts parts)
    : parts_(std::move(parts)),
      acceptance_(parts_.state, parts_.trust),
      following_(parts_.state, git::full_ref_name(parts_.config.repository.branch)),
      outage_(parts_.state) {
  clean_ = parts_.state.value(state::keys::clean).value_or("");
  standing_.cluster = parts_.state.value(state::keys::cluster).value_or("");
  course_ = read_course(parts_.state);
  try {
    store_ = std::make_unique<git::Store>(parts_.config.store());
  } catch (const Error& error) {
    if (error.fault() != Fault::damaged) throw;
    recover_store(error);
  }
}

Sync::~Sync() = default;

/// The repository is all there again, from the server; nothing on the device depends on the old store.
void Sync::recover_store(const Error& error) {
  parts_.log.warning(fmt::format("{}; the git store is set aside and fetched anew", error.what()));
  store_.reset();
  git::Store::set_aside(parts_.config.store());
  store_ = std::make_unique<git::Store>(parts_.config.store());
  clean_.clear();
  complete_.clear();
  fresh_.reset();
}

std::string Sync::receive(git::Transport& from, const Observer& observer, Result& result) {
  from.follow(following_.refs());
  const auto tip = from.poll();
  result.answered = true;
  standing_.followed = {following_.wave(), from.found(), CommitId(tip)};
  auto commit = accept(from, tip, observer, result);
  if (decides_anew(commit)) return receive(from, observer, result);
  standing_.followed.is_held = commit != tip;
  return commit;
}

/// The commit comes first, then the judgement, and its files only when it is accepted. Gives `tip`, or the
/// commit that the device holds instead.
std::string Sync::accept(git::Transport& from, const std::string& tip, const Observer& observer,
                         Result& result) {
  const auto ref = from.found();
  auto own = parts_.state.value(state::keys::accepted).value_or("");
  if (own.empty()) own = applied();
  if (own.empty()) own = complete_;
  if (following_.holds_still(own, ref, tip)) return hold(from, own, result);
  if (tip != complete_) {
    if (!store_->has(tip)) {
      observer({.kind = "phase", .text = fmt::format("fetching {}", tip.substr(0, 12))});
      fetched_ = true;
    }
    result.answered = false;
    acceptance_.fetch_known(from, *store_);
    from.fetch(tip, *store_, git::commit_alone);
    store_->keep(incoming_ref, tip);
    result.answered = true;
  }
  if (following_.holds(*store_, own, ref, tip)) return hold(from, own, result);
  if (tip != complete_) {
    acceptance_.judge(*store_, tip);
    bring_files(from, tip, result);
  }
  following_.arrive(ref);
  return tip;
}

std::string Sync::hold(git::Transport& from, const std::string& own, Result& result) {
  if (own != complete_) bring_files(from, own, result);
  return own;
}

void Sync::bring_files(git::Transport& from, const std::string& commit, Result& result) {
  if (render_key(commit) != clean_) {  // else they came before the last start
    result.answered = false;
    fetched_ = true;
    std::optional<render::Rendered> rendered;
    Problems unsaid;  // prepare() says them
    from.fetch(commit, *store_, [&](const SourceTree& tree) {
      rendered.reset();
      rendered = render_and_read(tree, identity(unsaid));
    });
    if (rendered) fresh_ = Fresh{commit, std::move(*rendered)};
    result.answered = true;
  }
  complete_ = commit;
}

/// For a device that knows no wave yet: whether `commit` says that it is to follow another ref.
bool Sync::decides_anew(const std::string& commit) {
  if (!following_.is_undecided()) return false;
  const auto before = following_.refs();
  Problems unsaid;  // the render that follows says what is wrong
  try {
    const auto tree = store_->tree(commit, parts_.config.repository.path);
    const auto found = render::membership(*tree, identity(unsaid));
    following_.decide(found.cluster, found.device);
  } catch (const Error& error) {
    if (error.fault() == Fault::damaged) throw;
    return false;
  }
  return following_.refs() != before;
}

/// Fetches make packs: so that they stay few and small, what no kept commit needs goes.
void Sync::tidy() {
  if (!std::exchange(fetched_, false)) return;
  try {
    git::tidy(*store_, [this] {
      parts_.heartbeat();
      return !parts_.stop;
    });
  } catch (const Error& error) {
    if (error.fault() == Fault::damaged) return recover_store(error);
    if (!parts_.stop) parts_.log.warning(error.what());
  }
}

std::string Sync::applied() const {
  return parts_.state.value(state::keys::applied).value_or("");
}

const std::vector<Entry>& Sync::inventory() {
  if (!inventory_) inventory_ = parts_.state.inventory();
  return *inventory_;
}

std::string Sync::render_key(const std::string& commit) const {
  Hasher hasher;
  hasher.add_field(program_version).add_field(commit).add_field(to_hex(parts_.config.digest()));
  hasher.add_field(secrets::stamp_of(parts_.config.identity_files));
  for (const auto& [key, value] : parts_.facts) hasher.add_field(key).add_field(value);
  return to_hex(hasher.finish());
}

render::Identity Sync::identity(Problems& problems) const {
  const auto& labels = parts_.config.labels;
  return {parts_.config.device, {labels.begin(), labels.end()},
          parts_.facts,         secrets::read_keyring(parts_.config.identity_files, problems),
          parts_.digest_key,    parts_.config.kubernetes.namespace_from_directory};
}

std::unique_ptr<Prepared> Sync::prepare_commit(const std::string& commit, const Request& request,
                                               const Observed& observed) {
  Problems problems;
  const auto own = identity(problems);
  auto tree =
      std::make_unique<secrets::OpeningTree>(store_->tree(commit, parts_.config.repository.path), *own.keys);
  auto fresh = std::exchange(fresh_, {});
  auto rendered = fresh && fresh->commit == commit ? std::move(fresh->rendered) : render::render(*tree, own);
  rendered.problems.append(problems);
  check_waves(rendered.cluster, rendered.device, following_.branch(), rendered.problems);
  return prepare(std::move(tree), std::move(rendered),
                 {.inventory = inventory(),
                  .owed = is_reverting() ? std::vector<plan::Owed>{} : parts_.state.owed(),
                  .moot = is_reverting() ? parts_.state.owed() : std::vector<plan::Owed>{},
                  .observed = observed,
                  .drivers = parts_.drivers,
                  .distrust = request.force,
                  .allow_empty = request.allow_empty});
}

void Sync::apply_commit(const std::string& commit, const Request& request, const Observer& observer,
                        Result& result) {
  const auto key = render_key(commit);
  if (key == refused_ && !request.force) throw Error(Fault::invalid, refusal_);

  observed_.reset();
  observed_ = observe(inventory(), parts_.drivers, {.distrust = request.force});
  const auto& observed = *observed_;
  if (!observed.refreshed.empty()) {
    parts_.state.settle(observed.refreshed, {}, {});
    inventory_.reset();
  }
  standing_.repaired = 0;
  forget_moot_restarts();
  if (key == clean_ && observed.drifted.empty() && !request.force) return;

  observer({.kind = "phase", .text = fmt::format("rendering {}", commit.substr(0, 12))});
  std::unique_ptr<Prepared> prepared;
  try {
    prepared = prepare_commit(commit, request, observed);
  } catch (const Error& error) {
    if (error.fault() == Fault::invalid) {
      refused_ = key;
      refusal_ = error.what();
    }
    throw;
  }
  following_.decide(prepared->cluster, prepared->device);
  for (const auto& problem : prepared->problems.list()) {
    observer({.kind = "problem", .text = to_string(problem), .ok = problem.severity == Severity::warning});
  }

  const ApplyContext bench{
      .compared = prepared->compared.parts,
      .state = parts_.state,
      .commit = commit,
      .drifted = observed.drifted,
      .progress = [&](const state::Action& action) { observer(event_of(action, CommitId(commit))); },
      .stop = [this] { return parts_.stop.load(); }};
  auto applied = carry_out(*prepared, commit, bench, request);

  inventory_.reset();
  standing_.repaired = applied.repaired;
  standing_.cluster = prepared->cluster.name;
  standing_.waiting = std::move(applied.waiting);
  standing_.problems = texts_of(prepared->problems);
  standing_.failed = std::move(prepared->compared.failed);
  for (const auto& failed : standing_.failed) {
    applied.actions.push_back(refusal_of(failed));
    observer(event_of(applied.actions.back(), CommitId(commit)));
  }
  standing_.failed.insert(standing_.failed.end(), applied.failed.begin(), applied.failed.end());
  auto& actions = result.record.actions;
  actions.insert(actions.end(), applied.actions.begin(), applied.actions.end());
  result.record.problems = standing_.problems;
  if (applied.error) throw *applied.error;
  if (applied.stopped) throw Error(Fault::transient, "the sync was ended before its last step");

  store_->keep(applied_ref, commit);
  parts_.state.note_value(state::keys::applied, commit);
  parts_.state.note_value(state::keys::cluster, standing_.cluster);
  standing_.has_errors = prepared->problems.has_errors();
  judge(commit, *prepared, observer, result);
  const bool clean =
      standing_.failed.empty() && !standing_.has_errors && !course_.trial && standing_.waiting.empty();
  clean_ = clean ? key : "";
  // With warnings the next process renders once more, so that its status shows them.
  parts_.state.note_value(state::keys::clean, prepared->problems.empty() ? clean_ : "");
}

Result Sync::run(const Request& request, state::Trigger trigger, const Observer& observer) {
  const auto began = parts_.clock.tick();
  Result result;
  auto& record = result.record;
  record.started = parts_.clock.now();
  record.trigger = trigger;
  record.who = request.who;
  record.reason = request.reason;
  try {
    attempt(request, observer, result);
  } catch (const Error& error) {
    if (error.fault() != Fault::damaged || !parts_.state.sound()) throw;
    recover_store(error);
    attempt(request, observer, result);
  }
  stand(result);
  tidy();
  end_of_pass();

  if (record.trigger != state::Trigger::revert) {
    record.took = std::chrono::duration_cast<Duration>(parts_.clock.tick() - began);
  }
  if (!record.error.empty()) {
    record.result = SyncResult::error;
    result.exit_code = 2;
  } else if (!standing_.failed.empty() || standing_.has_errors) {
    record.result = SyncResult::failed;
    result.exit_code = 1;
  } else if (course_.rejected) {
    record.result = record.trigger == state::Trigger::revert ? SyncResult::reverted : SyncResult::held;
    result.exit_code = 1;
  } else {
    record.result = standing_.waiting.empty() ? SyncResult::in_sync : SyncResult::waiting;
  }
  remember(result);
  observed_.reset();
  inventory_.reset();  // some MiB for thousands of objects, and milliseconds to load again
  fresh_.reset();
  give_back_memory();
  return result;
}

/// Brings the device to the newest commit, or where that can't be had or used, keeps it at the last one that
/// could.
void Sync::attempt(const Request& request, const Observer& observer, Result& result) {
  auto& trouble = result.record.error;
  std::string tip;
  if (!request.poll) {
    tip = complete_;
  } else {
    try {
      if (request.bundle) {
        observer({.kind = "phase", .text = fmt::format("reading {}", request.bundle->name)});
        git::Bundle bundle(request.bundle, parts_.config.repository, parts_.stop);
        tip = receive(bundle, observer, result);
      } else {
        observer({.kind = "phase", .text = fmt::format("polling {}", parts_.config.repository.url)});
        tip = receive(parts_.transport, observer, result);
        outage_.ends();
      }
    } catch (const Error& error) {
      if (error.fault() == Fault::damaged) throw;
      trouble = error.what();
      if (!request.bundle && !parts_.stop) note_outage(error);
    }
    reached_ = result.answered && !request.bundle;
  }
  take_up(tip);
  if (is_reverting()) return revert(observer, result);
  if (course_.rejected && !request.force && (tip.empty() || tip == course_.rejected->commit)) {
    if (!course_.rejected->stuck.empty()) {
      trouble = stuck_text();
      return;
    }
    tip = course_.good;
  }
  const auto last = course_.trial ? course_.trial->commit : applied();
  for (const auto& commit : {tip, last}) {
    if (commit.empty() || !store_->has(commit)) continue;
    try {
      apply_commit(commit, request, observer, result);
      if (is_reverting()) revert(observer, result);
      return;
    } catch (const Error& error) {
      if (error.fault() == Fault::damaged) throw;
      if (trouble.empty()) trouble = error.what();
      if (parts_.stop || last == tip) return;
    }
  }
}

/// A server that refuses, or gives what can't be used, is there.
void Sync::note_outage(const Error& error) {
  if (error.fault() == Fault::transient) {
    outage_.goes_on(parts_.clock.now());
  } else {
    outage_.ends();
  }
}

/// Fills in where the device stands, from the inventory.
void Sync::stand(Result& result) {
  standing_.objects = inventory().size();
  standing_.in_sync =
      static_cast<std::size_t>(std::count_if(inventory().begin(), inventory().end(), [](const Entry& entry) {
        return entry.error.empty() && !entry.intended;
      }));
  const auto last = applied();
  if (last.empty()) {
    standing_.commit.reset();
  } else if (!standing_.commit || standing_.commit->oid != last) {
    // A store that was made anew has it again when the server was reached.
    standing_.commit = store_->has(last) ? store_->commit(last) : git::Commit{last, {}, {}, {}};
  }
  if (standing_.commit) {
    result.record.commit = standing_.commit->oid;
    result.record.subject = standing_.commit->subject;
    result.record.author = standing_.commit->author;
  }
  standing_.rejected = course_.rejected;
  standing_.unreachable_since = outage_.since();
  standing_.followed.wave = following_.wave();
  result.standing = standing_;
}

/// A sync that did nothing is not recorded, nor is one that failed just as the one before it.
void Sync::remember(Result& result) {
  const auto& record = result.record;
  const bool quiet = record.result == SyncResult::in_sync || record.result == SyncResult::held ||
                     record.result == SyncResult::waiting;
  if (record.actions.empty() && record.error.empty() && quiet) {
    last_recorded_.clear();
    return;
  }
  auto told = essence(record);
  if (told == last_recorded_) return;
  parts_.state.record(record, parts_.clock.now());
  last_recorded_ = std::move(told);
}

nlohmann::json Sync::diff() {
  auto answer = nlohmann::json{{"changes", nlohmann::json::array()}, {"problems", nlohmann::json::array()}};
  std::string commit;
  try {
    Result ignored;
    commit = receive(
        parts_.transport, [](const Event&) {}, ignored);
  } catch (const Error& error) {
    commit = applied();
    if (commit.empty()) throw;
    answer["problems"].push_back(fmt::format("compared with the last applied commit: {}", error.what()));
  }
  observed_ = observe(inventory(), parts_.drivers, {.describe = true});
  auto prepared = prepare_commit(commit, {}, *observed_);
  answer["commit"] = commit;
  for (const auto& step : prepared->plan.steps) {
    answer["changes"].push_back(
        {{"verb", to_string(step.verb)}, {"object", to_string(step.id)}, {"diff", step.difference.diff}});
  }
  for (const auto& failed : prepared->compared.failed) {
    answer["problems"].push_back(fmt::format("{}: {}", failed.object, failed.reason));
  }
  for (const auto& text : texts_of(prepared->problems)) answer["problems"].push_back(text);
  prepared.reset();
  observed_.reset();
  inventory_.reset();
  give_back_memory();
  return answer;
}

}  // namespace greenwave::sync
