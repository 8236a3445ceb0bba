#include "drivers/podman/cron/cron_driver.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "drivers/podman/cron/cron_comparison.h"

namespace greenwave::drivers::podman {

namespace {

std::vector<std::string> units_of(std::span<const Entry* const> entries) {
  std::vector<std::string> units;
  for (const auto* entry : entries) units.push_back(unit_of(entry->id));
  return units;
}

std::vector<std::string> units_of(std::span<const Candidate> candidates) {
  std::vector<std::string> units;
  for (const auto& candidate : candidates) units.push_back(unit_of(candidate.desired->manifest.id));
  return units;
}

class CronSession : public Session {
 public:
  CronSession(Cron& cron, std::span<const Entry* const> entries)
      : cron_(cron), timers_(cron, units_of(entries)) {}

  Drift drift(const Entry& entry) override {
    if (cron_.leaves_out()) return {};
    const auto unit = unit_of(entry.id);
    auto parts = timers_.parts_of(unit);
    const auto applied = cron_record_from(entry.record).digest;
    if (to_hex(cron_.digest_of(parts)) == applied) return {};
    if (parts.units.timer.empty()) return {.how = fmt::format("{}.timer is gone", unit)};
    parts.on = !parts.on;
    const bool only_state = to_hex(cron_.digest_of(parts)) == applied;
    if (only_state) return {.how = fmt::format("{}.timer is {}", unit, parts.on ? "not running" : "running")};
    return {.how = fmt::format("the files of {} changed", unit)};
  }

  std::unique_ptr<Comparison> compare(const Render& render, std::span<const Candidate> candidates) override {
    return std::make_unique<CronComparison>(cron_, RunningTimers(cron_, units_of(candidates)), render,
                                            unreachable_);
  }

  std::vector<Health> health(std::span<const Entry* const> entries, Duration) override {
    return std::vector<Health>(entries.size());
  }

  std::optional<std::string> unreachable() const override { return unreachable_; }

 private:
  Cron& cron_;
  const RunningTimers timers_;
  std::optional<std::string> unreachable_;
};

}  // namespace

std::unique_ptr<Session> CronDriver::look(const LookOptions&, std::span<const Entry* const> entries) {
  return std::make_unique<CronSession>(cron_, entries);
}

Describe CronDriver::describe() const {
  if (!cron_.live) return {};
  return [](const Entry& entry) -> nlohmann::json {
    if (!workload::is_cron_job(entry.id)) return nlohmann::json::object();
    try {
      return {{"timer", Timers({}).describe(unit_of(entry.id))}};
    } catch (const Error& error) {
      return {{"now", error.what()}};
    }
  };
}

std::vector<std::string> CronDriver::notes() const {
  if (!cron_.has_left_out) return {};
  return {fmt::format("CronJobs are not run for a device below {}", cron_.root)};
}

}  // namespace greenwave::drivers::podman
