// The history and settings of State.
#include <algorithm>
#include <limits>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "state/evidence.h"
#include "state/handle.h"
#include "state/keys.h"
#include "state/state.h"

namespace greenwave::state {

namespace {

constexpr std::int64_t most_syncs = 1000;
constexpr std::int64_t most_bytes = std::int64_t{8} * 1024 * 1024;
constexpr auto longest = std::chrono::hours(24 * 30);
constexpr std::int64_t always_kept =
    100;  // whatever their age: a clock that is years ahead must not erase all

constexpr const char* pause_key = "pause";

std::int64_t milliseconds(Time time) {
  return time.time_since_epoch().count();
}

/// Bit errors in worn flash may still be valid JSON, or a time that makes no sense.
template <typename Read>
auto read_record(const std::string& text, Read read) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  try {
    if (json.is_object()) return read(json);
  } catch (const Error&) {
    // The message below is enough: nobody can fix the record.
  }
  throw Error(Fault::damaged, "a record in the state file cannot be read",
              "the file is set aside and created again; what is on the device is then adopted again");
}

/// Outside bytes (a path, a program's output) may not be UTF-8.
std::string text_of(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void bound(Database& database, Time now) {
  database.prepare("DELETE FROM history WHERE number <= (SELECT max(number) FROM history) - ?")
      .bind(most_syncs)
      .run();
  // The newest is kept whatever its size.
  database
      .prepare(R"sql(
        DELETE FROM history WHERE number < (SELECT max(number) FROM history) AND number <= (
          SELECT number FROM (SELECT number, sum(size) OVER (ORDER BY number DESC) AS total FROM history)
          WHERE total > ? ORDER BY number DESC LIMIT 1)
      )sql")
      .bind(most_bytes)
      .run();
  if (now < clock_is_set) return;
  database
      .prepare(
          "DELETE FROM history WHERE started >= ? AND started < ? "
          "AND number <= (SELECT max(number) FROM history) - ?")
      .bind(milliseconds(clock_is_set))
      .bind(milliseconds(now - longest))
      .bind(always_kept)
      .run();
}

std::optional<std::string> read_setting(Database& database, const std::string& key) {
  auto row = database.prepare("SELECT value FROM settings WHERE key = ?");
  row.bind(key);
  if (!row.next()) return {};
  return row.text(0);
}

void write_setting(Database& database, const std::string& key, const std::string& value) {
  database
      .prepare(
          "INSERT INTO settings (key, value) VALUES (?, ?) "
          "ON CONFLICT DO UPDATE SET value = excluded.value WHERE value <> excluded.value")
      .bind(key)
      .bind(value)
      .run();
}

std::string value_key(const char* key) {
  return std::string("value:") + key;
}

/// Worn flash may make a line unreadable: that shows in the chain, and costs nothing else of the state.
nlohmann::json read_line(std::int64_t number, const std::string& text) {
  auto line = nlohmann::json::parse(text, nullptr, false);
  const auto has = [&line](const char* key) { return line.is_object() && line.contains(key); };
  if (has("hash") && line["hash"].is_string() && has("number") && line["number"].is_number_integer())
    return line;
  return {{"number", number}, {"event", "damaged"}, {"hash", ""}};
}

void add_evidence(Database& database, nlohmann::json line) {
  std::int64_t number = 1;
  std::string previous;
  {
    auto last = database.prepare("SELECT number, line FROM evidence ORDER BY number DESC LIMIT 1");
    if (last.next()) {
      number = last.number(0) + 1;
      previous = read_line(last.number(0), last.text(1)).at("hash");
    }
  }
  if (auto device = read_setting(database, value_key(keys::device))) line["device"] = std::move(*device);
  const auto text = chained(std::move(line), number, previous);
  database.prepare("INSERT INTO evidence (number, line) VALUES (?, ?)").bind(number).bind(text).run();
  database.prepare("DELETE FROM evidence WHERE number <= ?").bind(number - most_lines).run();
}

/// Of a sync that neither ended nor was recorded.
void add_interrupted(Database& database) {
  const auto text = read_setting(database, value_key(keys::under_way)).value_or("");
  if (text.empty()) return;
  add_evidence(database, read_record(text, [](const auto& line) { return line; }));
  write_setting(database, value_key(keys::under_way), "");
}

/// Writes nothing where none is under way.
void forget_under_way(Database& database) {
  database.prepare("UPDATE settings SET value = '' WHERE key = ? AND value <> ''")
      .bind(value_key(keys::under_way))
      .run();
}

}  // namespace

void State::record(const SyncRecord& sync, Time now) {
  const auto body = text_of(to_json(sync));
  const Lock lock(mutex_);
  Transaction transaction(*database_);
  database_->prepare("INSERT INTO history (started, size, body) VALUES (?, ?, ?)")
      .bind(milliseconds(sync.started))
      .bind(static_cast<std::int64_t>(body.size()))
      .bind(body)
      .run();
  bound(*database_, now);
  add_evidence(*database_, evidence_of(sync, false));
  if (is_sync(sync)) forget_under_way(*database_);
  transaction.commit();
}

void State::note(const SyncRecord& sync) {
  const Lock lock(mutex_);
  Transaction transaction(*database_);
  add_evidence(*database_, evidence_of(sync, false));
  if (is_sync(sync)) forget_under_way(*database_);
  transaction.commit();
}

void State::note(const SyncRecord& sync, const std::string& key, const std::string& value) {
  const Lock lock(mutex_);
  Transaction transaction(*database_);
  add_evidence(*database_, evidence_of(sync, false));
  write_setting(*database_, value_key(key.c_str()), value);
  transaction.commit();
}

void State::begin(const SyncRecord& sync) {
  note_interrupted();
  note_value(keys::under_way, text_of(evidence_of(sync, true)));
}

void State::end() {
  const Lock lock(mutex_);
  const Unsynced unsynced(*database_);
  forget_under_way(*database_);
}

void State::note_interrupted() {
  if (value(keys::under_way).value_or("").empty()) return;
  const Lock lock(mutex_);
  Transaction transaction(*database_);
  add_interrupted(*database_);
  transaction.commit();
}

std::vector<nlohmann::json> State::evidence(std::int64_t above, std::size_t most) const {
  const Lock lock(mutex_);
  std::vector<nlohmann::json> lines;
  auto rows =
      database_->prepare("SELECT number, line FROM evidence WHERE number > ? ORDER BY number LIMIT ?");
  rows.bind(above).bind(static_cast<std::int64_t>(std::min<std::size_t>(most, most_lines)));
  while (rows.next()) lines.push_back(read_line(rows.number(0), rows.text(1)));
  return lines;
}

std::int64_t State::last_evidence() const {
  const Lock lock(mutex_);
  auto row = database_->prepare("SELECT coalesce(max(number), 0) FROM evidence");
  row.next();
  return row.number(0);
}

std::vector<SyncRecord> State::history(std::size_t most) const {
  return history_between(0, std::numeric_limits<std::int64_t>::max(), most);
}

std::vector<SyncRecord> State::history_between(std::int64_t above, std::int64_t below,
                                               std::size_t most) const {
  const Lock lock(mutex_);
  std::vector<SyncRecord> syncs;
  auto rows = database_->prepare(
      "SELECT number, started, body FROM history WHERE number > ? AND number < ? "
      "ORDER BY number DESC LIMIT ?");
  rows.bind(above).bind(below).bind(static_cast<std::int64_t>(std::min<std::size_t>(most, most_syncs)));
  while (rows.next()) {
    auto& sync = syncs.emplace_back(read_record(rows.text(2), sync_record_from_json));
    sync.number = rows.number(0);
    sync.started = Time(Duration(rows.number(1)));
  }
  return syncs;
}

std::optional<Pause> State::pause() const {
  const Lock lock(mutex_);
  const auto text = read_setting(*database_, pause_key);
  if (!text) return {};
  return read_record(*text, pause_from_json);
}

void State::set_pause(const std::optional<Pause>& pause) {
  const Lock lock(mutex_);
  if (pause) {
    write_setting(*database_, pause_key, text_of(to_json(*pause)));
  } else {
    database_->prepare("DELETE FROM settings WHERE key = ?").bind(pause_key).run();
  }
}

std::optional<std::string> State::value(const std::string& key) const {
  const Lock lock(mutex_);
  return read_setting(*database_, value_key(key.c_str()));
}

void State::set_value(const std::string& key, const std::string& value) {
  const Lock lock(mutex_);
  write_setting(*database_, value_key(key.c_str()), value);
}

void State::note_value(const std::string& key, const std::string& value) {
  const Lock lock(mutex_);
  const Unsynced unsynced(*database_);
  write_setting(*database_, value_key(key.c_str()), value);
}

}  // namespace greenwave::state
