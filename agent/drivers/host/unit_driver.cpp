#include "drivers/host/unit_driver.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "drivers/host/unit_batch.h"
#include "drivers/host/unit_enablement.h"
#include "drivers/host/unit_files.h"
#include "drivers/host/unit_state.h"
#include "git/diff.h"

namespace greenwave::drivers::host {

namespace {

constexpr int unit_rank = 30;
constexpr plan::Watch unit_health_watch{.interval = std::chrono::seconds(1),
                                        .within = std::chrono::minutes(2)};
/// What was there before is kept in the history as it was, up to this size.
constexpr std::size_t longest_was = 2000;

std::string content_in_words(const std::string& path, const FileNow& now) {
  if (now.is_link()) return fmt::format("{}: a link to {}", path, now.content);
  if (now.content.size() > longest_was || !is_text(now.content)) {
    return fmt::format("{}: {}", path, bytes_in_words(now.content.size()));
  }
  return fmt::format("{}:\n{}", path, now.content);
}

}  // namespace

struct UnitDriver::Comparison {
  std::string diff;
  std::vector<std::string> was;
  bool existed = false;
  bool files_differ = false;

  void add(const std::string& key, bool wanted, const std::string& found) {
    diff += fmt::format("-{}: {}\n+{}: {}\n", key, found, key, wanted);
    was.push_back(found);
  }
};

UnitDriver::UnitDriver(Host host, std::function<void()> while_waiting, Duration job_timeout, Duration settle)
    : host_(std::move(host)),
      runs_systemd_(host_.is_live() && systemd::Manager::is_init()),
      systemd_(std::move(while_waiting), job_timeout),
      jobs_(systemd_),
      health_(systemd_, settle) {}

bool UnitDriver::serves(const ObjectId& id) const {
  return id.api_version == own_api && id.kind == "SystemdUnit";
}

plan::Footprint UnitDriver::footprint(const Manifest& manifest, Problems& problems) const {
  const auto spec = read_unit_spec(manifest, problems);
  plan::Footprint footprint;
  footprint.rank = unit_rank;
  footprint.claims.push_back("unit:" + spec.name);
  for (const auto& file : spec.files) {
    footprint.claims.push_back("path:" + file.path);
    for (const auto& parent : parents_of(host_, file.path)) {
      const auto claim = "path:" + parent;
      if (std::ranges::find(footprint.after, claim) == footprint.after.end())
        footprint.after.push_back(claim);
    }
  }
  if (!spec.files.empty()) {
    if (const auto refusal = refusal_of(host_, spec.files.front().path)) {
      const auto* place = manifest.document.at({"spec", spec.defines_unit() ? "content" : "dropIns"});
      problems.error(place != nullptr ? place->place : manifest.place(), refusal->message, refusal->remedy);
    }
  }
  footprint.restart_on = spec.restart_on;
  footprint.reload_on = spec.reload_on;
  if (spec.running == true) footprint.watch = unit_health_watch;
  return footprint;
}

void UnitDriver::begin(const Pass& pass) {
  pass_ = pass;
}

std::optional<std::string> UnitDriver::drift(const Entry& entry,
                                             std::optional<std::vector<FileSignature>>& refreshed) {
  const auto record = unit_record_from(entry.record);
  if (record.running == true && !runs_systemd_) starts_left_out_ = true;
  const auto wanted = [&](const FileSignature& file) {
    const bool is_link = std::ranges::find(record.links, file.path) != record.links.end();
    return is_link ? link_attributes() : unit_file_attributes();
  };
  if (auto words = drift_of_files(host_, entry, pass_.distrust, refreshed, wanted)) return words;
  if (!runs_systemd_ || !entry.live) return {};
  const systemd::Conversation conversation(systemd_);
  const auto state = jobs_.states().of(record.unit, pass_.distrust);
  if (record.enabled) {
    if (auto words = enabled_difference(state, *record.enabled, true); !words.empty()) return words;
  }
  if (record.running && !running_difference(state, *record.running, false).empty()) {
    const bool done = *record.running && jobs_.is_done(state, record);
    if (auto words = running_difference(state, *record.running, done); !words.empty()) return words;
  }
  return {};
}

plan::Difference UnitDriver::compare(const plan::Desired& desired, const Entry* entry, const SourceTree&) {
  Problems problems;
  const auto spec = read_unit_spec(desired.manifest, problems);
  if (problems.has_errors()) throw Error(Fault::invalid, to_string(problems.list().front()));
  const auto known = unit_record_from(entry != nullptr ? entry->record : "");
  const bool renamed = !known.unit.empty() && known.unit != spec.name;
  if (spec.running == true && !runs_systemd_) starts_left_out_ = true;

  const systemd::Conversation conversation(systemd_);
  Comparison comparison;
  Parents parents(host_);
  if (renamed) comparison.diff += fmt::format("-name: {}\n+name: {}\n", known.unit, spec.name);
  compare_files(parents, spec, renamed ? UnitRecord{} : known, comparison);
  comparison.files_differ = !comparison.diff.empty();
  if (runs_systemd_) {
    compare_state(spec, known, entry != nullptr && !renamed && !entry->digest.is_zero(), comparison);
    if (known.stale && comparison.diff.empty() && spec.running == true) {
      comparison.diff = fmt::format("{} has not been restarted since its files changed\n", spec.name);
    }
  } else {
    compare_links(spec, comparison);
  }

  auto record = known;
  if (!renamed) {
    if (known.unit.empty()) record.before = before(spec);
    record.unit = spec.name;
    record.stale = known.stale || comparison.files_differ;
    record.enabled = spec.enabled;
    record.running = spec.running;
    for (const auto& file : spec.files) {
      if (std::ranges::find(record.files, file.path) == record.files.end()) record.files.push_back(file.path);
    }
  }
  plan::Difference difference;
  difference.record = to_json(record);
  if (comparison.diff.empty()) return difference;
  const bool was_there = comparison.existed || record.before || renamed;
  difference.kind = was_there ? plan::Difference::Kind::change : plan::Difference::Kind::create;
  difference.diff = std::move(comparison.diff);
  difference.was = fmt::format("{}", fmt::join(comparison.was, "; "));
  difference.disruption = disruption(spec, record.stale, renamed);
  return difference;
}

void UnitDriver::compare_files(Parents& parents, const UnitSpec& spec, const UnitRecord& record,
                               Comparison& comparison) {
  for (const auto& file : spec.files) {
    const auto now = file_now(parents, file.path);
    if (now) comparison.existed = true;
    if (now && is_as_wanted(*now, file.content)) continue;
    const auto name = file.path.substr(1);
    if (!now || !S_ISREG(now->about.st_mode)) {
      comparison.diff += git::unified_diff("", file.content, name);
    } else if (now->content != file.content) {
      comparison.diff += git::unified_diff(now->content, file.content, name);
    } else {
      const auto words = attribute_difference(unit_file_attributes(), now->about);
      comparison.diff += fmt::format("{}: {}\n", file.path, words);
    }
    if (now) comparison.was.push_back(content_in_words(file.path, *now));
  }
  for (const auto& path : record.files) {
    if (std::ranges::find(spec.files, path, &UnitFile::path) != spec.files.end()) continue;
    const auto now = file_now(parents, path);
    if (!now) continue;
    comparison.diff += git::unified_diff(now->content, "", path.substr(1));
    comparison.was.push_back(content_in_words(path, *now));
  }
}

void UnitDriver::compare_state(const UnitSpec& spec, const UnitRecord& record, bool applied,
                               Comparison& comparison) {
  if (!spec.enabled && !spec.running) return;
  const auto state = jobs_.states().of(spec.name);
  if (spec.enabled) {
    const auto words = enabled_difference(state, *spec.enabled, applied);
    if (!words.empty()) comparison.add("enabled", *spec.enabled, words);
  }
  if (spec.running && !running_difference(state, *spec.running, false).empty()) {
    auto known = record;
    known.unit = spec.name;
    const bool done = *spec.running && jobs_.is_done(state, known);
    const auto words = running_difference(state, *spec.running, done);
    if (!words.empty()) comparison.add("running", *spec.running, words);
  }
}

void UnitDriver::compare_links(const UnitSpec& spec, Comparison& comparison) {
  if (!spec.enabled) return;
  Enablement enablement(host_);
  if (*spec.enabled) {
    for (const auto& link : enablement.links(spec.name, spec.files)) {
      if (!enablement.in_place(link)) comparison.diff += fmt::format("+{} -> {}\n", link.path, link.target);
    }
    return;
  }
  for (const auto& path : enablement.links_in_place(spec.name, spec.files)) {
    comparison.diff += fmt::format("-{}\n", path);
    comparison.was.push_back("enabled by " + path);
  }
}

std::optional<UnitRecord::Before> UnitDriver::before(const UnitSpec& spec) {
  if (runs_systemd_) return jobs_.before(spec.name, spec.defines_unit());
  if (spec.defines_unit() || !spec.enabled) return {};
  const bool enabled = !Enablement(host_).links_in_place(spec.name, spec.files).empty();
  return UnitRecord::Before{enabled ? "enabled" : "disabled", ""};
}

void UnitDriver::apply(std::span<const plan::Step* const> steps, const SourceTree&, const Report& report,
                       const std::function<bool()>& stop) {
  const systemd::Conversation conversation(systemd_);
  jobs_.states().forget();
  UnitBatch(host_, runs_systemd_ ? &jobs_ : nullptr).run(steps, report, stop);
  jobs_.states().forget();
}

plan::Disruption UnitDriver::disruption(const UnitSpec& spec, bool stale, bool renamed) {
  if (!runs_systemd_ || !spec.running || spec.name == own_unit) return plan::Disruption::none;
  if (renamed) return plan::Disruption::whole;
  if (is_down(jobs_.states().of(spec.name))) return plan::Disruption::none;
  if (!*spec.running) return plan::Disruption::whole;
  return stale ? plan::Disruption::restart : plan::Disruption::none;
}

bool UnitDriver::still_owes(const Entry& entry) {
  const auto record = unit_record_from(entry.record);
  if (!runs_systemd_) return false;
  const systemd::Conversation conversation(systemd_);
  jobs_.states().forget();
  return record.owing.empty() || record.owing == jobs_.this_start(record.unit);
}

std::vector<Health> UnitDriver::health(std::span<const Entry* const> entries, Duration) {
  std::vector<Health> found(entries.size());
  if (!runs_systemd_) return found;
  std::vector<UnitRecord> records;
  for (const auto* entry : entries) records.push_back(unit_record_from(entry->record));
  return health_.of(records);
}

std::vector<std::string> UnitDriver::notes() const {
  if (!starts_left_out_) return {};
  return {host_.is_live()
              ? "units are written and enabled, but not started: systemd is not this device's init"
              : fmt::format("units are written and enabled below {}, but not started", host_.root.native())};
}

}  // namespace greenwave::drivers::host
