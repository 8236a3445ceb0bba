#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/mutex.h"
#include "config/config.h"
#include "daemon/agent.h"
#include "daemon/open_state.h"
#include "daemon/outcome.h"
#include "report/answer.h"
#include "report/hub_link.h"
#include "report/outbox.h"
#include "report/trouble.h"

namespace greenwave::report {

/// What a Reporter works with. Everything outlives it.
struct ReporterParts {
  daemon::Agent& agent;
  const daemon::OpenState& state;
  const Clock& clock;
  const Log& log;
  /// Shows this among the notes of the status; empty: nothing more.
  std::function<void(const std::string&)> remark;
};

/// Tells the city's hub where this device is, on a thread of its own: after each sync and change of the
/// status that the hub does not know of, and at each heartbeat, at a moment of the device's own. No sync
/// waits for it, and nothing is written for a report but its boot and how much of the history the hub has.
/// Without a hub in the configuration, or a certificate for it, nothing is sent.
class Reporter : public daemon::OutcomeSink {
 public:
  Reporter(ReporterParts parts, const config::Config& config);
  /// Ends at once, with what is under way.
  ~Reporter() override;
  Reporter(const Reporter&) = delete;
  Reporter& operator=(const Reporter&) = delete;

  void take(const daemon::Outcome& outcome) override;

 private:
  /// Of the configuration.
  struct Settings {
    config::Hub hub;
    std::string device;
    Labels labels;

    bool operator==(const Settings&) const = default;
  };
  Settings settings_of(const config::Config& config) const;

  // All of it belongs to the thread that reports.
  void run();
  bool wait();
  void report();
  void hear(const http::Response& response);
  void acknowledge(const Acknowledgement& answer);
  void wait_longer(std::optional<Duration> retry_after, Duration most);
  void fail(const std::string& text, Duration most);
  void plan_heartbeat(bool first);
  void renew_certificate();
  double random();  ///< in [0, 1)

  const ReporterParts parts_;
  const Labels facts_;
  std::atomic<bool> stop_ = false;
  Mutex mutex_;
  greenwave::Condition woken_;
  Settings wanted_ GUARDED_BY(mutex_);
  bool news_ GUARDED_BY(mutex_) = false;

  Settings settings_;
  HubLink link_{stop_};
  Outbox outbox_;
  Trouble trouble_;
  bool go_on_ = false;  ///< the hub may lack more
  unsigned failures_ = 0;
  bool answered_conflict_ = false;  ///< since the last acknowledgement
  Instant not_before_{};            ///< the hub is not asked again before
  Instant heartbeat_{};
  Instant renewal_{};  ///< not tried again before
  Duration interval_ = std::chrono::minutes(5);
  std::minstd_rand random_{std::random_device{}()};
  std::thread thread_;  ///< the last member: it uses the others
};

}  // namespace greenwave::report
