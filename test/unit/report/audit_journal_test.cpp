#include "report/audit_journal.h"

#include <random>

#include <catch2/catch.hpp>

#include "state/keys.h"
#include "support/temporary_directory.h"

using namespace greenwave;
using namespace greenwave::report;
using namespace greenwave::test;
using nlohmann::json;

namespace {

/// A journal that is sometimes away, and loses its end in a power cut.
struct PlayedJournal {
  std::vector<json> lines;
  bool is_away = false;
  bool can_be_read = true;

  Journal parts() {
    return {.send =
                [this](const json& line) {
                  if (!is_away) lines.push_back(line);
                  return !is_away;
                },
            .newest = [this]() -> std::optional<std::pair<std::int64_t, std::string>> {
              if (lines.empty() || !can_be_read) return {};
              return {{lines.back().at("number").get<std::int64_t>(),
                       lines.back().at("hash").get<std::string>()}};
            }};
  }
};

/// An agent that starts and ends.
struct PlayedAgent {
  TemporaryDirectory directory;
  Log log{Level::error};
  config::Config config;
  daemon::Status status;
  PlayedJournal journal;
  std::unique_ptr<daemon::OpenState> memory;
  std::unique_ptr<AuditJournal> audit;

  PlayedAgent() {
    config.audit_journal = true;
    start();
  }
  void start() {
    audit.reset();
    memory = std::make_unique<daemon::OpenState>();
    memory->replace(std::make_shared<state::State>(directory.path() / "state.db"), {});
    audit = std::make_unique<AuditJournal>(*memory, log, journal.parts());
  }
  void stop() {
    audit.reset();
    memory.reset();
  }
  void sync() {
    state::SyncRecord record;
    record.started = clock_is_set;
    record.trigger = state::Trigger::request;
    record.who = "ana";
    memory->get()->note(record);
  }
  void tell() { audit->take({config, status, nullptr}); }
  std::vector<std::int64_t> numbers() const {
    std::vector<std::int64_t> all;
    for (const auto& line : journal.lines) all.push_back(line.at("number"));
    return all;
  }
};

}  // namespace

TEST_CASE("audit journal: without the setting nothing is sent; with it, all that there is") {
  PlayedAgent agent;
  agent.config.audit_journal = false;
  agent.sync();
  agent.tell();
  CHECK(agent.numbers().empty());
  agent.config.audit_journal = true;
  agent.sync();
  agent.tell();
  agent.tell();
  CHECK(agent.numbers() == std::vector<std::int64_t>{1, 2});
}

TEST_CASE("audit journal: whatever stops and is away, the journal has each line once, in order") {
  for (unsigned seed = 0; seed < 40; ++seed) {
    std::mt19937 random(seed);
    PlayedAgent agent;
    std::int64_t made = 0;
    for (int round = 0; round < 60; ++round) {
      switch (random() % 6) {
        case 0:
        case 1:
          agent.sync();
          ++made;
          break;
        case 2:
          agent.journal.is_away = random() % 2 == 0;
          break;
        case 3: {  // power is lost, and with it the end of the journal
          agent.stop();
          auto& lines = agent.journal.lines;
          // Journald keeps what was on the disk before it was read again at this start.
          lines.resize(lines.size() - (lines.empty() ? 0 : random() % lines.size()));
          agent.start();
          break;
        }
        default:
          agent.tell();
      }
    }
    agent.journal.is_away = false;
    agent.tell();
    std::vector<std::int64_t> all;
    for (std::int64_t number = 1; number <= made; ++number) all.push_back(number);
    CHECK(agent.numbers() == all);
  }
}

TEST_CASE("audit journal: where the journal has none of it, the state says how far it was told") {
  PlayedAgent agent;
  agent.sync();
  agent.tell();
  agent.stop();
  agent.journal.can_be_read = false;
  agent.start();
  agent.sync();
  agent.tell();
  CHECK(agent.numbers() == std::vector<std::int64_t>{1, 2});
}

TEST_CASE("audit journal: a state that was begun again begins its numbers again") {
  PlayedAgent agent;
  agent.sync();
  agent.sync();
  agent.tell();
  agent.stop();
  state::State::set_aside(agent.directory.path() / "state.db");
  agent.start();
  agent.sync();
  agent.tell();
  CHECK(agent.numbers() == std::vector<std::int64_t>{1, 2, 1});
}
