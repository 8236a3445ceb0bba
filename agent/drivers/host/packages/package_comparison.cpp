#include "drivers/host/packages/package_comparison.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sysexits.h>

#include "base/contains.h"
#include "base/error.h"
#include "base/file.h"
#include "base/listed.h"
#include "base/text.h"
#include "drivers/host/programs.h"

namespace greenwave::drivers::host {

namespace {

constexpr std::size_t most_objections = 5;
constexpr int took_too_long = 124;
constexpr Duration time_to_give_back = std::chrono::minutes(10);

bool is_as_wanted(const PackageNow& wanted, bool any_version, std::optional<bool> held,
                  const dpkg::Package* package) {
  const bool is_there = package != nullptr && package->is_there();
  if (!any_version && wanted.version.empty()) return !is_there;
  if (!is_there || !package->is_installed()) return false;
  if (!any_version && package->version != wanted.version) return false;
  return !held || package->is_held() == *held;
}

/// "it needs libfoo (>= 2), …"; empty: nothing speaks against it.
std::string in_words(const dpkg::Objections& objections) {
  std::vector<std::string> words;
  if (!objections.lacks.empty()) {
    words.push_back(fmt::format("it needs {}, which the device does not have",
                                listed(objections.lacks, most_objections)));
  }
  if (!objections.excludes.empty()) words.push_back(listed(objections.excludes, most_objections));
  return fmt::format("{}", fmt::join(words, "; "));
}

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

PackageComparison::Goal PackageComparison::goal_of(const plan::Desired& desired, const Entry* entry) {
  Problems problems;
  Goal goal;
  goal.spec = read_package_spec(tools_.host, desired.manifest, problems);
  if (problems.has_errors()) throw Error(Fault::invalid, to_string(problems.list().front()));
  const auto& spec = *goal.spec;
  goal.manifest = &desired.manifest;
  const auto known = entry != nullptr ? package_record_from(entry->record) : PackageRecord{};
  if (!known.name.empty() && known.name != spec.name) {
    throw Error(Fault::invalid,
                fmt::format("it had the package {}, and cannot become that of {}", known.name, spec.name),
                "write another manifest for that one");
  }
  goal.record = {.name = spec.name, .version = spec.version, .state = spec.state, .before = {}};
  goal.record.before = known.name.empty() ? now_of(tools_.status.read().find(spec.name)) : known.before;
  goal.record.deletes = desired.manifest.on_removal == OnRemoval::remove;
  goal.wanted.version = spec.version;
  goal.any_version = !spec.is_absent() && spec.version.empty();
  if (spec.state == PackageSpec::State::held) {
    goal.held = true;
  } else if (known.state == PackageSpec::State::held && !spec.is_absent()) {
    goal.held = goal.record.before.held;
  }
  if (spec.has_source) goal.deb = checked_deb(spec, desired.manifest);
  return goal;
}

PackageComparison::Goal PackageComparison::goal_of_removal(const Entry& entry) {
  Goal goal;
  goal.record = package_record_from(entry.record);
  const auto& [name, version, state, before, deletes] = goal.record;
  if (deletes || before.version.empty()) return goal;
  goal.wanted = before;
  goal.held = before.held;
  // What people or apt made of it meanwhile stays, as it did with the manifest.
  goal.any_version = version.empty() && state != PackageSpec::State::absent;
  return goal;
}

dpkg::Package PackageComparison::checked_deb(const PackageSpec& spec, const Manifest& manifest) {
  auto deb = tools_.debs.at(render_.tree, *manifest.source);
  const auto& file = manifest.source->path;
  refuse_other_deb(spec, file, deb);
  const auto& own = tools_.status.read().architecture();
  if (deb.architecture != "all" && !own.empty() && deb.architecture != own) {
    throw Error(
        Fault::invalid,
        fmt::format("{} is for {}, and this device is {}", printable(file), printable(deb.architecture), own),
        "give each architecture a layer of its own, with its .deb");
  }
  return deb;
}

/// The device as it will be, as far as the manifests say.
const dpkg::Table& PackageComparison::final_table() {
  if (final_) return *final_;
  final_ = tools_.status.read();
  for (const auto& one : render_.desired) {
    if (!is_package(one.manifest.id)) continue;
    Problems problems;
    const auto spec = read_package_spec(tools_.host, one.manifest, problems);
    if (problems.has_errors()) continue;
    if (spec.is_absent()) {
      final_->remove(spec.name);
    } else if (spec.has_source) {
      try {
        final_->put(checked_deb(spec, one.manifest));
      } catch (const Error&) {
        // It is refused itself.
      }
    } else if (final_->find(spec.name) == nullptr || !spec.version.empty()) {
      final_->put(
          {.name = spec.name, .version = spec.version.empty() ? "0" : spec.version, .architecture = "all"});
    }
  }
  return *final_;
}

void PackageComparison::refuse_impossible(const Goal& goal) {
  const auto& name = goal.record.name;
  const auto& table = final_table();
  if (goal.goes()) {
    const auto* package = tools_.status.read().find(name);
    if (package != nullptr && package->is_there() && package->essential) {
      throw Error(Fault::conflict, fmt::format("{} is essential: this device may not start without it", name),
                  "leave it there");
    }
    if (const auto why = in_words(dpkg::against_removal(table, name)); !why.empty()) {
      throw Error(Fault::conflict, fmt::format("{} cannot be removed: {}", name, why),
                  "declare what needs it absent as well, or leave it there");
    }
  } else if (goal.deb) {
    if (const auto why = in_words(dpkg::against(table, *goal.deb)); !why.empty()) {
      throw Error(Fault::conflict, fmt::format("{} {} cannot be installed: {}", name, goal.deb->version, why),
                  "declare what it needs as Packages too, and what excludes it absent; nothing was changed");
    }
  }
}

plan::Difference PackageComparison::difference(const Candidate& candidate) {
  plan::Difference difference;
  if (!tools_.serves()) return difference;
  const auto goal = goal_of(*candidate.desired, candidate.entry);
  const auto& spec = *goal.spec;
  difference.record = to_json(goal.record);
  const auto& table = tools_.status.read();
  const auto* package = table.find(spec.name);
  if (is_as_wanted(goal.wanted, goal.any_version, goal.held, package)) return difference;
  refuse_impossible(goal);
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

PackageComparison::Goal PackageComparison::goal_of(const plan::Step& step) {
  return step.desired != nullptr ? goal_of(*step.desired, step.entry) : goal_of_removal(*step.entry);
}

std::string PackageComparison::in_the_way(const Goal& goal) {
  const auto& table = tools_.status.read();
  const auto* package = table.find(goal.record.name);
  if (is_as_wanted(goal.wanted, goal.any_version, goal.held, package)) return {};
  if (goal.goes()) return in_words(dpkg::against_removal(table, goal.record.name));
  return goal.deb ? in_words(dpkg::against(table, *goal.deb)) : "";
}

bool PackageComparison::is_put_off(const plan::Step& step) {
  try {
    return !in_the_way(goal_of(step)).empty();
  } catch (const Error&) {
    return false;
  }
}

/// Whether another object that is still to come or go may clear the way.
bool PackageComparison::may_pass(const Goal& goal) {
  if (goal.spec)
    return in_words(goal.deb ? dpkg::against(final_table(), *goal.deb)
                             : dpkg::against_removal(final_table(), goal.record.name))
        .empty();
  auto table = tools_.status.read();
  for (const auto& entry : render_.inventory) {
    if (is_package(entry.id)) table.remove(package_record_from(entry.record).name);
  }
  return dpkg::against_removal(table, goal.record.name).empty();
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
  auto goal = goal_of(step);
  result.entry.record = to_json(goal.record);
  result.entry.live = true;
  if (goal.goes() && goal.record.name == own_package) {
    result.note = "the agent's own package stays";
    return result;
  }
  if (const auto why = in_the_way(goal); !why.empty()) {
    throw Error(
        may_pass(goal) ? Fault::transient : Fault::conflict,
        fmt::format("{} cannot be {}: {}", goal.record.name, goal.goes() ? "removed" : "installed", why));
  }
  result.note = bring(goal);
  return result;
}

/// Returns what people should know.
std::string PackageComparison::bring(Goal& goal) {
  const auto& name = goal.record.name;
  const auto* package = tools_.status.read().find(name);
  const auto former = now_of(package);
  if (is_as_wanted(goal.wanted, goal.any_version, goal.held, package)) return {};
  tools_.store.prepare();
  const auto job = job_for(goal, package);
  if (job.operation == PackageJob::Operation::none) {
    return fmt::format("the agent has not kept {} {}, so that {} stays", name, in_words(goal.wanted),
                       in_words(former));
  }
  const auto done = tools_.jobs.run(job);
  const auto* after = tools_.status.read().find(name);
  const bool is_done = is_as_wanted(goal.wanted, goal.any_version, goal.held, after);
  if (done.status != 0 || !is_done) {
    const auto why = done.status != 0 ? why_of(done, job.timeout)
                                      : fmt::format("dpkg says that it is {}", in_words(now_of(after)));
    throw Error(done.status == EX_TEMPFAIL ? Fault::transient : Fault::invalid,
                fmt::format("{} could not be {}: {}", name, goal.goes() ? "removed" : "installed", why));
  }
  drop_others(goal, former);
  return {};
}

PackageJob PackageComparison::job_for(Goal& goal, const dpkg::Package* package) {
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
bool PackageComparison::find_deb(Goal& goal, PackageJob& job) {
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
void PackageComparison::drop_others(const Goal& goal, const PackageNow& former) {
  std::vector<std::string> versions{former.version};
  if (goal.spec) {
    versions.push_back(goal.record.before.version);
    versions.push_back(now_of(tools_.status.read().find(goal.record.name)).version);
  }
  tools_.store.drop_others(goal.record.name, versions);
}

}  // namespace greenwave::drivers::host
