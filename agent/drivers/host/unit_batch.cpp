#include "drivers/host/unit_batch.h"

#include <algorithm>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "base/contains.h"
#include "base/error.h"
#include "drivers/host/others.h"
#include "drivers/host/replacement.h"
#include "drivers/host/unit_enablement.h"
#include "drivers/host/unit_files.h"
#include "systemd/unit_name.h"

namespace greenwave::drivers::host {

namespace {

/// After this long a program that cannot run, or dies at once, has done so.
constexpr auto settling_time = std::chrono::milliseconds(150);

/// Runs a part of a step's work unless an earlier part failed; a failure affects only that step.
template <class Work, class Part>
void attempt(Work& work, Part part) {
  if (work.error) return;
  try {
    part();
  } catch (const Error& error) {
    work.error = error;
  }
}

/// Whether the unit's manifest lists this object in restartOn, so that any change of it restarts the unit.
/// Other causes change the unit's definition.
bool is_asked_for(const plan::Step& step, const ObjectId& cause) {
  if (cause == step.id || step.desired == nullptr) return true;
  const auto names_it = [&](const ObjectRef& ref) { return refers_to(ref, step.id, cause); };
  const auto& footprint = step.desired->footprint;
  return std::ranges::any_of(footprint.restart_on, names_it) ||
         std::ranges::any_of(footprint.restart_on_declared, names_it);
}

std::string remedy_for(const UnitRecord& record) {
  if (!record.alias.empty()) {
    return fmt::format("{} is another name of {}: use that name in the manifest", record.alias, record.unit);
  }
  return fmt::format("systemctl status {} and systemctl cat {} show more", record.unit, record.unit);
}

}  // namespace

bool UnitBatch::Work::writes() const {
  switch (step->verb) {
    case plan::Verb::create:
    case plan::Verb::adopt:
    case plan::Verb::update:
    case plan::Verb::repair:
    case plan::Verb::accept:
      return true;
    default:
      return false;
  }
}

UnitBatch::Work UnitBatch::begin(const plan::Step& step) {
  Work work;
  work.step = &step;
  if (step.desired != nullptr && step.desired->footprint.watch && step.desired->footprint.watch->declared) {
    work.within = step.desired->footprint.watch->within;
  }
  attempt(work, [&] {
    if (step.entry != nullptr) {
      work.before = unit_record_from(step.entry->record);
      work.record = work.before;
      work.files = step.entry->files;
    }
    if (!work.writes()) return;
    Problems problems;
    work.spec = read_unit_spec(step.desired->manifest, problems);
    if (problems.has_errors()) throw Error(Fault::internal, to_string(problems.list().front()));
    // The intent's record knows what the unit was before it became ours.
    work.record =
        unit_record_from(step.difference.record.empty() ? to_json(work.before) : step.difference.record);
    work.record.unit = units_.primary(work.spec, work.before);
    work.record.alias = work.record.unit == work.spec.name ? "" : work.spec.name;
    work.record.enabled = work.spec.enabled;
    work.record.running = work.spec.running;
    work.record.masked = work.spec.masked;
    work.renamed = is_renamed(work.before, work.record.unit, work.spec.name);
    work.stale = work.before.stale || work.record.stale;
    if (!work.renamed) return;
    work.former = with_files(work.before, work.spec.paths());
    work.former->moving = work.record.moving;
    if (work.record.moving) work.record.before = std::exchange(work.record.moving, {})->before;
  });
  return work;
}

void UnitBatch::run(std::span<const plan::Step* const> steps, const ReportStep& report,
                    const std::function<bool()>& stop) {
  std::vector<Work> works;
  for (const auto* step : steps) works.push_back(begin(*step));

  write(works);
  if (jobs_ != nullptr) reload(works);
  std::vector<Work> done;
  for (auto& work : works) {
    if (stop()) break;
    attempt(work, [&] { settle(work, stop); });
    done.push_back(std::move(work));
  }
  finish(done, report);
}

void UnitBatch::write(std::vector<Work>& works) {
  write_files(works);
  for (auto& work : works) {
    if (work.former) attempt(work, [&] { leave_former(work); });
  }
  for (auto& work : works) {
    if (!work.writes()) continue;
    attempt(work, [&] { remove_surplus(work); });
    attempt(work, [&] {
      if (jobs_ == nullptr) return link(work);
      jobs_->set_masked(work.record, !work.renamed && work.before.masked == true);
      jobs_->set_enabled(work.record, work.rewritten);
    });
  }
}

void UnitBatch::reload(std::vector<Work>& works) {
  for (auto& work : works) {
    if (work.lets_go() || work.step->verb == plan::Verb::release) continue;
    attempt(work, [&] {
      const bool unread = units_.definitions.needs_reload(work.record.unit) ||
                          (work.writes() && !units_.definitions.difference(work.record).empty());
      if (unread) jobs_->needs_reload();
    });
  }
  try {
    jobs_->reload_if_needed();
  } catch (const Error& error) {
    for (auto& work : works) {
      if (!work.error) work.error = error;
    }
  }
}

void UnitBatch::write_files(std::vector<Work>& works) {
  Replacements batch(host_);
  std::vector<Work*> owners;  // of what is staged, by index
  const auto commit = [&] {
    kept_.sync();
    if (batch.size() > 0 && jobs_ != nullptr) jobs_->needs_reload();
    const auto results = batch.commit();
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (results[i].error && !owners[i]->error) owners[i]->error = results[i].error;
    }
    owners.clear();
  };
  for (auto& work : works) {
    attempt(work, [&] {
      for (const auto& file : work.spec.files) {
        const auto now = file_now(parents_, file.path);
        if (now && is_as_wanted(*now, file.content)) continue;
        set_aside(work, file.path);
        batch.stage(file.path, file.content, unit_file_attributes());
        owners.push_back(&work);
        work.rewritten = true;
      }
    });
    if (batch.full()) commit();
  }
  commit();
}

/// Sets aside what the device has at a file's path, before the first change.
void UnitBatch::set_aside(Work& work, const std::string& path) {
  if (!contains(work.record.kept, path)) return;
  const bool is_done =
      work.step->entry != nullptr && !work.step->entry->intended && contains(work.before.kept, path);
  if (!is_done && !kept_.link(parents_, path)) std::erase(work.record.kept, path);
}

/// Removes a file of ours, or restores what the device had there, unless it belongs to another object by now.
void UnitBatch::take_back(const ObjectId& id, const UnitRecord& record, const std::string& path) {
  if (Others(render_, id).at(path) != nullptr) return;
  remove_leftover(parents_, path);
  if (record.deletes) kept_.drop(parents_, path);
  if (contains(record.same, path) && !record.deletes) return;
  if (kept_.has(parents_, path)) {
    kept_.give_back(parents_, path, removed_);
  } else if (record.deletes || !contains(record.kept, path)) {
    remove_unit_file(parents_, path, removed_);
  }
}

void UnitBatch::remove_surplus(Work& work) {
  auto wanted = work.spec.paths();
  if (!work.renamed) {
    for (const auto& path : work.record.files) {
      if (contains(wanted, path)) continue;
      if (jobs_ != nullptr) jobs_->needs_reload();
      take_back(work.step->id, work.record, path);
      std::erase(work.record.kept, path);
      std::erase(work.record.same, path);
      work.rewritten = true;
    }
  }
  work.record.files = std::move(wanted);
}

void UnitBatch::put_link(const std::string& path, const std::string& target) {
  Replacements batch(host_);
  batch.stage_link(path, target, link_attributes());
  for (const auto& replaced : batch.commit()) {
    if (replaced.error) throw *replaced.error;
  }
}

void UnitBatch::link(Work& work) {
  Enablement enablement(host_);
  std::vector<InstallLink> wanted;
  const auto& unit = work.record.unit;
  if (work.record.enabled == true) wanted = enablement.links(unit, work.spec.files);
  if (work.record.masked == true) wanted = {mask_of(unit)};
  if (work.record.masked == false && enablement.in_place(mask_of(unit))) {
    remove(work.step->id, mask_of(unit).path);
  }
  if (work.record.enabled == false) {
    for (const auto& path : enablement.links_in_place(unit, work.spec.files)) {
      remove(work.step->id, path);
    }
  }
  const auto ours = std::move(work.record.links);
  work.record.links.clear();
  for (const auto& link : wanted) {
    const bool there = enablement.in_place(link);
    if (!there) put_link(link.path, link.target);
    if (!there || contains(ours, link.path)) work.record.links.push_back(link.path);
  }
  for (const auto& path : ours) {
    // Where it was masked, its own file is by now.
    const bool stays = contains(work.record.links, path) || contains(work.record.files, path);
    if (!stays) remove(work.step->id, path);
  }
}

/// Does nothing if it belongs to another object by now.
void UnitBatch::remove(const ObjectId& id, const std::string& path) {
  if (Others(render_, id).at(path) == nullptr) remove_unit_file(parents_, path, removed_);
}

void UnitBatch::remove_files(const ObjectId& id, const UnitRecord& record) {
  for (const auto& path : record.links) remove(id, path);
  for (const auto& path : record.files) {
    if (jobs_ != nullptr) jobs_->needs_reload();
    take_back(id, record, path);
  }
}

bool UnitBatch::is_others(const ObjectId& id, const std::string& unit) {
  if (render_.places != nullptr && render_.places->other_at("unit:" + unit, id) != nullptr) return true;
  return std::ranges::any_of(render_.desired, [&](const plan::Desired& other) {
    if (other.manifest.id == id || !is_unit(other.manifest.id)) return false;
    Problems problems;
    const auto spec = read_unit_spec(other.manifest, problems);
    return !problems.has_errors() && spec.name != unit && units_.primary(spec, {}) == unit;
  });
}

void UnitBatch::let_go(const ObjectId& id, const UnitRecord& record) {
  // The unit itself, in its present state, may belong to another object now.
  if (is_others(id, record.unit)) return remove_files(id, record);
  if (jobs_ != nullptr) jobs_->let_go(record);
  remove_files(id, record);
  if (jobs_ != nullptr || !record.before) return;
  if (record.masked == false && record.before->file == "masked") {
    put_link(mask_of(record.unit).path, mask_of(record.unit).target);
  } else if (record.enabled == false && record.before->file == "enabled") {
    for (const auto& link : Enablement(host_).links(record.unit, {})) put_link(link.path, link.target);
  }
}

/// Call after the files of the new unit are written.
void UnitBatch::leave_former(Work& work) {
  auto former = work.before;
  const auto written = work.spec.paths();
  std::erase_if(former.files, [&](const std::string& path) { return contains(written, path); });
  let_go(work.step->id, former);
  work.former.reset();
}

/// Whether the unit runs with an older definition because other objects changed it.
bool UnitBatch::is_redefined(const Work& work) {
  if (work.record.running != true) return false;
  const auto by_reference = [&](const ObjectId& cause) { return is_asked_for(*work.step, cause); };
  const bool touched = !std::ranges::all_of(work.step->restart_because, by_reference);
  const bool outdated = units_.definitions.is_outdated(work.record);
  return outdated || (touched && units_.definitions.digest(work.record.unit) != work.record.definition);
}

void UnitBatch::settle(Work& work, const std::function<bool()>& stop) {
  if (work.lets_go()) {
    if (work.before.moving) let_go(work.step->id, moved(work.before));
    let_go(work.step->id, work.before);
    return;
  }
  if (jobs_ == nullptr || work.step->verb == plan::Verb::release) return;
  jobs_->check_enabled(work.record);
  if (systemd::is_template(work.record.unit)) return;
  const auto asked_for = [&](const ObjectId& cause) { return is_asked_for(*work.step, cause); };
  const bool waits = work.step->wait == plan::Wait::restart;
  const Occasion occasion{.rewritten = work.rewritten || work.stale || is_redefined(work),
                          .restart = std::ranges::any_of(work.step->restart_because, asked_for),
                          .reload = !work.step->reload_because.empty(),
                          .within = work.within,
                          .stop = stop};
  const Occasion no_more{.within = work.within, .stop = stop};
  work.started = jobs_->settle(work.record, waits ? no_more : occasion);
  work.record.owing.clear();
  // A unit that is started now has everything that it waited for, so it owes no restart.
  const bool has_reason = occasion.rewritten || occasion.restart || occasion.reload;
  if (waits && has_reason && !work.started) work.record.owing = jobs_->this_start(work.record.unit);
  work.owes = !work.record.owing.empty();
}

/// Compares what systemd has loaded with the manifest.
void UnitBatch::check(Work& work) {
  if (work.lets_go() || work.step->verb == plan::Verb::release) return;
  if (work.started) jobs_->check_started(work.record);
  if (work.writes()) {
    const auto words = units_.definitions.difference(work.record);
    if (!words.empty()) {
      throw Error(Fault::invalid, fmt::format("{} is not as declared: {}", work.record.unit, words),
                  remedy_for(work.record));
    }
  }
  if (work.record.running != true || work.owes) return;
  work.record.definition = units_.definitions.digest(work.record.unit);
  work.record.started = jobs_->this_start(work.record.unit);
}

void UnitBatch::finish(std::vector<Work>& works, const ReportStep& report) {
  std::optional<Error> broken;
  try {
    kept_.sync();
    removed_.sync();
    const auto lets_go = [](const Work& work) { return work.lets_go(); };
    if (jobs_ != nullptr && std::ranges::any_of(works, lets_go)) jobs_->reload_if_needed();
  } catch (const Error& error) {
    broken = error;
  }
  if (std::ranges::any_of(works, &Work::started)) std::this_thread::sleep_for(settling_time);
  for (auto& work : works) {
    if (!work.error && (work.lets_go() || work.writes())) work.error = broken;
    if (jobs_ != nullptr) {
      attempt(work, [&] {
        if (work.lets_go() && !is_others(work.step->id, work.before.unit)) jobs_->forget(work.before);
        check(work);
      });
    }
    if (work.writes()) attempt(work, [&] { sign(work); });
    report(*work.step, result_of(work));
  }
  if (jobs_ != nullptr) jobs_->queue_own();
}

StepResult UnitBatch::result_of(Work& work) const {
  StepResult outcome;
  outcome.ok = true;
  if (work.error) outcome.fail(*work.error);
  work.record.stale = (work.rewritten || work.stale) && (!outcome.ok || work.owes);
  outcome.owes_restart = work.owes;
  if (work.former) {
    work.former->kept = work.record.kept;
    work.former->same = work.record.same;
  }
  outcome.entry.record = to_json(work.former ? *work.former : work.record);
  outcome.entry.files = std::move(work.files);
  outcome.entry.live = jobs_ != nullptr && (work.record.enabled || work.record.running || work.record.masked);
  return outcome;
}

void UnitBatch::sign(Work& work) {
  work.files.clear();
  for (const auto* paths : {&work.record.files, &work.record.links}) {
    for (const auto& path : *paths) {
      if (const auto now = file_now(parents_, path))
        work.files.push_back(signature_of(parents_.host(), path, *now));
    }
  }
}

}  // namespace greenwave::drivers::host
