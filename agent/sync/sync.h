#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
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
#include "sync/agent.h"
#include "sync/check.h"
#include "sync/observe.h"

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
  const std::atomic<bool>& stop;    ///< ends a sync at the next step
  std::function<void()> heartbeat;  ///< called during long work that makes no events
};

/// Where the device stands after a sync.
struct Standing {
  std::string cluster;
  std::optional<git::Commit> commit;  ///< applied
  std::size_t objects = 0;
  std::size_t in_sync = 0;
  std::size_t repaired = 0;
  bool has_errors = false;  ///< `problems` holds more than warnings
  std::vector<FailedObject> failed;
  std::vector<std::string> problems;
};

struct Result {
  int exit_code = 0;      ///< 0 all in sync, 1 some objects failed or were refused, 2 could not be done
  bool answered = false;  ///< the server gave what was asked of it, whatever that was worth
  state::SyncRecord record;
  Standing standing;
};

/// Takes the events of a sync as they happen; called on the thread that runs it.
using Observer = std::function<void(Event)>;

/// One pass: poll → fetch → verify → observe → render → plan → apply. One thread.
///
/// Nothing that works is given up for something that does not: when the server is away, or its newest commit
/// cannot be rendered, the device is kept as the last applied commit says.
class Sync {
 public:
  explicit Sync(Parts parts);
  ~Sync();

  Result run(const Request& request, const std::string& trigger, const Observer& observer);

  /// What run() would change now, as Agent::diff.
  nlohmann::json diff();

  /// The commit that the device was last brought to; empty before the first.
  std::string applied() const;

 private:
  struct Prepared;

  void attempt(const Request& request, const Observer& observer, Result& result);
  std::string receive(git::Transport& from, const Observer& observer, Result& result);
  void tidy();
  render::Identity identity(Problems& problems) const;
  void recover_store(const Error& error);
  void apply_commit(const std::string& commit, const Request& request, const Observer& observer,
                    Result& result);
  std::unique_ptr<Prepared> prepare(const std::string& commit, const Request& request,
                                    const Observed& observed);
  const std::vector<Entry>& inventory();
  std::string render_key(const std::string& commit) const;
  void stand(Result& result);
  void remember(Result& result);

  /// A render of a commit's files as they came, so that it need not be made twice.
  struct Fresh {
    std::string commit;
    render::Rendered rendered;
  };

  Parts parts_;
  Acceptance acceptance_;
  std::unique_ptr<git::Store> store_;
  std::optional<std::vector<Entry>>
      inventory_;  ///< as in the state, during a pass; nothing after a change to it
  Standing standing_;
  std::string clean_;    ///< render_key of the last render that was applied without a failure or problem
  std::string refused_;  ///< render_key of a commit that cannot be rendered, and why
  std::string refusal_;
  std::string complete_;  ///< the commit of which everything that this device needs is in the store
  std::optional<Fresh> fresh_;
  bool fetched_ = false;  ///< since the store was last looked after
  std::string last_recorded_;
};

}  // namespace greenwave::sync
