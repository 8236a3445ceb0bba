#include "drivers/host/packages/package_goal.h"

#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/listed.h"
#include "base/text.h"

namespace greenwave::drivers::host {

namespace {

constexpr std::size_t most_objections = 5;

}  // namespace

bool PackageGoal::is_reached(const dpkg::Package* package) const {
  const bool is_there = package != nullptr && package->is_there();
  if (goes()) return !is_there;
  if (!is_there || !package->is_installed()) return false;
  if (!any_version && package->version != wanted.version) return false;
  return !held || package->is_held() == *held;
}

std::string in_words(const dpkg::Objections& objections) {
  std::vector<std::string> words;
  if (!objections.lacks.empty()) {
    words.push_back(fmt::format("it needs {}, which the device does not have",
                                listed(objections.lacks, most_objections)));
  }
  if (!objections.excludes.empty()) words.push_back(listed(objections.excludes, most_objections));
  return fmt::format("{}", fmt::join(words, "; "));
}

PackageGoal PackageGoals::goal_of(const plan::Desired& desired, const Entry* entry) {
  Problems problems;
  PackageGoal goal;
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

PackageGoal PackageGoals::goal_of_removal(const Entry& entry) {
  PackageGoal goal;
  goal.record = package_record_from(entry.record);
  const auto& [name, version, state, before, deletes] = goal.record;
  if (deletes || before.version.empty()) return goal;
  goal.wanted = before;
  goal.held = before.held;
  // What people or apt made of it meanwhile stays, as it did with the manifest.
  goal.any_version = version.empty() && state != PackageSpec::State::absent;
  return goal;
}

PackageGoal PackageGoals::goal_of(const plan::Step& step) {
  return step.desired != nullptr ? goal_of(*step.desired, step.entry) : goal_of_removal(*step.entry);
}

dpkg::Package PackageGoals::checked_deb(const PackageSpec& spec, const Manifest& manifest) {
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
const dpkg::Table& PackageGoals::final_table() {
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

void PackageGoals::refuse_impossible(const PackageGoal& goal) {
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

std::string PackageGoals::in_the_way(const PackageGoal& goal) {
  const auto& table = tools_.status.read();
  const auto* package = table.find(goal.record.name);
  if (goal.is_reached(package)) return {};
  if (goal.goes()) return in_words(dpkg::against_removal(table, goal.record.name));
  return goal.deb ? in_words(dpkg::against(table, *goal.deb)) : "";
}

bool PackageGoals::may_pass(const PackageGoal& goal) {
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

}  // namespace greenwave::drivers::host
