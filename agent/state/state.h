#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/clock.h"
#include "base/mutex.h"
#include "model/entry.h"
#include "plan/plan.h"
#include "state/history.h"
#include "state/pause.h"

namespace greenwave::state {

class Database;

/// The agent's memory, in one SQLite file (WAL, synchronous=FULL: when a call here has returned, its result
/// survives a power cut). Other files in the state directory belong to the git store, the key for digests,
/// and bundles while they arrive. Thread-safe; every call is short. Throws Error: damaged (unreadable file)
/// or transient (a full disk).
class State {
 public:
  /// Opens or creates the file, and upgrades an older schema.
  explicit State(const std::filesystem::path& file);
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// Reads the last state while no daemon runs: writes nothing, and needs no permission to. Nothing when
  /// there is no file.
  static std::unique_ptr<State> open_read_only(const std::filesystem::path& file);

  /// Renames a damaged file (and its WAL) to FILE.damaged, so that a new one can be created.
  static void set_aside(const std::filesystem::path& file);

  /// Writes a copy of the file as it is now, for a Greenwave that knows no newer schema. `file` must not
  /// exist.
  void copy_to(const std::filesystem::path& file) const;

  /// Reads every page and record. After a call met damage, this shows whether it is in this store.
  bool sound() const;

  /// All entries, ordered by id.
  std::vector<Entry> inventory() const;

  /// Call before the first change to the device. Marks the entries as intended (inserts new ones with their
  /// claims, rank, record and keep; known ones get these too, and keep digest and files) and stores the
  /// restarts that their change will owe. One durable transaction; writes only what changes.
  void intend(std::span<const Entry> entries, std::span<const plan::Owed> owed);

  /// Call after the device changed. Replaces the entries, drops the forgotten ones (and what was owed to
  /// them), and clears the restarts and reloads that were done: those of a unit for a cause. One durable
  /// transaction; writes only what changes.
  void settle(std::span<const Entry> entries, std::span<const ObjectId> forgotten,
              std::span<const plan::Owed> done);

  std::vector<plan::Owed> owed() const;

  /// Adds to the history, and to the evidence, and trims it to the last 1,000 syncs, 8 MiB in total. Beyond
  /// the last 100, syncs older than 30 days go too (by `now`; times when the clock was clearly unset do not
  /// count).
  void record(const SyncRecord& sync, Time now);
  /// Newest first.
  std::vector<SyncRecord> history(std::size_t most) const;
  /// Those with `above` < number < `below`, newest first.
  std::vector<SyncRecord> history_between(std::int64_t above, std::int64_t below, std::size_t most) const;

  /// Evidence of a record that the history does not take.
  void note(const SyncRecord& sync);
  /// And, together with it, a value as in set_value.
  void note(const SyncRecord& sync, const std::string& key, const std::string& value);
  /// Call before a sync changes the device, with what it is about to do. It is durable with the next durable
  /// call, which intend() is. Ends with the record of a sync, or with end(); what neither ended is evidence
  /// by itself, from the next begin() or note_interrupted() on.
  void begin(const SyncRecord& sync);
  void end();
  void note_interrupted();
  /// The lines of evidence (evidence.h) above a number, oldest first. One that cannot be read is {"number",
  /// "event": "damaged", "hash": ""}.
  std::vector<nlohmann::json> evidence(std::int64_t above, std::size_t most) const;
  /// The number of the last one; zero: there is none.
  std::int64_t last_evidence() const;

  std::optional<Pause> pause() const;
  void set_pause(const std::optional<Pause>& pause);

  /// Small values of the sync loop; `key` is one of state/keys.h.
  std::optional<std::string> value(const std::string& key) const;
  /// Writes nothing if the value is unchanged.
  void set_value(const std::string& key, const std::string& value);
  /// Like set_value, for values that a power cut may lose: durable with the next durable call, and never
  /// without the writes before it.
  void note_value(const std::string& key, const std::string& value);

 private:
  explicit State(std::unique_ptr<Database> database);

  mutable Mutex mutex_;
  std::unique_ptr<Database> database_ PT_GUARDED_BY(mutex_);
};

}  // namespace greenwave::state
