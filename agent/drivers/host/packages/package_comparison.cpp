#include "drivers/host/packages/package_comparison.h"

#include <utility>

#include <fmt/format.h>
#include <sysexits.h>

#include "base/error.h"
#include "base/text.h"
#include "drivers/host/programs.h"

namespace greenwave::drivers::host {

namespace {

constexpr int took_too_long = 124;
constexpr Duration time_to_give_back = std::chrono::minutes(10);

std::string why_of(const PackageJobResult& done, Duration timeout) {
  std::string why = fmt::format("dpkg or apt exited with status {}", done.status);
  if (done.status == EX_TEMPFAIL) why = "that cannot be done now";
  if (done.status == took_too_long) {
    why = fmt::format("a program had not ended after {}, which is its timeout", to_words(timeout));
  }
  const auto said = last_lines(done.output);
  return said.empty() ? why : fmt::format("{}:\n{}", why, said);
}

}  // namespace

plan::Difference PackageComparison::difference(const Candidate& candidate) {
  plan::Difference difference;
  if (!tools_.serves()) return difference;
  const auto goal = goals_.goal_of(*candidate.desired, candidate.entry);
  const auto& spec = *goal.spec;
  difference.record = to_json(goal.record);
  const auto& table = tools_.status.read();
  const auto* package = table.find(spec.name);
  if (goal.is_reached(package)) return difference;
  goals_.refuse_impossible(goal);
  const auto now = now_of(package);
  difference.kind = now.version.empty() ? plan::Difference::Kind::create : plan::Difference::Kind::change;
  auto wanted = PackageNow{goal.any_version ? now.version : spec.version, {}, goal.held.value_or(now.held)};
  if (goal.any_version && now.version.empty()) wanted.version = "any version";
  difference.was = fmt::format("{} {}", spec.name, in_words(now));
  difference.diff = fmt::format("-{} {}\n+{} {}{}\n", spec.name, in_words(now), spec.name, in_words(wanted),
                                spec.has_source ? fmt::format(" ({})", goal.manifest->source->path) : "");
  if (package != nullptr && package->is_broken()) {
    difference.diff += fmt::format("dpkg had stopped in the middle: {} is {}\n", spec.name, package->state);
  }
  if (spec.disruptive) difference.disruption = plan::Disruption::whole;
  if (goal.deb) difference.missing = in_words(dpkg::against(table, *goal.deb));
  return difference;
}

bool PackageComparison::is_put_off(const plan::Step& step) {
  try {
    return !goals_.in_the_way(goals_.goal_of(step)).empty();
  } catch (const Error&) {
    return false;
  }
}

void PackageComparison::apply(std::span<const plan::Step* const> steps, const ReportStep& report,
                              const std::function<bool()>& stop) {
  std::vector<const plan::Step*> left(steps.begin(), steps.end());
  bool goes_on = true;
  while (!left.empty()) {
    // What is in the way of one may be another one of these.
    std::vector<const plan::Step*> put_off;
    for (const auto* step : left) {
      if (stop()) return;
      if (goes_on && left.size() > 1 && tools_.serves() && is_put_off(*step)) {
        put_off.push_back(step);
        continue;
      }
      StepResult result;
      try {
        result = apply_one(*step);
      } catch (const Error& error) {
        result.fail(error);
      }
      report(*step, std::move(result));
    }
    goes_on = put_off.size() < left.size();
    left = std::move(put_off);
  }
}

StepResult PackageComparison::apply_one(const plan::Step& step) {
  StepResult result;
  result.ok = true;
  if (!tools_.serves()) return result;
  auto goal = goals_.goal_of(step);
  result.entry.record = to_json(goal.record);
  result.entry.live = true;
  if (goal.goes() && goal.record.name == own_package) {
    result.note = "the agent's own package stays";
    return result;
  }
  if (const auto why = goals_.in_the_way(goal); !why.empty()) {
    throw Error(
        goals_.may_pass(goal) ? Fault::transient : Fault::conflict,
        fmt::format("{} cannot be {}: {}", goal.record.name, goal.goes() ? "removed" : "installed", why));
  }
  result.note = bring(goal);
  return result;
}

/// Returns what people should know.
std::string PackageComparison::bring(PackageGoal& goal) {
  const auto& name = goal.record.name;
  const auto* package = tools_.status.read().find(name);
  const auto former = now_of(package);
  if (goal.is_reached(package)) return {};
  tools_.store.prepare();
  const auto job = job_for(goal, package);
  if (job.operation == PackageJob::Operation::none) {
    return fmt::format("the agent has not kept {} {}, so that {} stays", name, in_words(goal.wanted),
                       in_words(former));
  }
  const auto done = tools_.jobs.run(job);
  const auto* after = tools_.status.read().find(name);
  const bool is_done = goal.is_reached(after);
  if (done.status != 0 || !is_done) {
    const auto why = done.status != 0 ? why_of(done, job.timeout)
                                      : fmt::format("dpkg says that it is {}", in_words(now_of(after)));
    throw Error(done.status == EX_TEMPFAIL ? Fault::transient : Fault::invalid,
                fmt::format("{} could not be {}: {}", name, goal.goes() ? "removed" : "installed", why));
  }
  drop_others(goal, former);
  return {};
}

PackageJob PackageComparison::job_for(PackageGoal& goal, const dpkg::Package* package) {
  const auto& name = goal.record.name;
  const auto now = now_of(package);
  using Operation = PackageJob::Operation;
  PackageJob job{.name = name, .timeout = time_to_give_back};
  if (goal.spec) {
    job.timeout = goal.spec->timeout;
    job.replaces_conffiles = goal.spec->replaces_conffiles;
  }
  job.held = goal.held;
  const bool has_version = goal.any_version ? !now.version.empty() : now.version == goal.wanted.version;
  if (!now.version.empty() && !has_version) {
    job.keep = tools_.store.file_of(name, now.version, now.architecture);
  }
  if (goal.goes()) {
    job.operation = Operation::remove;
    job.held.reset();
  } else if (has_version && package->is_installed()) {
    job.operation = Operation::select;
  } else if (has_version && (package->state == "half-configured" || package->state == "unpacked") &&
             package->error == "ok") {
    job.operation = Operation::configure;
  } else if (find_deb(goal, job)) {
    job.operation = Operation::install;
  } else if (goal.spec && tools_.host.is_live()) {
    job.operation = Operation::apt;
    job.package = goal.wanted.version.empty() ? name : fmt::format("{}={}", name, goal.wanted.version);
    job.managed = others_managed(name);
  } else if (goal.spec) {
    throw Error(Fault::invalid,
                fmt::format("apt installs nothing for a device below {}", tools_.host.root.native()),
                "give it a source");
  }
  return job;
}

/// The .deb of the repository, or one that is kept.
bool PackageComparison::find_deb(PackageGoal& goal, PackageJob& job) {
  if (goal.deb) {
    job.file = tools_.store.file_of(goal.deb->name, goal.deb->version, goal.deb->architecture);
    tools_.store.put(job.file, deb_content(render_.tree, *goal.manifest->source));
    return true;
  }
  if (goal.wanted.version.empty()) return false;
  job.file = tools_.store.find(goal.record.name, goal.wanted.version);
  return !job.file.empty();
}

std::vector<std::string> PackageComparison::others_managed(const std::string& name) const {
  std::vector<std::string> names;
  for (const auto& one : render_.desired) {
    if (!is_package(one.manifest.id)) continue;
    Problems problems;
    auto other = read_package_spec(tools_.host, one.manifest, problems).name;
    if (other != name && !problems.has_errors()) names.push_back(std::move(other));
  }
  return names;
}

/// What may have to come back is kept: what was just replaced, and what was there before the manifest.
void PackageComparison::drop_others(const PackageGoal& goal, const PackageNow& former) {
  std::vector<std::string> versions{former.version};
  if (goal.spec) {
    versions.push_back(goal.record.before.version);
    versions.push_back(now_of(tools_.status.read().find(goal.record.name)).version);
  }
  tools_.store.drop_others(goal.record.name, versions);
}

}  // namespace greenwave::drivers::host
