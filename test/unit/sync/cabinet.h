#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "render/local_engine.h"
#include "support/fake_driver.h"
#include "support/memory_tree.h"
#include "support/temporary_directory.h"
#include "sync/course_record.h"
#include "sync/sync.h"

namespace greenwave::test {

using namespace greenwave::sync;

using Files = std::map<std::string, std::string>;

/// Commits that a test makes, and a ref that it moves.
class FakeIntake : public Intake {
 public:
  std::map<CommitId, Files> commits;
  CommitId tip;
  std::optional<Error> trouble;    ///< of the next receive(), and those after it
  std::optional<Error> damage;     ///< thrown by files(), until start_over()
  std::map<CommitId, Error> away;  ///< commits whose files cannot be had now
  bool held = false;               ///< the device's own commit stays
  std::map<std::string, CommitId> kept;
  int started_over = 0;
  std::vector<CommitId> brought;

  Arrival receive(const Question& question, const Phase&) override {
    Arrival arrival{.remembered = question.remembered};
    if (trouble) {
      arrival.why_not = trouble;
      return arrival;
    }
    arrival.target = tip;
    arrival.ref = "refs/heads/main";
    arrival.is_held = held;
    arrival.commit = held ? question.own.applied : tip;
    arrival.answered = true;
    arrival.remembered.accepted = tip;
    arrival.remembered.signers[tip] = {"ana@city.example", "SHA256:x"};
    return arrival;
  }
  CommitId poll() override { return tip; }
  bool has(const CommitId& commit) const override { return commits.contains(commit); }
  git::Commit about(const CommitId& commit) const override { return {commit, "Change things", "Ana", {}}; }
  std::unique_ptr<SourceTree> files(const CommitId& commit) const override {
    if (damage) throw *damage;
    if (const auto found = away.find(commit); found != away.end()) throw found->second;
    return std::make_unique<MemoryTree>(commits.at(commit));
  }
  void bring(const CommitId& commit) override { brought.push_back(commit); }
  void keep(const std::string& name, const CommitId& commit) override { kept[name] = commit; }
  void tidy() override {}
  void start_over(const Error&) override {
    ++started_over;
    damage.reset();
  }
};

inline Files city(const std::string& content) {
  return {{"greenwave.yaml",
           "apiVersion: greenwave.dev/v1\nkind: Cluster\nmetadata: {name: fresno}\nspec: {layers: [{path: "
           "base}]}\n"},
          {"base/motd.yaml",
           "apiVersion: greenwave.dev/v1\nkind: File\nmetadata: {name: motd}\nspec: {path: /etc/motd, "
           "content: \"" +
               content + "\"}\n"}};
}

/// A commit with these objects: "SystemdUnit/lamp" and its content.
inline Files objects(const std::map<std::string, std::string>& contents) {
  auto files = city("");
  files.erase("base/motd.yaml");
  for (const auto& [object, content] : contents) {
    const auto cut = object.find('/');
    files["base/" + object.substr(0, cut) + "-" + object.substr(cut + 1) + ".yaml"] =
        "apiVersion: greenwave.dev/v1\nkind: " + object.substr(0, cut) +
        "\nmetadata: {name: " + object.substr(cut + 1) + "}\nspec: {content: \"" + content + "\"}\n";
  }
  return files;
}

/// Kept, with nothing left open.
inline Course kept(const CommitId& good) {
  return {.good = good, .refused = std::vector<std::string>{}};
}

/// Goes on only where somebody waits, or a test says so. The device has been up for long.
class DrivenClock : public Clock {
 public:
  Duration elapsed = std::chrono::hours(100);

  Time now() const override { return clock_is_set + elapsed; }
  Instant tick() const override { return Instant{} + elapsed; }
  BootTime boot_time() const override { return {"a boot", elapsed}; }
};

/// A device whose repository and drivers the test plays.
struct Cabinet {
  TemporaryDirectory directory;
  config::Config config;
  Labels facts;
  std::string key = std::string(32, 'k');
  Renderer renderer{config, facts, key, [this] { return begin_render(); }};
  DrivenClock clock;
  std::unique_ptr<state::State> state;
  FakeIntake intake;
  FakeDriver driver;
  std::atomic<bool> stop = false;
  std::string process = "p1";
  std::unique_ptr<Sync> sync;
  std::vector<std::string> steps;

  const CommitId one{"1111111111111111111111111111111111111111"};
  const CommitId two{"2222222222222222222222222222222222222222"};

  Cabinet() {
    config.device = "fr-1";
    config.repository.url = "file:///city.git";
    config.repository.branch = "main";
    config.state_directory = directory / "state";
    intake.commits = {{one, city("1")}, {two, city("2")}};
    intake.tip = one;
    state = std::make_unique<state::State>(directory / "state.db");
    restart();
  }

  /// As after a power cut, where the pass did not come to its end.
  void restart() {
    sync = std::make_unique<Sync>(Parts{.config = config,
                                        .renderer = renderer,
                                        .clock = clock,
                                        .state = *state,
                                        .intake = intake,
                                        .drivers = {{&driver, &driver}},
                                        .stop = stop,
                                        .heartbeat = [] {},
                                        .process = process,
                                        .rest = [this](Duration time) { clock.elapsed += time; }});
  }

  std::unique_ptr<render::Engine> begin_render() {
    return std::make_unique<render::LocalEngine>(&config.identity_files);
  }

  Result run(const Request& request = {}) {
    steps.clear();
    return sync->run(request, state::Trigger::interval, [this](const Event& event) {
      if (event.kind == "step") steps.push_back(event.text);
    });
  }
  Course course() const { return read_course(*state); }
};

}  // namespace greenwave::test
