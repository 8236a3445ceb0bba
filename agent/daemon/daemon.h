#pragma once

#include <atomic>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "base/log.h"
#include "base/mutex.h"
#include "config/config.h"
#include "daemon/agent.h"
#include "sync/objects.h"
#include "sync/sync.h"

namespace greenwave::daemon {

struct Wiring;

/// Is told of each sync when it has ended, and (without a result) of other changes of the status.
using Report = std::function<void(const config::Config&, const Status&, const sync::Result*)>;

/// The agent of this device: decides when to sync, and answers the control API meanwhile. run() or once()
/// belongs to one thread; everything else may be called from any.
class Daemon : public Agent {
 public:
  /// `heartbeat` is called at least every 30 s while the agent makes progress (for a watchdog).
  /// Throws Error when the configuration is wrong or the state directory can't be used.
  Daemon(std::filesystem::path config_file, std::filesystem::path root, const Log& log, const Clock& clock,
         std::function<void()> heartbeat);
  ~Daemon() override;

  const config::Config& config() const;

  /// `report` is called on the thread of run(). Call before it.
  void report_to(Report report) { report_ = std::move(report); }

  /// One sync; its events go to the log.
  sync::Result once(const sync::Request& request);
  /// Syncs at each interval and request until stop().
  void run();
  /// Ends run(), and a sync under way at its next step.
  void stop();
  /// Reads the configuration again before the next sync. A wrong one is refused, with the old one kept.
  void reload();

  Status status() const override;
  std::vector<state::SyncRecord> history(std::size_t most) const override;
  nlohmann::json objects(const std::string& text) const override;
  std::shared_ptr<Run> request_sync(const sync::Request& request) override;
  nlohmann::json diff() override;
  void pause(Duration duration, const std::string& who, const std::string& reason) override;
  void resume(const std::string& who) override;

 private:
  /// What one sync was asked for, by one or more.
  struct Waiting {
    sync::Request request;
    std::vector<std::shared_ptr<Run>> runs;
  };

  /// What run() has to do next.
  struct Work {
    std::optional<Waiting> waiting{};
    std::function<void()> job{};
    bool reload = false;
  };

  /// Returns when there is some, or it is time to look at the clock.
  Work wait_for_work();
  void open(config::Config config, std::shared_ptr<state::State> opened);
  void replace_config();
  sync::Result sync(const sync::Request& request, state::Trigger trigger,
                    const std::vector<std::shared_ptr<Run>>& runs);
  sync::Result sync_or_recover(const sync::Request& request, state::Trigger trigger,
                               const sync::Observer& observer);
  void tell(const sync::Event& event, const std::vector<std::shared_ptr<Run>>& runs);
  void publish(const sync::Result& result);
  void end_jobs();
  void refuse(const Waiting& waiting, const state::Pause& pause);
  void plan_next(const sync::Result* last);
  Instant next_wake() const;
  void make_busy_directory() const;
  bool has_opened() const;
  void go_on();
  std::optional<state::Pause> standing_pause();
  std::shared_ptr<state::State> state() const;
  void record_pause(state::Trigger trigger, const std::string& who, const std::string& reason);

  const std::filesystem::path config_file_;
  const std::filesystem::path root_;
  const Log& log_;
  const Clock& clock_;
  const std::function<void()> heartbeat_;
  const std::string process_;  ///< no other run of the agent has this name
  Report report_ = [](const config::Config&, const Status&, const sync::Result*) {};
  std::atomic<bool> stop_ = false;
  std::unique_ptr<Wiring> wiring_;  ///< of the thread of run()
  Instant next_{};                  ///< of the thread of run()
  std::optional<Time> opening_;     ///< when what waits may go on; of the thread of run()
  unsigned failures_ = 0;           ///< of the server, in a row; of the thread of run()
  std::mt19937_64 random_;

  mutable Mutex mutex_;
  Condition wake_;
  /// Shared, since a control request may still read it while a damaged one is replaced.
  std::shared_ptr<state::State> state_ GUARDED_BY(mutex_);
  sync::Describe describe_ GUARDED_BY(mutex_);  ///< of what objects are now; may be called from any thread
  Status status_ GUARDED_BY(mutex_);
  std::deque<Waiting> waiting_ GUARDED_BY(mutex_);
  std::deque<std::function<void()>> jobs_ GUARDED_BY(mutex_);
  bool reload_ GUARDED_BY(mutex_) = false;
  bool ended_ GUARDED_BY(mutex_) = false;  ///< run() takes no jobs any more
};

}  // namespace greenwave::daemon
