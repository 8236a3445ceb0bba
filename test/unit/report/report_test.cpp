#include "report/report.h"

#include <functional>

#include <catch2/catch.hpp>

#include "report/outbox.h"

using namespace greenwave;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

/// A status with everything in it that there is.
daemon::Status everything() {
  daemon::Status status;
  status.version = "0.1.0";
  status.device = "sf-0042";
  status.cluster = "san-francisco";
  status.repository = "https://git.example/secret-place.git";
  status.branch = "secret-branch";
  status.followed = {
      .wave = "canary", .ref = "refs/heads/wave/canary", .target = CommitId(std::string(40, 'a'))};
  status.followed.tip = sync::KnownTip{.tip = {.repository = "san-francisco",
                                               .ref = "refs/heads/wave/canary",
                                               .commit = status.followed.target,
                                               .sequence = 7,
                                               .issued = Time(1s),
                                               .expires = Time(100s)}};
  status.commit = git::Commit{CommitId(std::string(40, 'b')), "Change the signals", "Olga", Time(1s)};
  status.signer = git::Signer{"olga@city.example", "SHA256:key"};
  status.phase = "idle";
  status.last_sync = Time(100s);
  status.last_result = state::SyncResult::failed;
  status.last_took = 5ms;
  status.last_error = "connection refused after 3054 ms";
  status.unreachable_since = Time(90s);
  status.next_sync = Time(200s);
  status.last_poll = Time(80s);
  status.interval = 60s;
  status.objects = 29;
  status.in_sync = 27;
  status.failed = {{"File/a", "a.yaml:3:1: no", Fault::invalid, {}, true},
                   {"File/b", "busy", Fault::transient, Time(300s)}};
  status.waiting = {{"SystemdUnit/spat", "restart"}};
  status.waiting_why = "outside of the window overnight";
  status.waiting_until = Time(400s);
  status.rejected = sync::Rejected{.commit = CommitId(std::string(40, 'c')), .reason = "not healthy"};
  status.trial = sync::OnTrial{.commit = CommitId(std::string(40, 'd'))};
  status.loss = sync::Loss{Time(1s), "damaged"};
  status.problems = {"a.yaml:3:1: error: no"};
  status.errors = 1;
  status.notes = {"secret-note"};
  status.pause = state::Pause{Time(500s), "ana", "relamping", 100s, {"boot", 1s}};
  status.bytes_received = 4096;
  status.bytes_last_sync = 77;
  return status;
}

const Labels labels{{"arch", "arm64"}, {"model", "atc-5201"}};
const BootTime boot{"0123-boot", 7s};

json state_now(const daemon::Status& status) {
  return report::state_of(status, labels, boot);
}

}  // namespace

TEST_CASE("report: the state has what is listed, and nothing else of the status") {
  const auto state = state_now(everything());
  std::vector<std::string> members;
  for (const auto& [key, value] : state.items()) members.push_back(key);
  CHECK(members ==
        std::vector<std::string>{
            "bootId",    "bootedMs",  "bytesReceived", "commit",       "condition",  "drifted",
            "errors",    "failed",    "failedTotal",   "health",       "inSync",     "intervalMs",
            "labels",    "lastError", "lastResult",    "lastSync",     "lastTookMs", "objects",
            "pause",     "problems",  "ref",           "rejected",     "says",       "signedBy",
            "signedTip", "stateLost", "statuses",      "target",       "trial",      "unreachableSince",
            "version",   "waiting",   "waitingTotal",  "waitingUntil", "waitingWhy", "wave"});
  CHECK(state["condition"] == "reverted");
  CHECK(state["failed"][0]["reason"] == "a.yaml:3:1: no");
  CHECK(state["labels"]["model"] == "atc-5201");
  CHECK(report::text_of(state).find("secret") == std::string::npos);
}

TEST_CASE("report: what is empty is absent, never null") {
  daemon::Status status;
  const auto state = state_now(status);
  for (const auto& [key, value] : state.items()) {
    INFO(key);
    CHECK_FALSE(value.is_null());
    CHECK(value != "");
    CHECK(value != json::array());
  }
  CHECK_FALSE(state.contains("wave"));
  CHECK_FALSE(state.contains("lastError"));
}

TEST_CASE("report: times and counters change no fingerprint, and everything else does") {
  const auto before = report::fingerprint_of(state_now(everything()));
  auto later = everything();
  later.last_sync = Time(160s);
  later.last_took = 7ms;
  later.last_error = "connection refused after 12 ms";
  later.unreachable_since = Time(91s);
  later.next_sync = Time(260s);
  later.last_poll = Time(140s);
  later.waiting_until = Time(401s);
  later.failed[1].again = Time(360s);
  later.pause->until = Time(501s);
  later.followed.tip->tip.issued = Time(50s);
  later.followed.tip->tip.expires = Time(150s);
  later.bytes_received = 5000;
  later.bytes_last_sync = 0;
  later.phase = "polling";
  CHECK(report::fingerprint_of(report::state_of(later, labels, {"0123-boot", 60s})) == before);

  const std::vector<std::function<void(daemon::Status&)>> changes{
      [](auto& status) { status.in_sync = 28; },
      [](auto& status) { status.failed.pop_back(); },
      [](auto& status) { status.failed[0].reason = "other"; },
      [](auto& status) { status.commit->id = CommitId(std::string(40, 'e')); },
      [](auto& status) { status.signer.reset(); },
      [](auto& status) { status.followed.target = CommitId(std::string(40, 'e')); },
      [](auto& status) { status.followed.tip->is_expired = true; },
      [](auto& status) { status.followed.tip->tip.sequence = 8; },
      [](auto& status) { status.pause.reset(); },
      [](auto& status) { status.pause->reason = "other"; },
      [](auto& status) { status.unreachable_since.reset(); },
      [](auto& status) { status.last_error = "host unknown"; },
      [](auto& status) { status.waiting.clear(); },
      [](auto& status) { status.version = "0.2.0"; },
      [](auto& status) { status.rejected.reset(); },
      [](auto& status) { status.loss.reset(); }};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    INFO(i);
    auto changed = everything();
    changes[i](changed);
    CHECK(report::fingerprint_of(state_now(changed)) != before);
  }
}

TEST_CASE("report: no record says what had been on the device before") {
  state::SyncRecord record;
  record.actions = {{"update", "File/a", true, "", "content differs", "what-was-there"}};
  const auto made = report::record_of(record);
  CHECK(made["actions"][0]["reason"] == "content differs");
  CHECK(report::text_of(made).find("what-was-there") == std::string::npos);
}

TEST_CASE("report: of too many actions those that failed are sent, and how many there were") {
  state::SyncRecord record;
  for (int i = 0; i < 3000; ++i)
    record.actions.push_back({"create", "File/f" + std::to_string(i), i % 100 != 99, "", "", ""});
  const auto made = report::record_of(record);
  CHECK(made["actionsTotal"] == 3000);
  REQUIRE(made["actions"].size() == 100);
  for (std::size_t i = 0; i < 30; ++i) CHECK(made["actions"][i]["ok"] == false);
  CHECK(made["actions"][30]["object"] == "File/f0");
}

TEST_CASE(
    "report: however long its texts are and whatever is in them, a report is UTF-8 and no larger than a hub "
    "takes") {
  // What grows most when it is written: quotes, control characters, and bytes that are no UTF-8.
  for (const auto* unit : {"\"", "\\", "\x01", "\xFF", "\n", "ä", "\r\n", "a"}) {
    std::string text;
    while (text.size() < 6000) text += unit;
    auto status = everything();
    status.failed.assign(50, {text, text});
    status.waiting.assign(50, {text, text});
    status.problems.assign(50, text);
    status.waiting_why = status.last_error = status.commit->subject = status.commit->author = text;
    status.rejected->not_undone.assign(50, text);
    status.rejected->reason = status.rejected->stuck = status.rejected->unwell = text;
    status.pause->who = status.pause->reason = status.loss->why = status.trial->unwell = text;
    Labels many;
    for (int i = 0; i < 1000; ++i) many[text + std::to_string(i)] = text;
    for (int i = 0; i < 1000; ++i) many[std::to_string(i) + text] = text;
    const auto state = report::state_of(status, many, boot);
    state::SyncRecord record;
    record.error = record.subject = record.author = record.reason = record.who = text;
    record.problems.assign(50, text);
    record.actions.assign(200, {text, text, false, text, text, text});
    const auto sent = report::record_of(record);
    // As the outbox puts them together: at least one record goes with any state.
    INFO(unit << ' ' << report::text_of(state).size() << ' ' << report::text_of(sent).size());
    CHECK(report::text_of(state).size() + report::text_of(sent).size() + 4096 < report::most_bytes);
    CHECK_NOTHROW(state.dump());
    CHECK_NOTHROW(sent.dump());
    CHECK(state["failed"].size() == 20);
    CHECK(state["failedTotal"] == 50);
    CHECK(state["failed"][0]["reason"].get<std::string>().size() <= 503);
  }
}
