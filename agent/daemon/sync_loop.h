#pragma once

#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "config/config.h"
#include "daemon/fetcher.h"
#include "daemon/open_state.h"
#include "daemon/outcome.h"
#include "daemon/pauses.h"
#include "daemon/repeats.h"
#include "daemon/request_queue.h"
#include "daemon/status_board.h"
#include "daemon/timetable.h"
#include "daemon/watch.h"
#include "sync/sync.h"

namespace greenwave::daemon {

struct Wiring;

/// What the thread that syncs works with. Everything outlives it.
struct LoopParts {
  std::filesystem::path config_file;
  std::filesystem::path root;
  const Log& log;
  const Clock& clock;
  std::function<void()> heartbeat;
  git::FetchProgress& fetch;
  RequestQueue& queue;
  StatusBoard& board;
  OpenState& state;
  Pauses& pauses;
  bool once = false;  ///< there is one sync alone
};

/// Takes requests, syncs, and tells what came of it. One thread; the server is asked on another, so that
/// drift is repaired, bundles are taken and requests answered however long that takes.
class SyncLoop {
 public:
  /// Throws Error when the configuration is wrong or the state directory can't be used.
  explicit SyncLoop(LoopParts parts);
  ~SyncLoop();

  const config::Config& config() const;
  /// Call before run(). The sink outlives this.
  void tell(OutcomeSink& sink) { sinks_.push_back(&sink); }

  /// Until the queue is stopped, which is closed then.
  void run();
  /// `delivery`: what came of asking the server; without it, the sync asks itself.
  sync::Result sync(const Asked& asked, state::Trigger trigger, std::optional<sync::Delivery> delivery = {});
  /// Answers once the server has.
  using Diff = std::shared_ptr<std::promise<nlohmann::json>>;
  void diff(Diff answer);
  std::vector<std::string> notes() const;
  /// Tells the sinks of a status that changed without a sync, or of the sync that changed it.
  void report(const sync::Result* result);

 private:
  void open(config::Config config, std::shared_ptr<state::State> opened, std::string process);
  void replace_config();
  Pace pace() const;
  void start_timetable();
  void plan_after(const sync::Result& result);
  void renew();
  void reload();
  void restart(const std::string& reason);
  void take(const Work& work);
  void take_request(const Asked& asked);
  void look_at_clock();
  void watch();
  void watched();

  /// A question to the server under way, and what it is for.
  struct Fetching {
    UnderWay under_way;
    std::optional<Asked> sync{};
    state::Trigger trigger{};
    std::vector<Diff> diffs{};
  };
  void fetch(const Asked& asked, state::Trigger trigger);
  void ask();
  void ask_again();
  void arrive();
  void go_on(Fetching& fetched, sync::Delivery delivery);
  void answer(const std::vector<Diff>& diffs, const sync::Request& request,
              std::optional<sync::Delivery> delivery);
  sync::Standing known_standing();
  sync::Result sync_or_recover(const sync::Request& request, state::Trigger trigger,
                               const sync::Observer& observer, std::optional<sync::Delivery> delivery);
  std::uint64_t bytes_since_last_sync();

  const LoopParts parts_;
  std::string
      process_;  ///< no other run of the agent has this name, nor had it before a change of its configuration
  std::vector<OutcomeSink*> sinks_;
  std::unique_ptr<Wiring> wiring_;
  sync::Standing standing_;  ///< of the last sync that came to its end, or of the state
  Timetable timetable_;
  Repeats repeats_;
  std::unique_ptr<Fetching> fetching_;
  std::uint64_t received_ = 0;  ///< what the transport counted when it was last idle
  std::optional<Fetcher> fetcher_;
  std::optional<Watch> watch_;
  unsigned changes_ = 0;  ///< that the server told of, one right after the other
  Instant deaf_until_{};  ///< it is not listened to before
};

}  // namespace greenwave::daemon
