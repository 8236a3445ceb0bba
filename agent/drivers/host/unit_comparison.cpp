#include "drivers/host/unit_comparison.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/contains.h"
#include "base/error.h"
#include "base/text.h"
#include "diff/unified_diff.h"
#include "drivers/host/others.h"
#include "drivers/host/readers.h"
#include "drivers/host/unit_batch.h"
#include "drivers/host/unit_enablement.h"
#include "drivers/host/unit_files.h"
#include "drivers/host/unit_state.h"
#include "model/manifest.h"
#include "systemd/unit_name.h"

namespace greenwave::drivers::host {

namespace {

/// What was there before is kept in the history as it was, up to this size.
constexpr std::size_t longest_was = 2000;

std::string content_in_words(const std::string& path, const FileNow& now, bool shows) {
  if (!shows)
    return fmt::format("{}: {}", path, now.is_link() ? "a link" : bytes_in_words(now.content.size()));
  if (now.is_link()) return fmt::format("{}: a link to {}", path, now.content);
  if (now.content.size() > longest_was || !is_text(now.content)) {
    return fmt::format("{}: {}", path, bytes_in_words(now.content.size()));
  }
  return fmt::format("{}:\n{}", path, now.content);
}

}  // namespace

struct UnitComparison::Found {
  std::string diff;
  std::vector<std::string> was;
  bool existed = false;
  bool files_differ = false;

  void add(const std::string& key, bool wanted, const std::string& found) {
    diff += fmt::format("-{}: {}\n+{}: {}\n", key, found, key, wanted);
    was.push_back(found);
  }
};

plan::Difference UnitComparison::difference(const Candidate& candidate) {
  const auto& [desired, entry] = candidate;
  Problems problems;
  const auto spec = read_unit_spec(desired->manifest, problems);
  if (problems.has_errors()) throw Error(Fault::invalid, to_string(problems.list().front()));
  if (spec.running == true && !units_.runs_systemd) units_.starts_left_out = true;

  const systemd::Conversation conversation(units_.systemd);
  const auto known = known_of(candidate, spec);
  const auto unit = units_.primary(spec, known);
  refuse_second(*desired, unit);
  const bool renamed = is_renamed(known, unit, spec.name);
  Found found;
  Parents parents(units_.host, Parents::Purpose::look);
  if (renamed) found.diff += fmt::format("-name: {}\n+name: {}\n", known.unit, unit);
  compare_files(parents, spec, renamed ? UnitRecord{} : known, found);
  found.files_differ = !found.diff.empty();
  auto record = renamed ? moving(spec, unit, known) : intended(spec, unit, known, found.files_differ);
  const bool repairs = entry != nullptr && entry->digest == desired->manifest.digest;
  note_files(desired->manifest.id, parents, spec, known, repairs, record);
  record.deletes = desired->manifest.on_removal == OnRemoval::remove;
  if (units_.runs_systemd) {
    compare_state(spec, unit, renamed ? UnitRecord{} : known,
                  entry != nullptr && !renamed && !entry->digest.is_zero(), found);
    if (!renamed) compare_definition(spec, record, found);
  } else {
    compare_links(spec, unit, renamed ? UnitRecord{} : known, record, found);
  }

  plan::Difference difference;
  difference.record = to_json(record);
  if (found.diff.empty()) return difference;
  const bool was_there = found.existed || record.before || renamed;
  difference.kind = was_there ? plan::Difference::Kind::change : plan::Difference::Kind::create;
  difference.diff = std::move(found.diff);
  difference.was = fmt::format("{}", fmt::join(found.was, "; "));
  difference.disruption = disruption(spec, record, renamed);
  return difference;
}

plan::Difference UnitComparison::succession(const Candidate& candidate) {
  auto found = difference(candidate);
  if (candidate.entry != nullptr) return found;
  found.kind = plan::Difference::Kind::create;
  Problems problems;
  if (!known_of(candidate, read_unit_spec(candidate.desired->manifest, problems)).unit.empty()) return found;
  // What systemd says of the unit now, it says of the one before: nothing is put back when ours is removed.
  auto record = unit_record_from(found.record);
  record.before.reset();
  found.record = to_json(record);
  return found;
}

/// What the inventory has of the object; of a new one, what it has of the object whose unit that takes over:
/// what the device had before then is what the other one found.
UnitRecord UnitComparison::known_of(const Candidate& candidate, const UnitSpec& spec) {
  if (candidate.entry != nullptr) return unit_record_from(candidate.entry->record);
  if (std::ranges::none_of(render_.inventory, [](const Entry& entry) { return is_unit(entry.id); }))
    return {};
  return record_of(units_.primary(spec, {})).value_or(UnitRecord());
}

/// What the inventory has of a unit.
std::optional<UnitRecord> UnitComparison::record_of(const std::string& unit) {
  for (const auto& entry : render_.inventory) {
    if (!is_unit(entry.id)) continue;
    if (auto record = unit_record_from(entry.record); record.unit == unit) return record;
  }
  return {};
}

/// Only the device knows which other object of the render has this unit, under another name.
void UnitComparison::refuse_second(const plan::Desired& desired, const std::string& unit) {
  if (!named_) {
    named_.emplace();
    for (const auto& other : render_.desired) {
      if (!is_unit(other.manifest.id)) continue;
      Problems problems;
      const auto spec = read_unit_spec(other.manifest, problems);
      if (!problems.has_errors()) named_->push_back({&other, units_.primary(spec, {}), spec.name});
    }
  }
  for (const auto& [other, primary, name] : *named_) {
    if (primary != unit || other->manifest.id == desired.manifest.id) continue;
    throw Error(Fault::invalid,
                fmt::format("{} is another name of {}, which {} declares too",
                            name == unit ? "its name" : name, unit, to_string(other->manifest.id)),
                fmt::format("declare {} in one object", unit));
  }
}

/// The record while the step is under way: what the unit had and what it will have.
UnitRecord UnitComparison::intended(const UnitSpec& spec, const std::string& unit, const UnitRecord& known,
                                    bool files_differ) {
  auto record = with_files(known, spec.paths());
  if (known.unit.empty()) record.before = before(spec, unit);
  record.unit = unit;
  record.alias = unit == spec.name ? "" : spec.name;
  record.stale = known.stale || files_differ;
  record.enabled = spec.enabled;
  record.running = spec.running;
  // A mask of ours that goes is known to be ours until it has gone.
  if (spec.masked || known.masked != true) record.masked = spec.masked;
  return record;
}

/// The record while the object moves from one unit to another.
UnitRecord UnitComparison::moving(const UnitSpec& spec, const std::string& unit, const UnitRecord& known) {
  auto record = with_files(known, spec.paths());
  if (record.moving && record.moving->unit == unit) return record;
  const auto other = record_of(unit);
  record.moving = {unit, other ? other->before : before(spec, unit)};
  return record;
}

/// Which of the files the device had before they became ours. If an intent's result is unknown, a file may
/// still be the device's.
void UnitComparison::note_files(const ObjectId& id, Parents& parents, const UnitSpec& spec,
                                const UnitRecord& known, bool repairs, UnitRecord& record) {
  const Others others(render_, id);
  for (const auto& file : spec.files) {
    const auto& path = file.path;
    const bool is_same = contains(record.same, path);
    const bool is_known = contains(known.files, path) && !is_same;
    if (is_known || contains(record.kept, path)) continue;
    const auto now = file_now(parents, path);
    // What another object has there goes first; what that one found may be kept.
    const bool is_others = !contains(known.files, path) && others.at(path) != nullptr;
    const bool as_wanted = now && !is_others && is_as_wanted(*now, file.content);
    if (is_same && (as_wanted || (repairs && now))) continue;
    std::erase(record.same, path);
    if (!now) continue;  // nothing was there, or somebody removed it: what is made again is ours
    (as_wanted ? record.same : record.kept).push_back(path);
  }
}

void UnitComparison::compare_files(Parents& parents, const UnitSpec& spec, const UnitRecord& record,
                                   Found& found) {
  Claimed claimed(render_.desired);
  Readers readers(claimed);
  const auto shows = [&](const std::string& path, mode_t mode) {
    return readers.are_everybody(parents, path, mode);
  };
  for (const auto& file : spec.files) {
    const auto now = file_now(parents, file.path);
    if (now) found.existed = true;
    if (now && is_as_wanted(*now, file.content)) continue;
    const auto name = file.path.substr(1);
    const bool shown = shows(file.path, now ? now->about.st_mode : unit_file_attributes().mode);
    if (!shown && now && now->content != file.content) {
      found.diff += fmt::format("{}: content changed (not shown: not everybody on this device may read it)\n",
                                file.path);
    } else if (!now || !S_ISREG(now->about.st_mode)) {
      found.diff += diff::unified_diff("", file.content, name);
    } else if (now->content != file.content) {
      found.diff += diff::unified_diff(now->content, file.content, name);
    } else {
      const auto words = attribute_difference(unit_file_attributes(), now->about);
      found.diff += fmt::format("{}: {}\n", file.path, words);
    }
    if (now) found.was.push_back(content_in_words(file.path, *now, shown));
  }
  for (const auto& path : record.files) {
    if (std::ranges::find(spec.files, path, &UnitFile::path) != spec.files.end()) continue;
    const auto now = file_now(parents, path);
    if (!now) continue;
    const bool shown = shows(path, now->about.st_mode);
    found.diff +=
        shown ? diff::unified_diff(now->content, "", path.substr(1)) : fmt::format("{}: removed\n", path);
    found.was.push_back(content_in_words(path, *now, shown));
  }
}

void UnitComparison::compare_state(const UnitSpec& spec, const std::string& unit, const UnitRecord& record,
                                   bool applied, Found& found) {
  const bool may_be_ours = record.masked == true && !spec.masked;
  if (!spec.enabled && !spec.running && !spec.masked && !may_be_ours) return;
  const auto state = units_.jobs.states().of(unit);
  const bool is_masked = state.file.starts_with("masked");
  if (is_masked != spec.masked.value_or(is_masked && !may_be_ours)) {
    found.add("masked", !is_masked, is_masked ? "true" : "false");
  }
  if (spec.enabled) {
    const auto words = enabled_difference(state, *spec.enabled, applied);
    if (!words.empty()) found.add("enabled", *spec.enabled, words);
  }
  if (spec.running && !running_difference(state, *spec.running, false).empty()) {
    auto known = record;
    known.unit = unit;
    const bool done = *spec.running && units_.jobs.is_done(state, known);
    const auto words = running_difference(state, *spec.running, done);
    if (!words.empty()) found.add("running", *spec.running, words);
  }
}

/// `record` is the new one. A reload or restart that the unit needs makes it stale.
void UnitComparison::compare_definition(const UnitSpec& spec, UnitRecord& record, Found& found) {
  if (systemd::is_template(record.unit) || units_.jobs.states().of(record.unit).load == "not-found") return;
  const bool owed = units_.jobs.owes_reload();
  const bool unread = units_.definitions.needs_reload(record.unit);
  if (found.diff.empty() || unread) {
    const auto words =
        unread ? "systemd has not read its files since they changed" : units_.definitions.difference(record);
    if (!words.empty()) found.diff += fmt::format("{}: {}\n", record.unit, words);
  }
  if (found.diff.empty() && owed) found.diff = "systemd has not read what changed on disk\n";
  if (record.running != true) return;
  if (found.diff.empty() && (record.stale || units_.definitions.is_outdated(record))) {
    found.diff = fmt::format("{} has not been restarted since its files changed\n", record.unit);
  }
  record.stale =
      record.stale || unread || units_.definitions.is_outdated(record) || changes_names(spec, record);
}

/// Whether the unit gets or loses aliases, as it is enabled or disabled, for which there are drop-ins.
bool UnitComparison::changes_names(const UnitSpec& spec, const UnitRecord& record) {
  const auto& unit = record.unit;
  const auto state = units_.jobs.states().of(unit);
  if (!spec.enabled || enabled_difference(state, *spec.enabled, true).empty()) return false;
  std::vector<InstallLink> links;
  try {
    links = Enablement(units_.host).links(unit, spec.files);
  } catch (const Error&) {
    return false;  // enabling it will say why
  }
  std::vector<std::string> names{unit};
  for (const auto& link : links) {
    const auto name = link.path.substr(link.path.rfind('/') + 1);
    if (link.path == UnitSpec::unit_path(name)) names.push_back(name);
  }
  const auto own = list_drop_ins(units_.host.root, {unit});
  const auto all = list_drop_ins(units_.host.root, names);
  return !std::ranges::all_of(all, [&](const auto& path) { return contains(own, path); });
}

/// What is about to be made is in the intent, for a removal that comes before the result.
void UnitComparison::compare_links(const UnitSpec& spec, const std::string& unit, const UnitRecord& record,
                                   UnitRecord& intent, Found& found) {
  Enablement enablement(units_.host);
  const auto makes = [&](const InstallLink& link) {
    found.diff += fmt::format("+{} -> {}\n", link.path, link.target);
    if (!contains(intent.links, link.path)) intent.links.push_back(link.path);
  };
  const auto mask = mask_of(unit);
  const bool is_masked = enablement.in_place(mask);
  if (spec.masked == true && !is_masked) makes(mask);
  if (is_masked && (spec.masked == false || (!spec.masked && record.masked == true))) {
    found.diff += fmt::format("-{} -> {}\n", mask.path, mask.target);
    found.was.push_back("masked");
  }
  if (!spec.enabled) return;
  if (*spec.enabled) {
    for (const auto& link : enablement.links(unit, spec.files)) {
      if (!enablement.in_place(link)) makes(link);
    }
    return;
  }
  for (const auto& path : enablement.links_in_place(unit, spec.files)) {
    found.diff += fmt::format("-{}\n", path);
    found.was.push_back("enabled by " + path);
  }
}

std::optional<UnitRecord::Before> UnitComparison::before(const UnitSpec& spec, const std::string& unit) {
  if (units_.runs_systemd) return units_.jobs.before(unit);
  Enablement enablement(units_.host);
  if (enablement.in_place(mask_of(unit))) return UnitRecord::Before{"masked", ""};
  if (!spec.enabled) return {};
  Parents parents(units_.host, Parents::Purpose::look);
  // A unit that is only declared does not exist yet.
  if (spec.defines_unit() && !file_now(parents, UnitSpec::unit_path(unit))) return {};
  const bool enabled = !enablement.links_in_place(unit, spec.files).empty();
  return UnitRecord::Before{enabled ? "enabled" : "disabled", ""};
}

void UnitComparison::apply(std::span<const plan::Step* const> steps, const ReportStep& report,
                           const std::function<bool()>& stop) {
  const systemd::Conversation conversation(units_.systemd);
  units_.jobs.states().forget();
  units_.definitions.forget();
  UnitBatch(units_, render_).run(steps, report, stop);
  units_.jobs.states().forget();
  units_.definitions.forget();
}

void UnitComparison::finish() {
  if (!units_.runs_systemd) return;
  const systemd::Conversation conversation(units_.systemd);
  units_.jobs.reload_if_needed();
}

plan::Disruption UnitComparison::disruption(const UnitSpec& spec, const UnitRecord& record, bool renamed) {
  if (!units_.runs_systemd || !spec.running || spec.name == own_unit) return plan::Disruption::none;
  if (renamed) return plan::Disruption::whole;
  if (is_down(units_.jobs.states().of(record.unit))) return plan::Disruption::none;
  if (!*spec.running) return plan::Disruption::whole;
  return record.stale ? plan::Disruption::restart : plan::Disruption::none;
}

}  // namespace greenwave::drivers::host
