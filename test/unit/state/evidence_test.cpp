#include "state/evidence.h"

#include <random>

#include <catch2/catch.hpp>

#include "state/keys.h"
#include "state/state.h"
#include "support/change_database.h"
#include "support/temporary_directory.h"

using namespace greenwave;
using namespace greenwave::state;
using namespace greenwave::test;
using nlohmann::json;

namespace {

SyncRecord sync_of(const std::string& commit, SyncResult result = SyncResult::in_sync) {
  SyncRecord record;
  record.started = clock_is_set;
  record.trigger = Trigger::interval;
  record.commit = CommitId(commit);
  record.result = result;
  return record;
}

SyncRecord pause_of() {
  auto record = sync_of("", SyncResult::paused);
  record.trigger = Trigger::pause;
  return record;
}

std::vector<std::string> events(const State& state) {
  std::vector<std::string> all;
  for (const auto& line : state.evidence(0, 1000)) all.push_back(line.at("event"));
  return all;
}

std::vector<json> chain_of(std::size_t length) {
  std::vector<json> lines;
  std::string previous;
  for (std::size_t i = 0; i < length; ++i) {
    const auto text = chained(evidence_of(sync_of(std::string(40, static_cast<char>('a' + i % 6))), false),
                              static_cast<std::int64_t>(i) + 7, previous);
    lines.push_back(json::parse(text));
    previous = lines.back().at("hash");
  }
  return lines;
}

}  // namespace

TEST_CASE(
    "evidence: a record of the history has its line, a note has one of its own, and both are in one chain") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "state.db";
  {
    State state(file);
    state.note_value(keys::device, "sf-0042");
    state.record(sync_of("aa"), clock_is_set);
    state.note(sync_of("bb"));
    state.record(pause_of(), clock_is_set);
  }
  State state(file);
  state.note(sync_of("cc"));
  const auto lines = state.evidence(0, 1000);
  REQUIRE(lines.size() == 4);
  CHECK(check_chain(lines).number == 0);
  CHECK(lines[1].at("commit") == "bb");
  CHECK(lines[3].at("device") == "sf-0042");
  CHECK(lines[3].at("number") == 4);
  CHECK(state.history(10).size() == 2);
  CHECK(state.evidence(2, 1).front().at("number") == 3);
  CHECK(state.last_evidence() == 4);
}

TEST_CASE("evidence: a sync that neither ended nor was recorded is a line, once") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "state.db";
  auto planned = sync_of("aa", SyncResult::unknown);
  planned.actions = {{.verb = "update", .object = "File/motd", .error = {}, .reason = {}, .was = {}}};
  {
    State state(file);
    state.begin(planned);
    state.record(pause_of(), clock_is_set);  // by a person, meanwhile
  }
  {
    State state(file);
    state.note_interrupted();
    state.note_interrupted();
    CHECK(events(state) == std::vector<std::string>{"pause", "interrupted"});
    CHECK(state.evidence(1, 1).front().at("actions").at(0).at("object") == "File/motd");
    state.begin(planned);
    state.record(sync_of("aa"), clock_is_set);
    state.begin(planned);
    state.end();
    state.begin(planned);
    state.begin(planned);
  }
  CHECK(events(State(file)) == std::vector<std::string>{"pause", "interrupted", "sync", "interrupted"});
}

TEST_CASE("evidence: is bounded, in lines and in bytes, and failures stay") {
  auto record = sync_of("aa", SyncResult::failed);
  for (int i = 0; i < 5000; ++i) {
    record.actions.push_back({.verb = "update",
                              .object = "File/" + std::string(200, 'x') + std::to_string(i),
                              .ok = i != 4999,
                              .error = i == 4999 ? std::string(5000, 'y') : "",
                              .reason = {},
                              .was = "content of a file"});
  }
  const auto text = chained(evidence_of(record, false), 1'000'000, std::string(64, '0'));
  CHECK(text.size() <= longest_line);
  CHECK(text.find("content of a file") == std::string::npos);
  const auto line = json::parse(text);
  CHECK(line.at("actionsTotal") == 5000);
  CHECK(line.at("actions").at(0).at("ok") == false);

  const TemporaryDirectory directory;
  const auto file = directory.path() / "state.db";
  {
    State state(file);
    state.note(sync_of("aa"));
    state.note(sync_of("bb"));
  }
  change_database(file, "UPDATE evidence SET number = 5000 WHERE number = 2");
  State state(file);
  CHECK(state.evidence(0, 10).size() == 2);
  state.note(sync_of("cc"));
  CHECK(state.last_evidence() == 5001);
  REQUIRE(state.evidence(0, 10).size() == 2);
  CHECK(state.evidence(0, 10).front().at("commit") == "bb");
}

TEST_CASE("evidence: whatever is changed, left out or put elsewhere in a chain, it shows") {
  std::mt19937 random(1);
  const auto whole = chain_of(20);
  CHECK(check_chain(whole).number == 0);
  CHECK(check_chain({}).number == 0);
  for (int round = 0; round < 500; ++round) {
    auto lines = whole;
    const auto at = random() % 18 + 1;
    switch (random() % 4) {
      case 0:
        lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at));
        break;
      case 1:
        std::swap(lines[at], lines[at + 1]);
        break;
      case 2: {
        auto member = lines[at].begin();
        std::advance(member, static_cast<std::ptrdiff_t>(random() % lines[at].size()));
        *member = "other";
        if (member.key() == "number") continue;
        break;
      }
      default:
        lines[at]["who"] = "mallory";
    }
    CHECK(check_chain(lines).number != 0);
  }
  // A line that is made anew, with a hash of its own, does not fit the one behind it.
  auto forged = whole;
  forged[5]["who"] = "mallory";
  forged[5].erase("hash");
  forged[5] = json::parse(chained(forged[5], forged[5].at("number"), forged[5].at("previous")));
  CHECK(check_chain(forged).number == whole[6].at("number"));
}

TEST_CASE("evidence: a line that worn flash made unreadable shows, and stops nothing") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "state.db";
  for (const auto* rot : {"'{broken'", "'[]'", "'{\"hash\": 7}'", "''"}) {
    { State(file).note(sync_of("aa")); }
    change_database(file, std::string("UPDATE evidence SET line = ") + rot + " WHERE number = 1");
    State state(file);
    state.note(sync_of("bb"));
    const auto lines = state.evidence(0, 10);
    CHECK(lines.front().at("event") == "damaged");
    CHECK(check_chain(lines).number == 1);
  }
}

TEST_CASE("evidence: an agent from before it reads and writes the state") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "state.db";
  { State(file).note(sync_of("aa")); }
  change_database(file, "DELETE FROM evidence; DROP TABLE evidence");  // as that one left it
  CHECK(State::open_read_only(file)->evidence(0, 10).empty());
  State state(file);
  state.record(sync_of("bb"), clock_is_set);
  CHECK(state.last_evidence() == 1);
}
