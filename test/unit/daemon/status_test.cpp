#include "daemon/status.h"

#include <set>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "support/source_directory.h"

using namespace greenwave;
using namespace greenwave::daemon;

namespace {

Time on(int year, int month, int day) {
  return std::chrono::sys_days(std::chrono::year(year) / month / day);
}

/// With every field set.
Status full_status() {
  Status status;
  status.version = "0.1.0";
  status.device = "sf-0042";
  status.cluster = "san-francisco";
  status.repository = "https://git.example/city.git";
  status.branch = "main";
  status.commit = git::Commit{CommitId(std::string(40, 'a')), "Longer green", "Ana", on(2026, 3, 1)};
  status.phase = "idle";
  status.last_sync = on(2026, 3, 2);
  status.last_result = state::SyncResult::failed;
  status.last_took = std::chrono::milliseconds(1234);
  status.last_error = "no route";
  status.next_sync = on(2026, 3, 3);
  status.objects = 12;
  status.in_sync = 10;
  status.drifted = 1;
  status.failed = {{"File/a", "the disk is full", Fault::transient, on(2026, 3, 7)}};
  status.waiting = {{"SystemdUnit/u", "restart for File/a"}};
  status.waiting_why = "outside of the window overnight";
  status.waiting_until = on(2026, 3, 5);
  status.rejected = sync::Rejected{
      .commit = CommitId(std::string(40, 'b')), .reason = "HealthCheck/a: no", .when = on(2026, 3, 6)};
  status.rejected->not_undone = {"Command/flash: it names no undo"};
  status.problems = {"a.yaml:1:1: error: no"};
  status.notes = {"commits are not checked"};
  status.pause = state::Pause{on(2026, 3, 4), "ana", "works"};
  status.pause->duration = std::chrono::hours(2);
  status.pause->began = {"boot", std::chrono::hours(1)};
  status.pause->assumed = "the clock was not set";
  status.bytes_received = 1ULL << 40;
  status.bytes_last_sync = 600;
  status.fetch = git::Fetching{
      CommitId(std::string(40, 'c')), on(2026, 3, 2), std::chrono::minutes(2), 1ULL << 33, 900, 3, 10};
  status.running = false;
  status.followed = {"canary", "refs/heads/wave/canary", CommitId(std::string(40, 'b')), true};
  status.followed.tip = sync::KnownTip{.tip = {.repository = "san-francisco",
                                               .ref = "refs/heads/main",
                                               .commit = status.commit->id,
                                               .sequence = 7,
                                               .issued = on(2026, 3, 1),
                                               .expires = on(2026, 3, 2)},
                                       .is_expired = true};
  status.unreachable_since = on(2026, 3, 1);
  status.signer = git::Signer{"ana@city.example", "SHA256:x"};
  status.errors = 1;
  status.interval = std::chrono::minutes(1);
  status.stale = true;
  status.last_poll = on(2026, 3, 1);
  status.trial = sync::OnTrial{.commit = CommitId(std::string(40, 'c')), .unwell = "no", .own_change = true};
  status.loss = sync::Loss{.when = on(2026, 3, 1), .why = "a page is damaged"};
  status.failed.push_back({"File/b", "refused", Fault::invalid, {}, true});
  return status;
}

/// Those of its members, too.
void add_keys(const nlohmann::json& json, std::set<std::string>& keys) {
  if (json.is_object()) {
    for (const auto& [key, value] : json.items()) keys.insert(key);
  }
  if (!json.is_structured()) return;
  for (const auto& value : json) add_keys(value, keys);
}

/// The names of the list of fields in the manual.
std::set<std::string> documented_keys() {
  auto manual = read_file(test::source_directory() / "packaging/man/greenwave.1", 1 << 20);
  manual.erase(0, manual.find(".Ss The fields of a status"));
  manual.resize(std::min(manual.find(".Sh "), manual.size()));
  std::set<std::string> keys;
  for (const auto& line : split(manual, '\n')) {
    if (!line.starts_with(".It Ic ")) continue;
    for (auto word : split(line.substr(7), ' ')) {
      if (word != ",") keys.emplace(word);
    }
  }
  return keys;
}

}  // namespace

TEST_CASE("status: the manual has every field of the JSON, and no other") {
  std::set<std::string> keys;
  add_keys(to_json(full_status()), keys);
  CHECK(documented_keys() == keys);
}

TEST_CASE("status: what is written as JSON reads back the same") {
  const auto status = full_status();
  const auto json = to_json(status);
  CHECK(json["failed"][0]["reason"] == "the disk is full");
  CHECK(json["nextSync"] == "2026-03-03T00:00:00Z");
  const auto read = status_from_json(nlohmann::json::parse(json.dump()));
  CHECK(to_json(read) == json);
  CHECK(read.last_took == status.last_took);
  CHECK(read.pause->until == status.pause->until);
  CHECK(read.commit->time == status.commit->time);
  CHECK_FALSE(read.running);
  CHECK(read.followed.is_held);
  CHECK(read.followed.tip == status.followed.tip);
  CHECK(read.unreachable_since == status.unreachable_since);
}

TEST_CASE("status: before the first sync, what is unknown stays unknown") {
  const auto read = status_from_json(to_json(Status{}));
  CHECK_FALSE(read.commit);
  CHECK_FALSE(read.last_sync);
  CHECK_FALSE(read.next_sync);
  CHECK_FALSE(read.pause);
  CHECK(read.running);
}

TEST_CASE("status: JSON of another form is refused with a remedy") {
  try {
    status_from_json(nlohmann::json::parse(R"({"objects":"many"})"));
    FAIL("no error came");
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::invalid);
    CHECK(error.remedy() == "are greenwave and greenwaved of the same version?");
  }
}
