#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "model/inventory.h"
#include "plan/plan.h"
#include "state/history.h"

namespace greenwave::state {

class Database;

/// The agent's memory, one SQLite file (WAL, synchronous=FULL: what a call here returned from survives a
/// power cut). The only part of the agent that writes its state directory, the git store aside. Thread-safe;
/// every call is short. Throws Error (damaged) when the file cannot be read, transient when it cannot be
/// written (a full disk).
class State {
 public:
  /// Opens or creates it, and brings an older schema up to date.
  explicit State(const std::filesystem::path& file);
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// For a look at the last state when no daemon runs: writes nothing, and needs no right to. Nothing when
  /// there is no file.
  static std::unique_ptr<State> open_read_only(const std::filesystem::path& file);

  /// Moves a damaged file (and its WAL) aside as FILE.damaged, so that a new one can be made.
  static void set_aside(const std::filesystem::path& file);

  /// Reads every page and record: tells which store is damaged when a call met damage somewhere.
  bool sound() const;

  /// All entries, ordered by id.
  std::vector<Entry> inventory() const;

  /// Before the first change to the device: marks the entries as intended (new ones are inserted with their
  /// claims, rank, record and keep; known ones get these too, and keep digest and files) and remembers the
  /// restarts that their change will owe. One durable transaction; nothing is written where nothing changes.
  void intend(std::span<const Entry> entries, std::span<const plan::Owed> owed);

  /// After the device changed, durably: replaces the entries, drops the forgotten ones (and what was owed to
  /// them), and clears the restarts and reloads that were done: those of a unit for a cause. One durable
  /// transaction; nothing is written where nothing changes.
  void settle(std::span<const Entry> entries, std::span<const ObjectId> forgotten,
              std::span<const plan::Owed> done);

  std::vector<plan::Owed> owed() const;

  /// Adds to the history and bounds it: the last 1,000 syncs, none older than 30 days (by `now`; times at
  /// which the clock was plainly unset do not count), 8 MiB in all.
  void record(const SyncRecord& sync, Time now);
  /// Newest first.
  std::vector<SyncRecord> history(std::size_t most) const;

  std::optional<Pause> pause() const;
  void set_pause(const std::optional<Pause>& pause);

  /// Small values of the sync loop; `key` is one of state/keys.h.
  std::optional<std::string> value(const std::string& key) const;
  /// Writes nothing when the value is already there.
  void set_value(const std::string& key, const std::string& value);
  /// The same for what may be lost in a power cut: it becomes durable with the next call that is, and never
  /// without those before it.
  void note_value(const std::string& key, const std::string& value);

 private:
  explicit State(std::unique_ptr<Database> database);

  mutable Mutex mutex_;
  std::unique_ptr<Database> database_ PT_GUARDED_BY(mutex_);
};

}  // namespace greenwave::state
