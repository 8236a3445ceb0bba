#include "drivers/host/unit_driver.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "drivers/host/host_session.h"
#include "drivers/host/kept_text.h"
#include "drivers/host/unit_comparison.h"
#include "drivers/host/unit_files.h"
#include "drivers/host/unit_state.h"

namespace greenwave::drivers::host {

namespace {

class UnitSession : public HostSession {
 public:
  UnitSession(Units& units, bool distrust) : units_(units), distrust_(distrust) {}

  Drift drift(const Entry& entry) override {
    const auto record = unit_record_from(entry.record);
    if (record.running == true && !units_.runs_systemd) units_.starts_left_out = true;
    const auto wanted = [&](const FileSignature& file) {
      const bool is_link = std::ranges::find(record.links, file.path) != record.links.end();
      return is_link ? link_attributes() : unit_file_attributes();
    };
    auto drift = drift_of_files(units_.host, entry, distrust_, wanted);
    if (!drift.how && units_.runs_systemd && (entry.live || !record.files.empty())) {
      if (auto words = state_drift(record); !words.empty()) drift.how = std::move(words);
    }
    return drift;
  }

  std::unique_ptr<Comparison> compare(const Render& render, std::span<const Candidate>) override {
    return std::make_unique<UnitComparison>(units_, render);
  }

  std::string gives_back(const Entry& entry) const override {
    return host::gives_back(unit_record_from(entry.record));
  }

  std::vector<Health> health(std::span<const Entry* const> entries, Duration) override {
    if (!units_.runs_systemd) return std::vector<Health>(entries.size());
    std::vector<Health> found(entries.size());
    std::vector<UnitRecord> records;
    std::vector<std::size_t> numbers;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      auto record = unit_record_from(entries[i]->record);
      if (record.running != true) continue;  // it need not run
      records.push_back(std::move(record));
      numbers.push_back(i);
    }
    auto healths = units_.health.of(records);
    for (std::size_t i = 0; i < numbers.size(); ++i) found[numbers[i]] = std::move(healths[i]);
    return found;
  }

 private:
  std::string state_drift(const UnitRecord& record) {
    const systemd::Conversation conversation(units_.systemd);
    const auto state = units_.jobs.states().of(record.unit, distrust_);
    if (record.enabled) {
      if (auto words = enabled_difference(state, *record.enabled, true); !words.empty()) return words;
    }
    if (record.running && !running_difference(state, *record.running, false).empty()) {
      const bool done = *record.running && units_.jobs.is_done(state, record);
      if (auto words = running_difference(state, *record.running, done); !words.empty()) return words;
    }
    // A killed agent left it undone.
    if (units_.jobs.owes_reload()) return "systemd has not read what changed on disk";
    if (auto words = units_.definitions.difference(record, distrust_); !words.empty()) return words;
    // A restart that is owed already is due anyway.
    const bool is_owed = !record.owing.empty() || record.stale;
    return !is_owed && units_.definitions.is_outdated(record) ? "not restarted since its files changed" : "";
  }

  Units& units_;
  const bool distrust_;
};

}  // namespace

UnitDriver::UnitDriver(const Host& host, std::function<void()> while_waiting, Duration job_timeout,
                       Duration settle, systemd::ReloadDebt* debt)
    : units_{.host = host,
             .runs_systemd = host.is_live() && systemd::Manager::is_init(),
             .systemd = systemd::Manager(std::move(while_waiting), job_timeout),
             .jobs = UnitJobs(units_.systemd, debt != nullptr ? *debt : debt_),
             .definitions = UnitDefinitions(units_.host, units_.systemd, units_.jobs),
             .health = UnitHealth(units_.systemd, settle)} {}

std::unique_ptr<Session> UnitDriver::look(const LookOptions& options, std::span<const Entry* const>) {
  return std::make_unique<UnitSession>(units_, options.distrust);
}

void UnitDriver::reload_if_owed() {
  if (!units_.runs_systemd) return;
  const systemd::Conversation conversation(units_.systemd);
  units_.jobs.reload_if_needed();
}

std::vector<std::string> UnitDriver::start(std::span<const Entry>) {
  try {
    reload_if_owed();
  } catch (const Error& error) {
    return {error.what()};
  }
  return {};
}

bool UnitDriver::still_owes(const Entry& entry) {
  const auto record = unit_record_from(entry.record);
  if (!units_.runs_systemd) return false;
  const systemd::Conversation conversation(units_.systemd);
  units_.jobs.states().forget();
  return record.owing.empty() || record.owing == units_.jobs.this_start(record.unit);
}

Describe UnitDriver::describe() const {
  return [host = units_.host](const Entry& entry) {
    if (!is_unit(entry.id)) return nlohmann::json::object();
    return nlohmann::json{{"kept", describe_kept(host, unit_record_from(entry.record))}};
  };
}

std::vector<std::string> UnitDriver::notes() const {
  if (!units_.starts_left_out) return {};
  return {units_.host.is_live()
              ? "units are written and enabled, but not started: systemd is not this device's init"
              : fmt::format("units are written and enabled below {}, but not started",
                            units_.host.root.native())};
}

}  // namespace greenwave::drivers::host
