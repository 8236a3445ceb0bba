#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <git2/global.h>

#include "drivers/driver.h"
#include "kinds/table.h"
#include "support/memory_tree.h"
#include "unit/drivers/one_look.h"
#include "yaml/load.h"

namespace greenwave::test {

/// Diffs come from libgit2, which the daemon starts in its main.
inline const int libgit2_users = git_libgit2_init();

/// A SystemdUnit (or another kind of ours) whose spec is given as YAML.
inline Manifest manifest_of(const std::string& kind, const std::string& name, const std::string& spec) {
  Problems problems;
  auto document = yaml::load(
      fmt::format("apiVersion: greenwave.dev/v1\nkind: {}\nmetadata: {{name: {}}}\n{}", kind, name, spec),
      "test.yaml", problems);
  REQUIRE(document);
  REQUIRE_FALSE(problems.has_errors());
  Manifest manifest;
  manifest.id = {std::string(own_api), kind, "", name};
  manifest.document = std::move(*document);
  seal(manifest, "");
  return manifest;
}

inline Manifest unit_manifest(const std::string& spec) {
  return manifest_of("SystemdUnit", "unit", spec);
}

/// Plays the part of plan and sync for one driver: compares, applies, keeps the inventory.
class Device {
 public:
  explicit Device(drivers::Driver& driver) : driver_(driver) {}

  struct Result {
    plan::Verb verb{};
    plan::Difference difference;
    drivers::StepResult outcome;
  };

  /// One sync with this manifest, or nothing when the device already is as it says.
  std::optional<Result> apply(const Manifest& manifest, std::vector<ObjectId> restart_because = {},
                              std::vector<ObjectId> reload_because = {}) {
    Problems problems;
    plan::Desired desired{manifest, kinds_.footprint(manifest, problems)};
    for (const auto& problem : problems.list()) INFO(to_string(problem));
    REQUIRE(problems.empty());
    const auto known = inventory_.find(manifest.id);
    const Entry* entry = known == inventory_.end() ? nullptr : &known->second;
    plan::Step step;
    step.id = manifest.id;
    step.desired = &desired;
    step.entry = entry;
    const auto inventory = entries();
    step.difference = difference_of(driver_, desired, entry, tree_, {}, inventory);
    step.restart_because = std::move(restart_because);
    step.reload_because = std::move(reload_because);
    const auto kind = step.difference.kind;
    using Kind = plan::Difference::Kind;
    if (kind == Kind::none && entry != nullptr && entry->digest == manifest.digest) {
      if (step.restart_because.empty() && step.reload_because.empty()) return {};
      step.verb = step.restart_because.empty() ? plan::Verb::reload : plan::Verb::restart;
    } else if (kind == Kind::none) {
      step.verb = plan::Verb::accept;
    } else if (entry == nullptr) {
      step.verb = kind == Kind::create ? plan::Verb::create : plan::Verb::adopt;
    } else {
      step.verb = entry->digest == manifest.digest ? plan::Verb::repair : plan::Verb::update;
    }
    return run(step, manifest.digest);
  }

  /// The power goes before the first change of what apply() would do.
  void cut_short(const Manifest& manifest) {
    Problems problems;
    const plan::Desired desired{manifest, kinds_.footprint(manifest, problems)};
    auto& known = inventory_.at(manifest.id);
    known.record = difference_of(driver_, desired, &known, tree_, {}, entries()).record;
    known.intended = true;
  }

  Result remove(const ObjectId& id) {
    const Entry entry = inventory_.at(id);
    plan::Step step;
    step.verb = plan::Verb::remove;
    step.id = id;
    step.entry = &entry;
    auto result = run(step, {});
    if (result.outcome.ok) inventory_.erase(id);
    return result;
  }

  /// Another object has taken its place.
  void release(const ObjectId& id) { inventory_.erase(id); }

  std::optional<std::string> drift(const ObjectId& id, bool distrust = false) {
    return drift_of(driver_, inventory_.at(id), {.distrust = distrust}).how;
  }

  Entry& entry(const ObjectId& id) { return inventory_.at(id); }

 private:
  std::vector<Entry> entries() const {
    std::vector<Entry> all;
    for (const auto& [id, entry] : inventory_) all.push_back(entry);
    return all;
  }

  Result run(const plan::Step& step, const Digest& digest) {
    Result result{step.verb, step.difference, {}};
    const plan::Step* steps[] = {&step};
    int reports = 0;
    apply_with(driver_, steps, tree_, [&](const plan::Step&, drivers::StepResult outcome) {
      ++reports;
      result.outcome = std::move(outcome);
    });
    REQUIRE(reports == 1);
    auto& entry = inventory_[step.id];
    entry = result.outcome.entry;
    entry.id = step.id;
    if (result.outcome.ok) entry.digest = digest;
    return result;
  }

  drivers::Driver& driver_;
  const kinds::TableKinds kinds_ = kinds::TableKinds::own({"/"});
  MemoryTree tree_{{}};
  std::map<ObjectId, Entry> inventory_;
};

}  // namespace greenwave::test
