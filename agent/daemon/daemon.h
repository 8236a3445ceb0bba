#pragma once

#include <filesystem>
#include <functional>

#include "daemon/agent.h"
#include "daemon/open_state.h"
#include "daemon/pauses.h"
#include "daemon/request_queue.h"
#include "daemon/status_board.h"
#include "daemon/sync_loop.h"

namespace greenwave::daemon {

/// The agent of this device: syncs at its times and when asked to, and answers the control API meanwhile.
/// run() or once() belongs to one thread; everything else may be called from any.
///
///     control ──▶ RequestQueue ──▶ SyncLoop ──▶ sync
///                                   │  ▲
///     control ◀── StatusBoard ◀─────┤  Timetable
///     sinks   ◀── Outcome ◀─────────┘
class Daemon : public Agent {
 public:
  /// `heartbeat` is called at least every 30 s while the agent makes progress (for a watchdog).
  /// `once`: only once() will be called, which waits for whatever takes long.
  /// Throws Error when the configuration is wrong or the state directory can't be used.
  Daemon(std::filesystem::path config_file, std::filesystem::path root, const Log& log, const Clock& clock,
         std::function<void()> heartbeat, bool once = false);

  const config::Config& config() const { return loop_.config(); }

  /// Call before run(). The sink outlives this.
  void tell(OutcomeSink& sink) { loop_.tell(sink); }

  /// Shows this among the notes of the status until the next one; empty: nothing more.
  void remark(const std::string& text) { board_.remark(text); }
  /// What the agent remembers, for who works beside it.
  const OpenState& memory() const { return state_; }

  /// One sync; its events go to the log.
  sync::Result once(const sync::Request& request);
  /// Syncs at each interval and request until stop().
  void run() { loop_.run(); }
  /// Ends run(), and a sync under way at its next step.
  void stop() { queue_.stop(); }
  /// Reads the configuration again before the next sync. A wrong one is refused, with the old one kept.
  void reload() { queue_.reload(); }

  Status status() const override;
  std::optional<git::Fetching> fetching() const override { return fetch_.read(); }
  std::vector<state::SyncRecord> history(std::size_t most) const override;
  std::vector<nlohmann::json> evidence(std::int64_t above, std::size_t most) const override;
  nlohmann::json objects(const std::string& text) const override;
  std::shared_ptr<Run> request_sync(const sync::Request& request) override { return queue_.ask(request); }
  nlohmann::json diff() override;
  void pause(Duration duration, const std::string& who, const std::string& reason) override;
  void resume(const std::string& who) override { pauses_.end(who); }

 private:
  const Log& log_;
  RequestQueue queue_;
  StatusBoard board_;
  git::FetchProgress fetch_;
  OpenState state_;
  Pauses pauses_;
  SyncLoop loop_;
};

}  // namespace greenwave::daemon
