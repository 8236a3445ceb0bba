#include "daemon/situation.h"

#include <algorithm>
#include <random>
#include <set>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/contains.h"
#include "base/file.h"
#include "report/metrics.h"
#include "support/source_directory.h"

using namespace greenwave;
using namespace greenwave::daemon;
using namespace std::chrono_literals;

namespace {

const CommitId commit(std::string(40, 'a'));

Status well() {
  Status status;
  status.commit = git::Commit{commit, "Longer green", "Ana", {}};
  status.last_result = state::SyncResult::in_sync;
  status.objects = 29;
  status.in_sync = 29;
  status.interval = 1min;
  return status;
}

using Change = void (*)(Status&);

struct Case {
  Situation situation;
  int exit_code;
  Health health;
  Change change;  ///< what makes a device that is well be so
};

const Case cases[] = {
    {Situation::in_sync, 0, Health::healthy, [](Status&) {}},
    {Situation::not_running, 2, Health::healthy, [](Status& status) { status.running = false; }},
    {Situation::reverted, 1, Health::reverted,
     [](Status& status) { status.rejected = sync::Rejected{.commit = commit}; }},
    {Situation::reverted, 1, Health::reverted,
     [](Status& status) { status.trial = sync::OnTrial{.commit = commit, .reverting = true}; }},
    {Situation::refused, 1, Health::failed,
     [](Status& status) { status.rejected = sync::Rejected{.commit = commit, .refused = 2}; }},
    {Situation::refused, 1, Health::failed,
     [](Status& status) { status.trial = sync::OnTrial{.commit = commit, .reverting = true, .refused = 2}; }},
    {Situation::unlisted, 1, Health::failed,
     [](Status& status) {
       status.last_result = state::SyncResult::unlisted;
       status.last_error = "devices.geojson lists no device sf-0042";
     }},
    {Situation::error, 1, Health::failed, [](Status& status) { status.last_error = "it is not signed"; }},
    {Situation::failed, 1, Health::failed,
     [](Status& status) {
       status.failed.push_back({"File/a", "no"});
       if (status.in_sync > 0) --status.in_sync;
     }},
    {Situation::refused, 1, Health::failed,
     [](Status& status) {
       status.failed.push_back({.object = "File/b", .reason = "no", .refused = true});
       if (status.in_sync > 0) --status.in_sync;
     }},
    {Situation::refused, 1, Health::failed,
     [](Status& status) {
       status.problems = {"a.yaml:1:1: error: no"};
       status.errors = 1;
     }},
    {Situation::unhealthy, 1, Health::failed,
     [](Status& status) { status.trial = sync::OnTrial{.commit = commit, .unwell = "no"}; }},
    {Situation::incomplete, 1, Health::progressing, [](Status& status) { status.commit.reset(); }},
    {Situation::retrying, 1, Health::progressing,
     [](Status& status) {
       status.failed.push_back({"Pod/c", "the registry is away", Fault::transient});
       if (status.in_sync > 0) --status.in_sync;
     }},
    {Situation::offline, 1, Health::healthy,
     [](Status& status) {
       status.unreachable_since = Time{};
       status.last_error = "no route";
     }},
    {Situation::stale, 1, Health::healthy, [](Status& status) { status.stale = true; }},
    {Situation::tip_expired, 1, Health::healthy,
     [](Status& status) { status.followed.tip = sync::KnownTip{.tip = {}, .is_expired = true}; }},
    {Situation::state_lost, 1, Health::healthy,
     [](Status& status) { status.loss = sync::Loss{.when = {}, .why = "damaged"}; }},
    {Situation::empty, 1, Health::progressing,
     [](Status& status) {
       status.commit.reset();
       status.objects = status.in_sync = 0;
     }},
    {Situation::renewing, 0, Health::progressing,
     [](Status& status) { status.trial = sync::OnTrial{.commit = commit, .own_change = true}; }},
    {Situation::on_trial, 0, Health::progressing,
     [](Status& status) { status.trial = sync::OnTrial{.commit = commit}; }},
    {Situation::waiting, 0, Health::progressing,
     [](Status& status) {
       status.waiting.push_back({"SystemdUnit/u", "restart for File/a"});
     }},
    {Situation::held, 0, Health::healthy, [](Status& status) { status.followed.is_held = true; }},
    {Situation::paused, 0, Health::healthy,
     [](Status& status) {
       status.pause = state::Pause{Time{} + 1h, "ana", "works"};
     }},
};

std::vector<std::string> words(const Judgement& judgement) {
  std::vector<std::string> words;
  for (const auto situation : judgement.situations) words.emplace_back(to_string(situation));
  return words;
}

/// A standing in which several things hold at once, or nothing.
Status random_status(std::mt19937& random) {
  auto status = well();
  const auto changes = std::uniform_int_distribution<std::size_t>(0, 6)(random);
  for (std::size_t i = 0; i < changes; ++i) {
    cases[std::uniform_int_distribution<std::size_t>(0, std::size(cases) - 1)(random)].change(status);
  }
  return status;
}

/// What in it speaks against "In sync.", written apart from the table.
bool is_contradicted(const Status& status) {
  return !status.running || !status.commit || status.in_sync != status.objects || !status.failed.empty() ||
         status.errors > 0 || !status.last_error.empty() || status.unreachable_since || status.stale ||
         status.rejected || status.trial || status.loss || !status.waiting.empty() ||
         status.followed.is_held || (status.followed.tip && status.followed.tip->is_expired) || status.pause;
}

bool has_sample(const std::string& page, const std::string& line) {
  return page.find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("situation: each has its word, its exit code and its health") {
  std::set<Situation> tested;
  for (const auto& one : cases) {
    auto status = well();
    one.change(status);
    const auto judgement = judge(status);
    INFO(to_string(one.situation));
    CHECK(judgement.situations == std::vector{one.situation});
    CHECK(judgement.exit_code == one.exit_code);
    CHECK(judgement.health == one.health);
    CHECK_FALSE(sentence(one.situation, status).empty());
    tested.insert(one.situation);
  }
  const auto all = every_situation();
  CHECK(tested == std::set<Situation>(all.begin(), all.end()));
}

TEST_CASE("situation: counts name what they count") {
  auto status = well();
  for (int i = 0; i < 5; ++i) status.failed.push_back({"File/" + std::to_string(i), "no"});
  status.in_sync = 24;
  CHECK(sentence(Situation::failed, status) == "5 of 29 objects failed");
  status.failed[0].refused = true;
  status.failed[1].fault = Fault::transient;
  CHECK(sentence(Situation::failed, status) == "3 of 29 objects failed");
  CHECK(sentence(Situation::refused, status) == "1 of 29 objects was refused and is as before");
  CHECK(sentence(Situation::retrying, status) == "1 of 29 objects could not be applied and is tried again");
}

TEST_CASE("situation: a commit that was refused was neither unhealthy nor reverted") {
  auto status = well();
  status.rejected = sync::Rejected{.commit = commit, .refused = 1};
  CHECK(sentence(Situation::refused, status) ==
        "Commit aaaaaaaaaaaa was refused for 1 object, and nothing of it was applied");
  status.rejected->refused = 3;
  CHECK(sentence(Situation::refused, status) ==
        "Commit aaaaaaaaaaaa was refused for 3 objects, and nothing of it was applied");
}

TEST_CASE("situation: the words, the exit code, the JSON and the metrics of any standing agree") {
  std::mt19937 random(20261126);
  for (int i = 0; i < 2000; ++i) {
    const auto status = random_status(random);
    const auto judgement = judge(status);
    const auto told = words(judgement);
    const auto json = nlohmann::json::parse(to_json(status).dump());
    INFO(json.dump(2));
    CHECK((judgement.first() == Situation::in_sync) == !is_contradicted(status));
    CHECK(std::is_sorted(judgement.situations.begin(), judgement.situations.end()));
    CHECK(json["status"] == told.front());
    CHECK(json["statuses"] == told);
    CHECK(json["exitCode"] == judgement.exit_code);
    CHECK(json["health"] == to_string(judgement.health));
    CHECK(words(judge(status_from_json(json))) == told);
    const auto page = report::exposition({}, status);
    CHECK(has_sample(page, "greenwave_status_exit_code " + std::to_string(judgement.exit_code)));
    for (const auto situation : every_situation()) {
      if (situation == Situation::not_running) continue;
      std::string word(to_string(situation));
      std::ranges::replace(word, ' ', '_');
      const bool holds = contains(judgement.situations, situation);
      CHECK(has_sample(page, "greenwave_status{status=\"" + word + "\"} " + (holds ? "1" : "0")));
      if (holds) CHECK((sentence(situation, status) == "In sync") == (situation == Situation::in_sync));
    }
  }
}

TEST_CASE("situation: a sync never ends well where the status says otherwise of what it did") {
  std::mt19937 random(20261127);
  for (int i = 0; i < 2000; ++i) {
    const auto status = random_status(random);
    state::SyncRecord record;
    record.error = status.last_error;
    auto others = judge(status).situations;
    std::erase_if(others, [](Situation situation) {
      return situation == Situation::offline || situation == Situation::stale ||
             situation == Situation::state_lost || situation == Situation::paused;
    });
    const auto judged = judge_sync(status, record);
    if (judged.exit_code == 0 && status.last_error.empty()) {
      for (const auto situation : others) CHECK(situation > Situation::empty);
    }
    if (judged.first() == Situation::in_sync && status.last_error.empty()) {
      CHECK((others.empty() || others == std::vector{Situation::in_sync}));
    }
  }
}

TEST_CASE("situation: the manual lists every status with its exit code, in their order") {
  const auto manual = read_file(test::source_directory() / "packaging/man/greenwave.1", 1 << 20);
  std::size_t at = 0;
  for (const auto situation : every_situation()) {
    const auto found =
        std::ranges::find_if(cases, [&](const Case& one) { return one.situation == situation; });
    INFO(to_string(situation));
    const auto row = ".It " + std::string(to_string(situation)) + " Ta " + std::to_string(found->exit_code) +
                     " Ta " + std::string(found->health == Health::healthy ? "-" : to_string(found->health));
    const auto next = manual.find(row, at);
    CHECK(next != std::string::npos);
    if (next != std::string::npos) at = next;
  }
}
