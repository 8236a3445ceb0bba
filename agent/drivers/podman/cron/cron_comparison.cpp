#include "drivers/podman/cron/cron_comparison.h"

#include <filesystem>

#include <fmt/format.h>

#include "base/contains.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "drivers/podman/cron/run_file.h"
#include "drivers/podman/limits.h"
#include "drivers/podman/rollout.h"
#include "systemd/unit_name.h"

namespace greenwave::drivers::podman {

struct CronComparison::Work {
  const plan::Step* step = nullptr;
  StepResult result{};
  CronParts parts{};
  bool settles = false;  ///< its timer is not in place yet
};

CronComparison::Wanted CronComparison::wanted(const Manifest& manifest) const {
  Problems problems;
  const auto job = read_runnable_cron_job(manifest, cron_.rules, problems);
  if (problems.has_errors()) throw Error(Fault::invalid, to_string(problems.list().front()));
  auto kube_pod = kube_pods_of(manifest, job.workload, cron_.rules, store_, cron_.digest_key).front();
  auto images = kube_pod.images;
  return {{units_of(manifest.id, job, cron_.caller),
           podman::to_json(run_file_of(manifest.id, job, std::move(kube_pod))), !job.suspended},
          std::move(images)};
}

plan::Difference CronComparison::difference(const Candidate& candidate) {
  plan::Difference difference;
  if (cron_.leaves_out()) return difference;
  const auto& manifest = candidate.desired->manifest;
  const auto unit = unit_of(manifest.id);
  const auto want = wanted(manifest).parts;
  const auto have = timers_.parts_of(unit);
  if (want == have) return difference;
  if (want.units.timer != have.units.timer) {
    const auto* schedule = manifest.spec().find("schedule");
    difference.diff += fmt::format("+{}.timer ({})\n", unit, printable(*schedule->string()));
  }
  if (want.units.service != have.units.service) difference.diff += fmt::format("+{}.service\n", unit);
  if (want.run != have.run) difference.diff += fmt::format("+the pod of {}\n", unit);
  if (want.on != have.on) difference.diff += fmt::format(" {} {}.timer\n", want.on ? "start" : "stop", unit);
  difference.kind =
      have.units.timer.empty() ? plan::Difference::Kind::create : plan::Difference::Kind::change;
  return difference;
}

void CronComparison::apply(std::span<const plan::Step* const> steps, const ReportStep& report,
                           const std::function<bool()>& stop) {
  std::vector<Work> works;
  std::vector<Timers::Order> orders;
  for (const auto* step : steps) {
    if (stop()) break;
    auto& work = works.emplace_back(prepare(*step));
    if (work.settles) orders.push_back({unit_of(step->id), work.parts.units, work.parts.on});
  }
  std::map<std::string, Error> failed;
  try {
    if (!orders.empty()) failed = cron_.timers.bring(orders);
  } catch (const Error& error) {
    for (const auto& order : orders) failed.emplace(order.unit, error);
  }
  for (auto& work : works) {
    if (const auto found = failed.find(unit_of(work.step->id)); work.settles && found != failed.end()) {
      work.result.fail(found->second);
    }
    report(*work.step, std::move(work.result));
  }
}

/// Does all of a step except for its timer.
CronComparison::Work CronComparison::prepare(const plan::Step& step) {
  Work work{&step, {}, {}, false};
  if (step.entry != nullptr) work.result.entry = *step.entry;
  work.result.entry.live = true;
  work.result.ok = true;
  if (cron_.leaves_out()) return work;
  try {
    if (step.desired == nullptr) {
      work.result.note = remove(*step.entry);
      return work;
    }
    auto want = wanted(step.desired->manifest);
    const auto known = step.entry != nullptr ? cron_record_from(step.entry->record) : CronRecord();
    auto record = bring_images(want.images, known);
    record.digest = to_hex(cron_.digest_of(want.parts));
    make_directories(cron_.run_file("").parent_path(), 0700);
    replace_file(cron_.run_file(unit_of(step.id)), want.parts.run, 0600);
    work.result.entry.record = to_json(record);
    work.parts = std::move(want.parts);
    work.settles = true;
  } catch (const Error& error) {
    work.result.fail(error);
  }
  return work;
}

/// Pulls the images before a run is due. Those that the CronJob used until now stay for a revert, which may
/// have to do without a registry.
CronRecord CronComparison::bring_images(const std::vector<workload::Image>& images, const CronRecord& known) {
  CronRecord record{{}, known.pulled, {}};
  try {
    for (const auto& image : images) {
      record.used.push_back(cron_.images.bring(image, record.pulled));
    }
  } catch (const Error& error) {
    if (!cron_.service.answers()) unreachable_ = error.what();
    throw;
  }
  if (cron_.settings.prune_images) {
    const auto is_in = [](const std::vector<std::string>& ids, const std::string& id) {
      return contains(ids, id);
    };
    std::erase_if(record.pulled, [&](const std::string& image) {
      return !is_in(record.used, image) && !is_in(known.used, image) && cron_.service.remove_image(image);
    });
  }
  return record;
}

/// Returns, for people, which units stay because they are another object's now.
std::string CronComparison::remove(const Entry& entry) {
  const auto unit = unit_of(entry.id);
  std::vector<std::string> ours;
  std::string left;
  for (const auto* ending : {".timer", ".service"}) {
    const auto name = unit + ending;
    const auto* other = other_of(entry.id, name);
    if (other == nullptr) {
      ours.push_back(name);
    } else {
      left += fmt::format("{}left {}, which is {}'s now", left.empty() ? "" : ", ", name, to_string(*other));
    }
  }
  cron_.timers.remove(ours);
  std::filesystem::remove(cron_.run_file(unit));
  const View now(cron_.service.containers());
  Rollout(cron_.service, cron_.images, cron_.rules, cron_.stops, nullptr).remove(now.of(label_of(entry.id)));
  if (!cron_.settings.prune_images) return left;
  for (const auto& image : cron_record_from(entry.record).pulled) cron_.service.remove_image(image);
  return left;
}

/// The object that has the systemd unit now; null: no other one.
const ObjectId* CronComparison::other_of(const ObjectId& id, const std::string& unit) const {
  if (places_ == nullptr) return nullptr;
  if (const auto* other = places_->other_at("unit:" + unit, id)) return other;
  return places_->other_at_path(fmt::format("{}/{}", systemd::unit_directory, unit), id);
}

}  // namespace greenwave::drivers::podman
