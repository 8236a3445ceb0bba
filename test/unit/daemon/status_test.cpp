#include "daemon/status.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/error.h"

using namespace greenwave;
using namespace greenwave::daemon;

namespace {

Time on(int year, int month, int day) {
  return std::chrono::sys_days(std::chrono::year(year) / month / day);
}

}  // namespace

TEST_CASE("status: what is written as JSON reads back the same") {
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
  status.failed = {{"File/a", "the disk is full"}};
  status.waiting = {{"SystemdUnit/u", "restart for File/a"}};
  status.waiting_why = "outside of the window overnight";
  status.waiting_until = on(2026, 3, 5);
  status.rejected = sync::Rejected{
      .commit = CommitId(std::string(40, 'b')), .reason = "HealthCheck/a: no", .when = on(2026, 3, 6)};
  status.rejected->not_undone = {"Command/flash: it names no undo"};
  status.problems = {"a.yaml:1:1: error: no"};
  status.notes = {"commits are not checked"};
  status.pause = state::Pause{on(2026, 3, 4), "ana", "works"};
  status.bytes_received = 1ULL << 40;
  status.bytes_last_sync = 600;
  status.running = false;
  status.followed = {"canary", "refs/heads/wave/canary", CommitId(std::string(40, 'b')), true};
  status.unreachable_since = on(2026, 3, 1);
  status.signer = git::Signer{"ana@city.example", "SHA256:x"};

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
  CHECK(read.unreachable_since == status.unreachable_since);
}

TEST_CASE("status: a device in its commit's state is healthy, whether or not the repository can be reached") {
  Status status;
  CHECK(health_of(status) == "progressing");
  status.commit = git::Commit{CommitId(std::string(40, 'a')), "Longer green", "Ana", on(2026, 3, 1)};
  status.last_result = state::SyncResult::in_sync;
  CHECK(health_of(status) == "healthy");
  status.last_result = state::SyncResult::error;
  status.last_error = "no route";
  CHECK(health_of(status) == "failed");  // a commit was refused, say
  status.unreachable_since = on(2026, 3, 1);
  CHECK(health_of(status) == "healthy");
  status.failed = {{"File/a", "the disk is full"}};
  CHECK(health_of(status) == "failed");
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
