#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "daemon/status.h"
#include "fleet/city.h"
#include "state/history.h"
#include "wire/connection.h"

namespace greenwave::sim {

/// What a device tells its city's hub, as report::Reporter does: news at once, a heartbeat at a moment of its
/// own, again after a failure, records in their order. The loop's thread.
class Reports : private Connection::Asker {
 public:
  /// Without an identity it reports to nobody. `status` is what it tells.
  Reports(World& world, City& city, const std::string& device, std::uint32_t source,
          const std::optional<ClientIdentity>& identity, std::function<daemon::Status()> status);
  ~Reports() override;
  Reports(const Reports&) = delete;
  Reports& operator=(const Reports&) = delete;

  void power_on();
  void power_off();
  void look_again();
  /// Something is to be told, with a record of the history or without.
  void news(std::optional<state::SyncRecord> record = {});

 private:
  void plan();
  void report();
  void answered(Connection& by, Response& response) override;
  void lost(Connection& by) override;
  void acknowledge(std::string_view body);
  void wait_longer(std::optional<Duration> retry_after);
  void plan_heartbeat(bool first);
  double random();

  World& world_;
  City& city_;
  const std::string& device_;
  std::function<daemon::Status()> status_;
  Connection connection_;
  bool is_on_ = false;
  bool reports_ = false;
  hub::Loop::Timer timer_ = 0;

  bool has_news_ = false;
  Instant news_since_{};
  Instant heartbeat_{};
  Instant not_before_{};
  Duration interval_ = std::chrono::minutes(5);
  unsigned failures_ = 0;

  std::int64_t boot_ = 0;
  std::int64_t sequence_ = 0;
  std::int64_t last_record_ = 0;
  std::deque<state::SyncRecord> unsent_;  ///< oldest first
  std::size_t sent_records_ = 0;          ///< of those, in the report under way
  std::string sent_fingerprint_;
  std::string acknowledged_;  ///< the fingerprint of the state that the hub has
};

}  // namespace greenwave::sim
