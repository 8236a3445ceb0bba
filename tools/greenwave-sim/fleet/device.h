#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "daemon/hold_length.h"
#include "daemon/timetable.h"
#include "fleet/city.h"
#include "fleet/rehearsal.h"
#include "fleet/reports.h"
#include "sync/course.h"
#include "sync/intake/following.h"
#include "wire/connection.h"

namespace greenwave::sim {

/// One device of a fleet, without what it does to itself: it asks, holds, fetches, tries, goes back and
/// reports when and as an agent does, by the agent's own code; nothing is applied. The loop's thread.
class Device : private Connection::Asker {
 public:
  /// `number`: in its fleet. Everything outlives this.
  Device(World& world, City& city, std::size_t number, std::string id,
         const std::optional<ClientIdentity>& identity);
  ~Device() override;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  const std::string& id() const { return id_; }
  bool is_on() const { return is_on_; }
  /// What it was applied before, and how it came there.
  void install(const std::shared_ptr<const Fetched>& fetched);
  void power_on();
  /// Nobody is told.
  void power_off();
  /// Time passes at another pace: what it waits for comes at another moment.
  void look_again();

 private:
  enum class Doing { nothing, polling, greeting, listing, fetching, holding };

  // When to do what.
  void look();
  void plan();
  void ended(bool answered, Duration retry_after);
  daemon::Pace pace() const { return {.device = id_, .interval = city_.interval}; }

  // Asking.
  void poll();
  void hold(Duration most);
  void list_refs();
  void took_tip(Response& response);
  void took_greeting(const Response& response);
  void took_refs(const Response& response);
  void took_held(Response& response);
  void found(const std::string& ref, const CommitId& target);
  void fetch(const CommitId& target);
  void send_next();
  void has_fetched();
  void ask(Doing what, const std::string& path, const std::string& headers, const std::string& body,
           Duration patience);
  void answered(Connection& by, Response& response) override;
  void lost(Connection& by) override;

  // What comes of a commit.
  void apply();
  void judge();
  daemon::Status status() const;
  bool breaks(const git::Commit& commit) const;
  double random();

  World& world_;
  City& city_;
  const std::string id_;
  bool is_on_ = false;
  hub::Loop::Timer timer_ = 0;
  daemon::Timetable timetable_;
  Instant due_{};  ///< of the poll under way

  Connection git_;
  Doing doing_ = Doing::nothing;
  bool has_tip_file_ = true;
  bool can_hold_ = false;
  bool knows_greeting_ = false;
  CommitId tip_;
  std::string tip_tag_;
  Instant fresh_until_{};
  daemon::HoldLength hold_length_;
  Duration held_for_{};
  Instant held_since_{};

  sync::Following following_;
  CommitId target_;
  CommitId known_;                         ///< the last target that it has learnt of
  std::shared_ptr<const Fetched> coming_;  ///< that is being fetched, or tried
  std::size_t sent_ = 0;                   ///< of its requests
  git::Commit commit_;                     ///< applied
  git::Commit good_;                       ///< that it goes back to
  sync::Course course_;
  hub::Loop::Timer working_ = 0;  ///< on a commit

  Reports reports_;
};

}  // namespace greenwave::sim
