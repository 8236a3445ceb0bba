#include <catch2/catch.hpp>

#include "base/text.h"
#include "text.h"

using namespace greenwave;
using namespace std::chrono_literals;

namespace {

Time at(const char* iso) {
  return from_iso(iso);
}

daemon::Status healthy() {
  daemon::Status status;
  status.version = "0.1.0";
  status.device = "sf-0042";
  status.cluster = "san-francisco";
  status.repository = "https://git.example/traffic/san-francisco.git";
  status.branch = "main";
  status.commit = git::Commit{CommitId("1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d"),
                              "Retime Fulton for the school term", "Alice Diaz", at("2026-11-24T03:11:50Z")};
  status.phase = "idle";
  status.last_sync = at("2026-11-24T06:11:25Z");
  status.last_result = state::SyncResult::in_sync;
  status.last_took = 1240ms;
  status.next_sync = at("2026-11-24T06:12:25Z");
  status.objects = 44;
  status.in_sync = 44;
  status.bytes_received = 123'456;
  status.bytes_last_sync = 612;
  return status;
}

const Time now = at("2026-11-24T06:11:50Z");

std::string text_of(const daemon::Status& status, bool color = false) {
  return cli::status_text(status, now, {color, color, 80});
}

}  // namespace

TEST_CASE("status: a device in sync, on one screen") {
  CHECK(text_of(healthy()) == R"(In sync.

Device      sf-0042, cluster san-francisco
Repository  https://git.example/traffic/san-francisco.git, branch main
Commit      1a2b3c4d5e6f Retime Fulton for the school term
            by Alice Diaz, 2026-11-24 03:11 UTC (3h ago)
Last sync   2026-11-24 06:11 UTC (25s ago): in sync, took 1s
Next sync   in 35s
Objects     44 of 44 in sync
Received    612 B in the last sync, 121 KiB since the start
)");
}

TEST_CASE("status: how far a fetch is stands where the next sync does") {
  auto status = healthy();
  status.phase = "fetching";
  status.fetch = git::Fetching{.commit = CommitId("4fa52342af35c0ffee"),
                               .since = now - 2min,
                               .took = 2min,
                               .bytes = 120 << 10,
                               .rate = 900,
                               .objects = 12,
                               .announced = 40};
  const auto text = text_of(status);
  CHECK_THAT(text, Catch::Contains(
                       "\nNow         fetching 4fa52342af35 for 2m: 120 KiB, 30% of 40 objects, 900 B/s\n"));
  CHECK_THAT(text, !Catch::Contains("Next sync"));
}

TEST_CASE("status: text is wrapped at any width, and where there is none each text is in one line") {
  auto status = healthy();
  const std::string reason =
      "the disk is full and nothing more can be written to it until somebody makes room";
  status.repository = "https://git.example/sf.git";
  status.failed = {{"File/a", reason}, {.object = "File/b", .reason = reason, .refused = true}};
  status.problems = {"base/a.yaml:1:1: warning: " + reason};
  status.notes = {reason};
  status.waiting = {{"SystemdUnit/u", "restart for File/chrony, File/other and whatever else was changed"}};
  status.waiting_why = "outside of the window overnight, and the program that is busy has not ended";
  status.waiting_until = now + 2h;
  status.followed.is_held = true;
  status.loss = sync::Loss{now - 1h, reason};
  for (const std::size_t width : {40U, 60U, 80U, 120U}) {
    const auto text = cli::status_text(status, now, {false, false, width});
    for (const auto line : split(text, '\n')) {
      // What is to be copied stays whole, and a word too.
      const bool is_copied = line.find("greenwave ") != std::string_view::npos;
      const bool is_a_word = line.substr(line.find_first_not_of(' ') + 1).find(' ') == std::string_view::npos;
      INFO(width << ": " << line);
      CHECK((line.size() <= width || is_copied || is_a_word));
    }
  }
  const auto whole = cli::status_text(status, now, {false, false, cli::unlimited});
  std::size_t count = 0;
  for (const auto line : split(whole, '\n')) count += line.find(reason) != std::string_view::npos ? 1 : 0;
  CHECK(count == 5);
}

TEST_CASE("status: where commits are checked, who signed the applied one is below it") {
  auto status = healthy();
  status.signer = git::Signer{"ana@city.example", "SHA256:x"};
  CHECK_THAT(text_of(status), Catch::Contains("by Alice Diaz, 2026-11-24 03:11 UTC (3h ago)\n"
                                              "            signed by ana@city.example, SHA256:x\n"));
}

TEST_CASE("status: a failure has its reason and the fix, a problem its place") {
  auto status = healthy();
  status.phase = "applying";
  status.last_result = state::SyncResult::failed;
  status.in_sync = 41;
  status.drifted = 1;
  status.failed = {
      {"File/chrony", "cannot write /etc/chrony/chrony.conf: No space left on device; free some space"},
      {"SystemdUnit/spat.service", "it ended with status 3"}};
  status.problems = {"base/chrony.yaml:3:5: error: File's spec has no \"contnet\"; did you mean content?"};
  status.errors = 1;
  status.notes = {"commits are not checked: trust.allowedSigners is not set"};
  CHECK(text_of(status) == R"(2 of 44 objects failed.
Parts of the commit were refused: 1 error in the repository.

Device      sf-0042, cluster san-francisco
Repository  https://git.example/traffic/san-francisco.git, branch main
Commit      1a2b3c4d5e6f Retime Fulton for the school term
            by Alice Diaz, 2026-11-24 03:11 UTC (3h ago)
Last sync   2026-11-24 06:11 UTC (25s ago): failed, took 1s
Now         applying
Objects     41 of 44 in sync, 1 had drifted and was repaired, 2 failed
Received    612 B in the last sync, 121 KiB since the start

Failed
  File/chrony
      cannot write /etc/chrony/chrony.conf: No space left on device
   -> free some space
  SystemdUnit/spat.service
      it ended with status 3
   -> see details: greenwave show SystemdUnit/spat.service

Problems in the repository
  base/chrony.yaml:3:5: error: File's spec has no "contnet"; did you mean
      content?

Notes
  commits are not checked: trust.allowedSigners is not set
)");
}

TEST_CASE("status: a pause says until when, who and why, and how to end it") {
  auto status = healthy();
  status.pause = state::Pause{now + 80min, "alice (sudo)", "cabinet open"};
  const auto text = text_of(status);
  CHECK(text.find("Next sync   after the pause") != std::string::npos);
  CHECK(text.starts_with(R"(Paused until 2026-11-24 07:31 UTC (in 1h 20m) by alice (sudo).
  cabinet open
  end it: greenwave resume

Device      sf-0042)"));
}

TEST_CASE("status: a stopped daemon, a failed sync and a first start are reported first") {
  auto status = healthy();
  status.running = false;
  CHECK(text_of(status).starts_with(R"(greenwaved is not running; this is its last saved state.
  start it:           sudo systemctl start greenwaved
  see why it stopped: journalctl -u greenwaved -n 50
)"));
  CHECK(text_of(status).find("Next sync") == std::string::npos);
  status = healthy();
  status.last_error = "git.example does not answer; check the modem";
  CHECK(
      text_of(status).starts_with("The last sync failed.\n  git.example does not answer; check the modem\n"));
  CHECK(text_of({}).starts_with("Nothing has been applied yet.\n"));
}

TEST_CASE("status: one line says since when the repository can't be reached") {
  auto status = healthy();
  status.last_error = "git.example does not answer; check the modem";
  status.unreachable_since = at("2026-11-22T06:11:50Z");
  CHECK(
      text_of(status).starts_with("Offline since 2026-11-22 06:11 UTC (2d ago); the device keeps what it "
                                  "has.\n  git.example does not answer; check the modem\n"));
  status.unreachable_since = Time{};
  CHECK(text_of(status).starts_with("Offline; the device keeps what it has.\n"));
}

TEST_CASE("status: the wave, and the ref that it waits for") {
  auto status = healthy();
  status.followed = {"canary", "refs/heads/wave/canary", status.commit->id};
  CHECK(text_of(status).find("\nWave        canary, follows refs/heads/wave/canary\n") != std::string::npos);
  status.followed.is_held = true;
  status.followed.wave = "";
  status.followed.ref = "refs/heads/main";
  CHECK_THAT(text_of(status), Catch::Contains("\nWave        none; held until refs/heads/main (at "));
}

TEST_CASE("status: a long list of failures is cut, and outside bytes can't drive the terminal") {
  auto status = healthy();
  for (int i = 0; i < 20; ++i) status.failed.push_back({"File/" + std::to_string(i), "\x1b[2Jgone"});
  const auto text = text_of(status);
  CHECK(text.find("  and 12 more: greenwave show\n") != std::string::npos);
  CHECK(text.find("File/8") == std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(std::count(text.begin(), text.end(), '\n') < 45);
}

TEST_CASE("status: colours appear only on request") {
  CHECK(text_of(healthy(), true).starts_with("\x1b[1;32mIn sync.\x1b[0m\n"));
  CHECK(text_of(healthy()).find('\x1b') == std::string::npos);
}

TEST_CASE("status: a reverted commit shows why, what is left of it, and how to leave that state") {
  auto status = healthy();
  status.rejected =
      sync::Rejected{.commit = CommitId(std::string(40, 'b')), .reason = "HealthCheck/spat: it failed"};
  status.rejected->not_undone = {"Command/flash: it names no undo"};
  const auto text = text_of(status);
  CHECK(
      text.starts_with("Commit bbbbbbbbbbbb was not healthy here and was reverted.\n"
                       "  HealthCheck/spat: it failed\n"
                       "  not undone: Command/flash: it names no undo\n"
                       "  push a new commit, or try this one again: greenwave sync --force\n"));
  CHECK(text.find("In sync.") == std::string::npos);
}

TEST_CASE("status: a refused commit shows where its mistakes are, and that nothing was changed for it") {
  auto status = healthy();
  status.rejected = sync::Rejected{.commit = CommitId(std::string(40, 'b')),
                                   .reason = "File/a: a.yaml:4:3: error: no; b.yaml: b.yaml:1:1: error: no",
                                   .refused = 2};
  const auto text = text_of(status);
  CHECK(
      text.starts_with("Commit bbbbbbbbbbbb was refused for 2 objects, and nothing of it was applied.\n"
                       "  File/a: a.yaml:4:3: error: no; b.yaml: b.yaml:1:1: error: no\n"
                       "  push a new commit, or try this one again: greenwave sync --force\n"));
  CHECK(text.find("reverted") == std::string::npos);
}

TEST_CASE("status: what is deferred has its reason and until when") {
  auto status = healthy();
  status.waiting = {{"SystemdUnit/spat", "restart for File/spat"}};
  status.waiting_why = "outside of the window overnight";
  status.waiting_until = at("2026-11-24T09:00:00Z");
  const auto text = text_of(status);
  CHECK(text.starts_with("1 step waits.\n"));
  CHECK(text.find("Waiting: outside of the window overnight, until 2026-11-24 09:00 UTC (in 2h") !=
        std::string::npos);
  CHECK(text.find("  SystemdUnit/spat: restart for File/spat\n") != std::string::npos);
}
