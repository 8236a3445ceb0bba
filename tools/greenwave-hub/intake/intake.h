#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "database/connection.h"
#include "intake/report.h"
#include "loop/loop.h"

namespace greenwave::hub {

/// What came of a report.
struct Receipt {
  enum class Kind {
    acknowledged,  ///< it is durable, or was already
    behind,        ///< the hub knows a later boot of this device
    refused,       ///< the database takes no such values
    unavailable,   ///< it may be durable or not: to be sent again
  };
  Kind kind = Kind::unavailable;
  std::int64_t boot = 0;                  ///< for behind: the later one
  bool send_state = false;                ///< of a heartbeat: there is no state of this boot
  std::optional<std::string> asked_by{};  ///< who wants the device to sync now
  std::string asked_why{};
};

struct IntakeCounts {
  std::uint64_t acknowledged = 0;
  std::uint64_t repeated = 0;
  std::uint64_t refused = 0;
  std::uint64_t unavailable = 0;
  std::uint64_t batches = 0;
};

/// Takes reports, and makes them durable many at a time: a batch goes when it is full, or 20 ms after its
/// first report. On the loop's thread.
class Intake {
 public:
  using Then = std::function<void(const Receipt& receipt)>;

  /// All outlive this.
  Intake(Loop& loop, const Log& log, Connection& database, std::string city);
  ~Intake();
  Intake(const Intake&) = delete;
  Intake& operator=(const Intake&) = delete;

  /// `then` is called once, never from within this call.
  void take(Report report, Then then);

  /// Takes nothing before the database has its schema.
  void open() { is_open_ = true; }
  bool is_open() const { return is_open_; }
  /// Reports that wait for the database.
  std::size_t waiting() const { return queue_.size() + under_way_; }
  const IntakeCounts& counts() const { return counts_; }

 private:
  struct Waiting {
    Report report;
    Then then;
  };
  using Batch = std::vector<Waiting>;

  void send_soon();
  void send();
  Batch next_batch();
  void ask(const std::shared_ptr<Batch>& batch);
  void answer(const std::shared_ptr<Batch>& batch, const Answer& answer);
  void answer_each(Batch& batch, const Answer& rows);
  void finish(Waiting& waiting, const Receipt& receipt);

  Loop& loop_;
  const Log& log_;
  Connection& database_;
  std::string city_;
  bool is_open_ = false;
  std::deque<Waiting> queue_;
  std::size_t under_way_ = 0;  ///< reports in batches that were sent
  std::size_t batches_ = 0;    ///< that were sent
  Loop::Timer timer_ = 0;
  IntakeCounts counts_;
};

}  // namespace greenwave::hub
