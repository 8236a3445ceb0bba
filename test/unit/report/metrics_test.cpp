#include "report/metrics.h"

#include <algorithm>
#include <regex>
#include <set>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "base/text.h"
#include "daemon/situation.h"
#include "report/metrics_file.h"
#include "support/source_directory.h"
#include "support/temporary_directory.h"

using namespace greenwave;
using namespace std::chrono_literals;

namespace {

daemon::Status status() {
  daemon::Status made;
  made.version = "0.1.0";
  made.device = "sf-0042";
  made.cluster = "san \"francisco\"\\\n";
  made.followed.wave = "canary";
  made.commit = git::Commit{CommitId("3f786850e387550fdab836ed7e6dc881de23001b"), "", "", {}};
  made.last_sync = from_iso("2026-11-24T06:11:50Z");
  made.last_result = state::SyncResult::in_sync;
  made.last_took = 1250ms;
  made.in_sync = 43;
  made.failed = {{"File/a", "no"}};
  made.waiting = {{"SystemdUnit/spat", "restart for File/spat"}, {"Command/flash", "run"}};
  made.bytes_received = 4096;
  return made;
}

sync::Result result(state::SyncResult how, std::size_t repaired = 0) {
  sync::Result made;
  made.record.result = how;
  made.record.started = from_iso("2026-11-24T06:11:50Z");
  made.record.took = 1500ms;
  made.standing.repaired = repaired;
  return made;
}

bool has(const std::string& page, const std::string& line) {
  return page.find("\n" + line + "\n") != std::string::npos;
}

/// The words after `mark`, which begins a line.
std::vector<std::string> names(const std::string& text, const std::string& mark) {
  std::vector<std::string> found;
  for (auto at = text.find("\n" + mark); at != std::string::npos; at = text.find("\n" + mark, at + 1)) {
    const auto begin = at + 1 + mark.size();
    found.push_back(text.substr(begin, text.find_first_of(" \n", begin) - begin));
  }
  return found;
}

}  // namespace

TEST_CASE("metrics: syncs are counted by result, with their durations and what they repaired") {
  report::Counts counts;
  count(counts, result(state::SyncResult::in_sync, 2));
  count(counts, result(state::SyncResult::in_sync));
  count(counts, result(state::SyncResult::failed, 1));
  auto offline = result(state::SyncResult::error);
  offline.standing.unreachable_since = from_iso("2026-11-24T06:00:00Z");
  count(counts, offline);
  count(counts, result(state::SyncResult::error));
  count(counts, result(state::SyncResult::reverted));
  const auto page = exposition(counts, status());
  CHECK(has(page, "greenwave_syncs_total{result=\"in_sync\"} 2"));
  CHECK(has(page, "greenwave_syncs_total{result=\"failed\"} 1"));
  CHECK(has(page, "greenwave_syncs_total{result=\"unreachable\"} 1"));
  CHECK(has(page, "greenwave_syncs_total{result=\"error\"} 1"));
  CHECK(has(page, "greenwave_sync_duration_seconds_sum 9"));
  CHECK(has(page, "greenwave_sync_duration_seconds_count 6"));
  CHECK(has(page, "greenwave_drift_repaired_total 3"));
  CHECK(has(page, "greenwave_reverts_total 1"));
  CHECK(has(page, "greenwave_last_good_sync_timestamp_seconds 1795500711.5"));
}

TEST_CASE("metrics: the status is there, and times only when they are known") {
  auto now = status();
  const auto page = report::exposition({}, now);
  CHECK(has(page, "greenwave_objects{state=\"in_sync\"} 43"));
  CHECK(has(page, "greenwave_objects{state=\"failed\"} 1"));
  CHECK(has(page, "greenwave_owed_steps 2"));
  CHECK(has(page, "greenwave_received_bytes_total 4096"));
  CHECK(has(page, "greenwave_last_sync_duration_seconds 1.25"));
  CHECK(has(page, "greenwave_repository_reachable 1"));
  CHECK(has(page, "greenwave_paused 0"));
  CHECK(has(page, "greenwave_rejected 0"));
  CHECK(has(page, "greenwave_healthy 0"));
  CHECK(page.find("last_good_sync_timestamp") == std::string::npos);
  CHECK(page.find("unreachable_since") == std::string::npos);
  now.failed.clear();
  now.waiting.clear();
  now.pause = state::Pause{from_iso("2026-11-24T08:00:00Z"), "ana", "relamping"};
  now.unreachable_since = from_iso("2026-11-24T06:00:00Z");
  const auto other = report::exposition({}, now);
  CHECK(has(other, "greenwave_healthy 1"));
  CHECK(has(other, "greenwave_paused 1"));
  CHECK(has(other, "greenwave_pause_end_timestamp_seconds 1795507200"));
  CHECK(has(other, "greenwave_repository_reachable 0"));
  CHECK(has(other, "greenwave_repository_unreachable_since_timestamp_seconds 1795500000"));
}

namespace {

/// A page with every metric that there is.
std::string whole_page() {
  auto everything = status();
  everything.pause = state::Pause{from_iso("2026-11-24T08:00:00Z"), "ana", "relamping"};
  everything.unreachable_since = from_iso("2026-11-24T06:00:00Z");
  everything.last_poll = from_iso("2026-11-24T05:59:00Z");
  everything.followed.tip.emplace();
  report::Counts counts;
  counts.last_good = from_iso("2026-11-24T06:00:00Z");
  return report::exposition(counts, everything);
}

std::string shipped(const char* file) {
  return read_file(test::source_directory() / "packaging" / file, 1 << 20);
}

/// What `pattern`'s group is, everywhere in the text.
std::set<std::string> found(const std::string& text, const char* pattern) {
  const std::regex wanted(pattern);
  std::set<std::string> all;
  for (std::sregex_iterator at(text.begin(), text.end(), wanted), end; at != end; ++at) all.insert((*at)[1]);
  return all;
}

}  // namespace

TEST_CASE("metrics: greenwaved(8) has each one, in the same order, and no other") {
  CHECK(names(shipped("man/greenwaved.8"), ".It Ic greenwave_") == names(whole_page(), "# TYPE greenwave_"));
}

TEST_CASE(
    "metrics: the shipped rules name what is written, and have an alert for each status that needs "
    "attention") {
  const auto page = whole_page();
  const auto rules = shipped("prometheus/greenwave.rules.yaml");
  const auto written = found(page, "\n(greenwave_[a-z_]+)");
  for (const auto& name : found(rules, "[^.]\\b(greenwave_[a-z_]+)")) {
    INFO(name);
    CHECK(written.contains(name));
  }
  std::set<std::string> told;
  for (const auto& selected : found(rules, "status=~?\"([a-z_|]+)\"")) {
    for (const auto word : split(selected, '|')) told.emplace(word);
  }
  const auto words = found(page, "greenwave_status\\{status=\"([a-z_]+)\"");
  for (const auto& word : told) {
    INFO(word);
    CHECK(words.contains(word));
  }
  // These show by a time that grows old.
  told.insert({"offline", "stale", "not_running"});
  for (const auto situation : daemon::every_situation()) {
    std::string word(to_string(situation));
    std::ranges::replace(word, ' ', '_');
    INFO(word);
    CHECK((exit_code_of(situation) == 0 || told.contains(word)));
    CHECK(words.contains(word) == (situation != daemon::Situation::not_running));
  }
  CHECK(found(rules, "alert: (Greenwave\\w+)") ==
        found(shipped("man/greenwaved.8"), "\\.It (Greenwave\\w+)"));
}

TEST_CASE("metrics: the manual has every result that a sync is counted by") {
  const auto manual = shipped("man/greenwaved.8");
  const auto at = manual.find("Syncs since the agent started");
  REQUIRE(at != std::string::npos);
  const auto text = manual.substr(at, 300);
  for (const auto& result : found(whole_page(), "greenwave_syncs_total\\{result=\"([a-z_]+)\"")) {
    INFO(result);
    CHECK(text.find(result) != std::string::npos);
  }
}

TEST_CASE("metrics: no value can break out of its label") {
  const auto page = report::exposition({}, status());
  CHECK(page.find(R"(cluster="san \"francisco\"\\ ",wave="canary")") != std::string::npos);
}

TEST_CASE("metrics: the file is whole and readable, and one that can't be written stops nothing") {
  test::TemporaryDirectory directory;
  const Log log(Level::error);
  report::MetricsFile file(log);
  config::Config config;
  const auto outcome = result(state::SyncResult::in_sync);
  file.take({config, status(), &outcome});  // none is configured
  config.metrics_file = directory / "textfile/greenwave.prom";
  file.take({config, status(), &outcome});
  const auto text = read_file(config.metrics_file, 1 << 16);
  CHECK(has(text, "greenwave_syncs_total{result=\"in_sync\"} 2"));
  CHECK(text.ends_with('\n'));
  file.take({config, status(), nullptr});
  CHECK(read_file(config.metrics_file, 1 << 16) == text);
  CHECK(std::distance(std::filesystem::directory_iterator(directory / "textfile"),
                      std::filesystem::directory_iterator()) == 1);
  config.metrics_file = "/proc/nowhere/greenwave.prom";
  file.take({config, status(), &outcome});
}
