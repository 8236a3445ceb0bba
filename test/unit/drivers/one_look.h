#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "drivers/driver.h"

namespace greenwave::test {

// Calls on a driver, each with a look of its own.

inline drivers::Drift drift_of(drivers::Driver& driver, const Entry& entry,
                               const drivers::LookOptions& options = {}) {
  const Entry* entries[] = {&entry};
  return driver.look(options, entries)->drift(entry);
}

inline plan::Difference difference_of(drivers::Driver& driver, const plan::Desired& desired,
                                      const Entry* entry, const SourceTree& tree,
                                      const drivers::LookOptions& options = {},
                                      std::span<const Entry> inventory = {}, bool succeeds = false) {
  std::vector<const Entry*> entries;
  if (entry != nullptr) entries.push_back(entry);
  const auto session = driver.look(options, entries);
  const drivers::Candidate candidates[] = {{&desired, entry}};
  const auto comparison = session->compare({{&desired, 1}, tree, nullptr, inventory}, candidates);
  return succeeds ? comparison->succession(candidates[0]) : comparison->difference(candidates[0]);
}

inline void apply_with(drivers::Driver& driver, std::span<const plan::Step* const> steps,
                       const drivers::Render& render, const drivers::ReportStep& report,
                       const drivers::LookOptions& options = {}) {
  const auto session = driver.look(options, {});
  session->compare(render, {})->apply(steps, report, [] { return false; });
}

inline void apply_with(drivers::Driver& driver, std::span<const plan::Step* const> steps,
                       const SourceTree& tree, const drivers::ReportStep& report,
                       const drivers::LookOptions& options = {}) {
  apply_with(driver, steps, drivers::Render{{}, tree}, report, options);
}

inline std::vector<drivers::Health> health_of(drivers::Driver& driver, std::span<const Entry* const> entries,
                                              Duration patience) {
  return driver.look({}, entries)->health(entries, patience);
}

}  // namespace greenwave::test
