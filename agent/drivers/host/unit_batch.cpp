#include "drivers/host/unit_batch.h"

#include <algorithm>
#include <thread>

#include "base/error.h"
#include "drivers/host/others.h"
#include "drivers/host/replacement.h"
#include "drivers/host/unit_enablement.h"
#include "drivers/host/unit_files.h"

namespace greenwave::drivers::host {

namespace {

/// After this long a program that cannot run, or dies at once, has done so.
constexpr auto settling_time = std::chrono::milliseconds(150);

/// Runs a part of a step's work unless an earlier part failed; a failure is that step's alone.
template <class Work, class Part>
void attempt(Work& work, Part part) {
  if (work.error) return;
  try {
    part();
  } catch (const Error& error) {
    work.error = error;
  }
}

bool contains(const std::vector<std::string>& list, const std::string& text) {
  return std::ranges::find(list, text) != list.end();
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
    work.record.unit = work.spec.name;
    work.record.enabled = work.spec.enabled;
    work.record.running = work.spec.running;
    work.rewritten = work.before.stale;
    if (work.before.unit.empty() || work.before.unit == work.spec.name) return;
    work.former = with_files(work.before, work.spec.paths());
  });
  return work;
}

void UnitBatch::run(std::span<const plan::Step* const> steps, const ReportStep& report,
                    const std::function<bool()>& stop) {
  std::vector<Work> works;
  for (const auto* step : steps) works.push_back(begin(*step));

  write_files(works);
  for (auto& work : works) {
    if (work.former) attempt(work, [&] { leave_former(work); });
  }
  for (auto& work : works) {
    if (!work.writes()) continue;
    attempt(work, [&] { remove_surplus(work); });
    attempt(work, [&] {
      if (jobs_ == nullptr) {
        link(work);
      } else {
        jobs_->set_enabled(work.record, work.rewritten);
      }
    });
  }
  if (jobs_ != nullptr) {
    std::optional<Error> broken;
    try {
      for (const auto& work : works) {
        if (!work.error && !work.lets_go()) jobs_->look_for_reload(work.record);
      }
      jobs_->reload_if_needed();
    } catch (const Error& error) {
      broken = error;
    }
    for (auto& work : works) {
      if (!work.error) work.error = broken;
    }
  }
  std::vector<Work> done;
  for (auto& work : works) {
    if (stop()) break;
    attempt(work, [&] { settle(work, stop); });
    done.push_back(std::move(work));
  }
  finish(done, report);
}

void UnitBatch::write_files(std::vector<Work>& works) {
  Replacements batch(host_);
  std::vector<Work*> owners;  // of what is staged, by index
  const auto commit = [&] {
    kept_.sync();
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
  for (const auto& work : works) {
    if (work.rewritten && jobs_ != nullptr) jobs_->needs_reload();
  }
}

/// What the device has at the path of a file, before the first change.
void UnitBatch::set_aside(Work& work, const std::string& path) {
  if (!contains(work.record.kept, path)) return;
  const bool is_done =
      work.step->entry != nullptr && !work.step->entry->intended && contains(work.before.kept, path);
  if (!is_done && !kept_.link(parents_, path)) std::erase(work.record.kept, path);
}

/// Removes a file of ours, or puts back what the device had there; unless it is another object's by now.
void UnitBatch::take_back(const ObjectId& id, const UnitRecord& record, const std::string& path) {
  if (Others(render_, id).at(path) != nullptr) return;
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
  if (work.before.unit == work.spec.name) {
    for (const auto& path : work.record.files) {
      if (contains(wanted, path)) continue;
      take_back(work.step->id, work.record, path);
      std::erase(work.record.kept, path);
      std::erase(work.record.same, path);
      work.rewritten = true;
      if (jobs_ != nullptr) jobs_->needs_reload();
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
  if (work.record.enabled == true) wanted = enablement.links(work.spec.name, work.spec.files);
  if (work.record.enabled == false) {
    for (const auto& path : enablement.links_in_place(work.spec.name, work.spec.files)) {
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
    if (!contains(work.record.links, path)) remove(work.step->id, path);
  }
}

/// Unless it is another object's by now.
void UnitBatch::remove(const ObjectId& id, const std::string& path) {
  if (Others(render_, id).at(path) == nullptr) remove_unit_file(parents_, path, removed_);
}

void UnitBatch::remove_files(const ObjectId& id, const UnitRecord& record) {
  for (const auto& path : record.links) remove(id, path);
  for (const auto& path : record.files) {
    take_back(id, record, path);
    if (jobs_ != nullptr) jobs_->needs_reload();
  }
}

void UnitBatch::let_go(const ObjectId& id, const UnitRecord& record) {
  // The unit itself may have become another's, with what it does now.
  const bool is_others =
      render_.places != nullptr && render_.places->other_at("unit:" + record.unit, id) != nullptr;
  if (is_others) return remove_files(id, record);
  if (jobs_ != nullptr) jobs_->let_go(record);
  remove_files(id, record);
  if (jobs_ == nullptr && record.enabled == false && record.before && record.before->file == "enabled") {
    for (const auto& link : Enablement(host_).links(record.unit, {})) put_link(link.path, link.target);
  }
}

/// When the files of the unit that it moves to are written.
void UnitBatch::leave_former(Work& work) {
  auto former = work.before;
  const auto written = work.spec.paths();
  std::erase_if(former.files, [&](const std::string& path) { return contains(written, path); });
  let_go(work.step->id, former);
  work.former.reset();
}

void UnitBatch::settle(Work& work, const std::function<bool()>& stop) {
  if (work.lets_go()) {
    let_go(work.step->id, work.before);
    return;
  }
  if (jobs_ == nullptr || work.step->verb == plan::Verb::release) return;
  jobs_->check_enabled(work.record);
  // What is started now has all that it waits for, so that it owes nothing.
  const bool waits = work.step->wait == plan::Wait::restart;
  const Occasion occasion{.rewritten = work.rewritten && !waits,
                          .restart = !work.step->restart_because.empty() && !waits,
                          .reload = !work.step->reload_because.empty() && !waits,
                          .within = work.within,
                          .stop = stop};
  work.started = jobs_->settle(work.record, occasion);
  work.record.owing.clear();
  if (waits && !work.started) work.record.owing = jobs_->this_start(work.record.unit);
  work.owes = !work.record.owing.empty();
}

void UnitBatch::finish(std::vector<Work>& works, const ReportStep& report) {
  std::optional<Error> broken;
  try {
    kept_.sync();
    removed_.sync();
    if (jobs_ != nullptr) jobs_->reload_if_needed();
  } catch (const Error& error) {
    broken = error;
  }
  if (std::ranges::any_of(works, &Work::started)) std::this_thread::sleep_for(settling_time);
  for (auto& work : works) {
    if (!work.error && (work.lets_go() || work.writes())) work.error = broken;
    if (jobs_ != nullptr) {
      attempt(work, [&] {
        if (work.lets_go()) jobs_->forget(work.before);
        if (work.started) jobs_->check_started(work.record);
      });
    }
    if (work.writes()) attempt(work, [&] { sign(work); });
    StepResult outcome;
    outcome.ok = true;
    if (work.error) outcome.fail(*work.error);
    work.record.stale = (work.rewritten || work.before.stale) && (!outcome.ok || work.owes);
    outcome.owes_restart = work.owes;
    if (work.former) {
      work.former->kept = work.record.kept;
      work.former->same = work.record.same;
    }
    outcome.entry.record = to_json(work.former ? *work.former : work.record);
    outcome.entry.files = std::move(work.files);
    outcome.entry.live = jobs_ != nullptr && (work.record.enabled || work.record.running);
    report(*work.step, std::move(outcome));
  }
  if (jobs_ != nullptr) jobs_->queue_own();
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
