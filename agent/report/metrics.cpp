#include "report/metrics.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "base/contains.h"
#include "base/text.h"
#include "daemon/situation.h"

namespace greenwave::report {

namespace {

std::string with_underscores(std::string_view text) {
  std::string word(text);
  std::ranges::replace(word, ' ', '_');
  return word;
}

std::string kind_of(const sync::Result& result) {
  if (result.standing.unreachable_since) return "unreachable";
  return with_underscores(state::to_string(result.record.result));
}

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

/// A label's value with its quotes.
std::string label_value(std::string_view value) {
  std::string text = "\"";
  for (const char letter : printable(value)) {
    if (letter == '"' || letter == '\\') text += '\\';
    text += letter;
  }
  return text + '"';
}

class Page {
 public:
  void metric(std::string_view name, std::string_view type, std::string_view help) {
    text_ += fmt::format("# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
  }
  template <typename Value>
  void sample(std::string_view name, Value value, std::string_view labels = "") {
    text_ += labels.empty() ? fmt::format("{} {}\n", name, value)
                            : fmt::format("{}{{{}}} {}\n", name, labels, value);
  }
  template <typename Value>
  void single(std::string_view name, std::string_view type, std::string_view help, Value value) {
    metric(name, type, help);
    sample(name, value);
  }
  /// Omitted while there is no such time: alert rules would take 0 for 1970.
  void time(std::string_view name, std::string_view help, const std::optional<Time>& time) {
    if (time) single(name, "gauge", help, seconds(time->time_since_epoch()));
  }

  std::string text() && { return std::move(text_); }

 private:
  std::string text_;
};

void add_syncs(Page& page, const Counts& counts, const daemon::Status& status) {
  page.metric("greenwave_syncs_total", "counter", "Syncs since the agent started, by their result.");
  for (const auto& [result, number] : counts.syncs) {
    page.sample("greenwave_syncs_total", number, fmt::format("result={}", label_value(result)));
  }
  page.metric("greenwave_sync_duration_seconds", "summary", "How long syncs took.");
  std::uint64_t all = 0;
  for (const auto& [result, number] : counts.syncs) all += number;
  page.sample("greenwave_sync_duration_seconds_sum", seconds(counts.time_in_syncs));
  page.sample("greenwave_sync_duration_seconds_count", all);
  page.single("greenwave_last_sync_duration_seconds", "gauge", "How long the last sync took.",
              seconds(status.last_took));
  page.time("greenwave_last_sync_timestamp_seconds", "When the last sync began.", status.last_sync);
  page.time("greenwave_last_good_sync_timestamp_seconds",
            "When a sync last reached the repository and left everything in sync.", counts.last_good);
}

void add_status(Page& page, const daemon::Status& status) {
  const auto judgement = daemon::judge(status);
  page.single("greenwave_healthy", "gauge", "1 when the device is as its commit says.",
              judgement.health == daemon::Health::healthy ? 1 : 0);
  page.metric("greenwave_status", "gauge",
              "1 for each status that the device has, as greenwave status shows them.");
  for (const auto situation : daemon::every_situation()) {
    // Who does not run writes no file: the age of the last poll says it.
    if (situation == daemon::Situation::not_running) continue;
    page.sample("greenwave_status", contains(judgement.situations, situation) ? 1 : 0,
                fmt::format("status={}", label_value(with_underscores(to_string(situation)))));
  }
  page.single("greenwave_status_exit_code", "gauge",
              "The exit code of greenwave status: 0 all is in order, 1 something needs attention.",
              judgement.exit_code);
}

void add_objects(Page& page, const Counts& counts, const daemon::Status& status) {
  page.metric("greenwave_objects", "gauge", "Objects that the repository declares for this device.");
  page.sample("greenwave_objects", status.in_sync, "state=\"in_sync\"");
  page.sample("greenwave_objects", status.failed.size(), "state=\"failed\"");
  page.single("greenwave_drift_repaired_total", "counter",
              "Objects that had been changed behind the agent's back and were put right.", counts.repaired);
  page.single("greenwave_owed_steps", "gauge",
              "Disruptive steps that wait for a window, or for a program that is busy.",
              status.waiting.size());
  page.single("greenwave_reverts_total", "counter", "Commits that the device went back from.",
              counts.syncs.at("reverted"));
  page.single("greenwave_rejected", "gauge",
              "1 while the ref names a commit that the device refused or went back from.",
              status.rejected ? 1 : 0);
}

}  // namespace

void count(Counts& counts, const sync::Result& result) {
  const auto kind = kind_of(result);
  ++counts.syncs[kind];
  counts.time_in_syncs += result.record.took;
  counts.repaired += result.standing.repaired;
  if (kind == "in_sync" || kind == "waiting") counts.last_good = result.record.started + result.record.took;
}

std::string exposition(const Counts& counts, const daemon::Status& status) {
  Page page;
  page.metric("greenwave_info", "gauge", "Which device this is and what it has; always 1.");
  page.sample(
      "greenwave_info", 1,
      fmt::format("version={},device={},cluster={},wave={},commit={}", label_value(status.version),
                  label_value(status.device), label_value(status.cluster), label_value(status.followed.wave),
                  label_value(status.commit ? status.commit->id.text() : "")));
  add_status(page, status);
  add_syncs(page, counts, status);
  add_objects(page, counts, status);
  page.single("greenwave_received_bytes_total", "counter", "Bytes received from the repository.",
              status.bytes_received);
  page.single("greenwave_repository_reachable", "gauge",
              "0 while the repository cannot be reached: the device keeps what it has.",
              status.unreachable_since ? 0 : 1);
  page.time("greenwave_last_poll_timestamp_seconds", "When the repository last answered.", status.last_poll);
  page.single("greenwave_poll_interval_seconds", "gauge", "How long from one poll to the next.",
              seconds(status.interval));
  page.time("greenwave_repository_unreachable_since_timestamp_seconds",
            "Since when the repository cannot be reached.", status.unreachable_since);
  if (const auto& tip = status.followed.tip) {
    page.time("greenwave_tip_issued_timestamp_seconds",
              "When the signed tip that the device follows was made.", tip->tip.issued);
    page.time("greenwave_tip_expires_timestamp_seconds",
              "When it expires: from then on, newer commits may be held back.", tip->tip.expires);
  }
  page.single("greenwave_held", "gauge",
              "1 while the device keeps its commit until the ref of its wave has caught up.",
              status.followed.is_held ? 1 : 0);
  page.single("greenwave_paused", "gauge", "1 while someone has paused the agent.", status.pause ? 1 : 0);
  if (status.pause) {
    page.time("greenwave_pause_end_timestamp_seconds", "When the pause ends by itself.", status.pause->until);
  }
  return std::move(page).text();
}

}  // namespace greenwave::report
