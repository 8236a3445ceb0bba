#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "config/hub_config.h"
#include "database/connection.h"
#include "loop/loop.h"
#include "notices/mailer.h"
#include "notices/message.h"
#include "outbound/outbound.h"

namespace greenwave::hub {

/// Looks at the rollout, and tells whom notices in hub.yaml names when it halts, when that is over, and how a
/// commit is doing. Any number of hubs may do so: the database decides who tells. On the loop's thread.
class Notifier {
 public:
  /// All outlive this.
  Notifier(const HubConfig& config, Loop& loop, const Log& log, Connection& writer, Connection& reader,
           Outbound& outbound);
  ~Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  /// The database is here.
  void begin();
  /// Waves whose commit goes no further, as of a few seconds ago.
  std::size_t halted() const { return halted_; }
  /// What is not told yet, by any hub of the city.
  std::int64_t waiting() const { return waiting_; }
  /// What this hub is telling now.
  std::size_t under_way() const { return under_way_; }

 private:
  /// What was taken from the queue.
  struct Taken {
    std::string kind;
    std::string subject;
    std::string body;
    int tries = 0;
  };

  void look();
  void judge(const Answer& answer);
  void take();
  void tell(const Taken& taken);
  void call(const Taken& taken, Call call, const std::filesystem::path& authorities);
  void succeed(const Taken& taken);
  void fail(const Taken& taken, const std::string& why, Duration retry_after = {});
  void ask(Query query);

  const HubConfig& config_;
  Loop& loop_;
  const Log& log_;
  Connection& writer_;
  Connection& reader_;
  Outbound& outbound_;
  std::unique_ptr<Mailer> mailer_;     ///< null: nobody is mailed
  std::vector<std::string> channels_;  ///< of halts
  std::vector<std::string> kinds_;     ///< of what is told
  std::map<std::string, bool> fails_;  ///< whether the last try of a kind failed
  std::size_t halted_ = 0;
  std::int64_t waiting_ = 0;
  std::size_t under_way_ = 0;
  Loop::Timer timer_ = 0;
  Instant forgot_{};
};

}  // namespace greenwave::hub
