#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/log.h"
#include "config/config.h"
#include "git/store.h"
#include "git/transport.h"
#include "git/trust.h"
#include "plan/plan.h"
#include "render/render.h"
#include "secrets/identity.h"
#include "state/state.h"
#include "sync/acceptance.h"
#include "sync/apply.h"
#include "sync/course.h"
#include "sync/following.h"
#include "sync/health.h"
#include "sync/observe.h"
#include "sync/outage.h"
#include "sync/prepare.h"
#include "sync/request.h"
#include "sync/standing.h"

namespace greenwave::sync {

/// What a sync works with. Everything outlives the Sync.
struct Parts {
  const config::Config& config;
  const Labels& facts;            ///< arch, os
  const std::string& digest_key;  ///< of what is kept in the state
  const Log& log;
  const Clock& clock;
  state::State& state;
  git::Transport& transport;
  const git::Trust* trust;  ///< null: commits are not checked
  Drivers drivers;
  const std::atomic<bool>& stop;      ///< ends a sync at the next step
  std::function<void()> heartbeat;    ///< called during long work that makes no events
  std::string process = "a process";  ///< names this run of the agent: no two have the same
  /// Waits for so long.
  std::function<void(Duration)> rest = [](Duration time) { std::this_thread::sleep_for(time); };
};

struct Result {
  int exit_code = 0;      ///< 0 all in sync, 1 some objects failed or were refused, 2 could not be done
  bool answered = false;  ///< the server gave what was asked of it, whatever that was worth
  state::SyncRecord record;
  Standing standing;
  bool again = false;  ///< a newer commit came while this one was watched: sync at once
};

/// Takes the events of a sync as they happen; called on the thread that runs it.
using Observer = std::function<void(Event)>;

/// One pass: poll → fetch → verify → observe → render → plan → apply → probe, then keep or revert. One
/// thread.
///
/// Nothing that works is given up for something that does not: when the server is away, or its newest commit
/// cannot be rendered, the device is kept as the last applied commit says.
class Sync {
 public:
  explicit Sync(Parts parts);
  ~Sync();

  Result run(const Request& request, state::Trigger trigger, const Observer& observer);

  /// What run() would change now, as Agent::diff.
  nlohmann::json diff();

  /// The commit that the device was last brought to; empty before the first.
  std::string applied() const;
  /// See Status; also before the first run().
  const std::optional<Time>& unreachable_since() const { return outage_.since(); }

 private:
  void attempt(const Request& request, const Observer& observer, Result& result);
  std::string receive(git::Transport& from, const Observer& observer, Result& result);
  std::string accept(git::Transport& from, const std::string& tip, const Observer& observer, Result& result);
  std::string hold(git::Transport& from, const std::string& own, Result& result);
  void bring_files(git::Transport& from, const std::string& commit, Result& result);
  bool decides_anew(const std::string& commit);
  void note_outage(const Error& error);
  void tidy();
  render::Identity identity(Problems& problems) const;
  void recover_store(const Error& error);
  void apply_commit(const std::string& commit, const Request& request, const Observer& observer,
                    Result& result);
  std::unique_ptr<Prepared> prepare_commit(const std::string& commit, const Request& request,
                                           const Observed& observed);
  const std::vector<Entry>& inventory();
  std::string render_key(const std::string& commit) const;

  Applied carry_out(Prepared& prepared, const std::string& commit, const ApplyContext& bench,
                    const Request& request);
  void forget_moot_restarts();

  // trial.cpp: what becomes of a commit that is new to the device
  void take_up(const std::string& tip);
  void begin_trial(const std::string& commit, const plan::Plan& plan);
  void judge(const std::string& commit, const Prepared& prepared, const Observer& observer, Result& result);
  Verdict watch(const Prepared& prepared, const Observer& observer, Result& result);
  std::vector<Subject> subjects(const Prepared& prepared, const Trial& trial);
  drivers::Health reach();
  bool is_superseded(const std::string& commit);
  bool is_away() const;
  void end_of_pass();

  // revert.cpp: the way back
  void revert(const Observer& observer, Result& result);
  void undo_commands(const Observer& observer, Result& result);
  void finish_revert(const std::string& failure);
  void tell_of_trial(state::SyncRecord& record);
  bool is_reverting() const { return course_.trial && !course_.trial->reverting.empty(); }
  std::string stuck_text() const;

  void stand(Result& result);
  void remember(Result& result);

  /// A render of a commit's files as they came, so that it need not be made twice.
  struct Fresh {
    std::string commit;
    render::Rendered rendered;
  };

  Parts parts_;
  Acceptance acceptance_;
  Following following_;
  Outage outage_;
  std::unique_ptr<git::Store> store_;
  std::optional<std::vector<Entry>>
      inventory_;                     ///< as in the state, during a pass; nothing after a change to it
  std::optional<Observed> observed_;  ///< in this pass
  Standing standing_;
  Course course_;
  bool reached_ = false;  ///< the repository answered in this pass
  std::string clean_;     ///< render_key of the last render that was applied without a failure or problem
  std::string refused_;   ///< render_key of a commit that cannot be rendered, and why
  std::string refusal_;
  std::string complete_;  ///< the commit of which everything that this device needs is in the store
  std::optional<Fresh> fresh_;
  bool fetched_ = false;  ///< since the store was last looked after
  std::string last_recorded_;
};

}  // namespace greenwave::sync
