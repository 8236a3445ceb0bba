#include "drivers/host/unit_jobs.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "drivers/host/unit_spec.h"
#include "drivers/host/unit_state.h"
#include "systemd/unit_name.h"

namespace greenwave::drivers::host {

namespace {

constexpr Duration longest_job = std::chrono::hours(1);
constexpr int most_socket_tries = 3;

std::string this_boot() {
  return std::string(trim(read_file("/proc/sys/kernel/random/boot_id", 64)));
}

bool is_service(const std::string& unit) {
  return unit.ends_with(".service");
}

void check_startable(const std::string& unit, const systemd::UnitState& state) {
  if (state.load == "not-found") {
    throw Error(Fault::invalid, fmt::format("there is no unit {} to start", unit),
                "give its content, or install the package that brings it");
  }
  if (state.load == "masked") {
    throw Error(Fault::conflict, fmt::format("{} is masked, so it cannot start", unit),
                "write masked: false, which unmasks it, or leave out running");
  }
  if (state.load == "bad-setting" || state.load == "error") {
    throw Error(Fault::invalid, fmt::format("systemd cannot load {} ({})", unit, state.load),
                fmt::format("systemctl status {} shows the line that is wrong", unit));
  }
}

}  // namespace

bool UnitJobs::is_done(const systemd::UnitState& state, const UnitRecord& record) {
  if (state.active != "inactive" || state.load != "loaded") return false;
  const auto last = systemd_.last_start(state.path);
  if (last.skipped) return true;
  if (!is_service(record.unit)) return false;
  const auto run = systemd_.last_run(state.path);
  if (!run.oneshot || run.result != "success") return false;
  return last.remembered ? run.ended : record.done_in == this_boot();
}

std::optional<UnitRecord::Before> UnitJobs::before(const std::string& unit) {
  const auto state = states_.of(unit);
  if (systemd::is_template(unit)) {
    if (state.file.empty()) return {};
    return UnitRecord::Before{state.file, "inactive"};
  }
  if (state.load == "not-found") return {};
  return UnitRecord::Before{state.file, is_up(state) ? "active" : "inactive"};
}

void UnitJobs::set_masked(const UnitRecord& record, bool was_masked) {
  const bool is_masked = states_.of(record.unit).file.starts_with("masked");
  const bool unwanted = record.masked == false || (!record.masked && was_masked);
  if (record.masked == true && !is_masked) {
    // Its links in other units would only make every boot try to start it, and fail.
    if (record.enabled == false) set_enabled(record, false);
    systemd_.mask(record.unit);
  } else if (unwanted && is_masked) {
    systemd_.unmask(record.unit);
  } else {
    return;
  }
  debt_.owe();
  states_.forget();
}

void UnitJobs::set_enabled(const UnitRecord& record, bool rewritten) {
  if (!record.enabled) return;
  const auto file = states_.of(record.unit).file;
  const bool differs = !enabled_difference(states_.of(record.unit), *record.enabled, false).empty();
  if (!*record.enabled) {
    if (!differs) return;
    systemd_.disable(record.unit);
  } else {
    if (file.starts_with("masked")) {
      throw Error(Fault::conflict, fmt::format("{} is masked, so it cannot be enabled", record.unit),
                  "write masked: false, which unmasks it, or leave out enabled");
    }
    if (!differs && !rewritten) return;
    if (rewritten && !file.empty()) systemd_.disable(record.unit);
    systemd_.enable(record.unit);
  }
  debt_.owe();
}

void UnitJobs::check_enabled(const UnitRecord& record) {
  if (record.enabled != true) return;
  const auto& state = states_.of(record.unit);
  if (state.file == "static") {
    throw Error(Fault::invalid,
                fmt::format("{} has no [Install] section, so it cannot be enabled", record.unit),
                "add WantedBy=multi-user.target to its [Install] section, or leave out enabled");
  }
  const auto difference = enabled_difference(state, true, true);
  if (!difference.empty()) {
    throw Error(Fault::invalid, fmt::format("{} is {} after it was enabled", record.unit, difference),
                "look at its [Install] section");
  }
}

void UnitJobs::reload_if_needed() {
  states_.forget();
  if (!debt_.is_owed()) return;
  systemd_.reload();
  ++reloads_;
  debt_.settle();
}

bool UnitJobs::settle(const UnitRecord& record, const Occasion& occasion) {
  const auto state = states_.of(record.unit);
  const auto run_and_forget = [&](systemd::Job job) {
    run(job, record.unit, occasion);
    states_.forget();
  };
  if (record.running == false) {
    if (!is_down(state)) run_and_forget(systemd::Job::stop);
    return false;
  }
  if (is_up(state)) {
    if (occasion.restart || (occasion.rewritten && record.running == true)) {
      run_and_forget(systemd::Job::restart);
      return true;
    }
    if (occasion.reload) run_and_forget(systemd::Job::reload_or_try_restart);
    return false;
  }
  if (record.running != true) return false;
  check_startable(record.unit, state);
  const bool again = occasion.rewritten || occasion.restart || occasion.reload;
  if (!again && is_done(state, record)) return false;
  // A unit that failed too often in a row may not start at all until that is forgotten.
  if (state.active == "failed") systemd_.reset_failed(record.unit);
  run_and_forget(systemd::Job::start);
  return true;
}

/// As long as systemd allows, which itself ends what takes longer, plus some time for the jobs before it.
/// Where systemd would wait indefinitely, only that extra time: the rest of the device must not wait for it,
/// and it is checked again later.
systemd::Patience UnitJobs::patience(systemd::Job job, const std::string& unit, const Occasion& occasion) {
  const auto timeouts = systemd_.timeouts(states_.of(unit).path, unit);
  const bool stops = job != systemd::Job::start && job != systemd::Job::reload_or_try_restart;
  if (occasion.within && job != systemd::Job::stop) {
    const auto before = stops ? timeouts.stop.value_or(Duration::zero()) : Duration::zero();
    return {.limit = *occasion.within + before, .declared = true, .stop = occasion.stop};
  }
  auto limit = systemd_.job_timeout();
  if (stops) limit += timeouts.stop.value_or(Duration::zero());
  if (job != systemd::Job::stop) limit += timeouts.start.value_or(Duration::zero());
  return {.limit = std::min(limit, longest_job), .stop = occasion.stop};
}

void UnitJobs::run(systemd::Job job, const std::string& unit, const Occasion& occasion) {
  if (unit == own_unit) {
    own_ = job;
    return;
  }
  try {
    if (unit.ends_with(".socket")) return run_socket(job, unit, occasion);
    systemd_.run(job, unit, patience(job, unit, occasion));
  } catch (const Error& error) {
    if (!is_service(unit)) throw;
    states_.forget();
    const auto how = to_words(systemd_.last_run(states_.of(unit).path));
    if (how.empty()) throw;
    throw Error(error.fault(), fmt::format("{}: {}", error.message(), how), error.remedy());
  }
}

std::vector<std::string> UnitJobs::activated_and_up(const std::string& unit) {
  std::vector<std::string> up;
  for (const auto& activated : systemd_.activates(states_.of(unit).path)) {
    states_.forget();
    if (is_up(states_.of(activated))) up.push_back(activated);
  }
  return up;
}

void UnitJobs::run_socket(systemd::Job job, const std::string& unit, const Occasion& occasion) {
  const auto run_one = [&](systemd::Job one, const std::string& name) {
    systemd_.run(one, name, patience(one, name, occasion));
  };
  const bool starts = job == systemd::Job::start || job == systemd::Job::restart ||
                      (job == systemd::Job::try_restart && is_up(states_.of(unit)));
  if (!starts) return run_one(job, unit);
  const auto resting = activated_and_up(unit);
  if (std::ranges::find(resting, own_unit) != resting.end()) {
    throw Error(Fault::invalid, fmt::format("{} activates the agent itself, which cannot stop for it", unit),
                fmt::format("systemctl restart {} on the device", unit));
  }
  std::optional<Error> failure;
  for (int tries = 1;; ++tries) {
    // A connection to a socket that still listens can start the service again.
    for (const auto& service : activated_and_up(unit)) run_one(systemd::Job::stop, service);
    try {
      run_one(job, unit);
    } catch (const Error& error) {
      states_.forget();
      if (tries < most_socket_tries && !activated_and_up(unit).empty()) continue;
      failure = error;
    }
    break;
  }
  for (const auto& service : resting) run_one(systemd::Job::start, service);
  if (failure) throw *failure;
}

void UnitJobs::check_started(UnitRecord& record) {
  if (record.running != true || record.unit == own_unit) return;
  const auto state = states_.of(record.unit);
  if (is_up(state)) return;
  // Of a oneshot that nothing refers to systemd remembers failures alone.
  auto ended = record;
  ended.done_in = this_boot();
  if (is_done(state, ended)) {
    record = ended;
    return;
  }
  auto how = is_service(record.unit) ? to_words(systemd_.last_run(state.path)) : "";
  if (how.empty()) how = fmt::format("it is {} ({})", state.active, state.sub);
  throw Error(Fault::invalid, fmt::format("{} did not stay up after its start: {}", record.unit, how),
              fmt::format("journalctl -u {}", record.unit));
}

std::string UnitJobs::this_start(const std::string& unit) {
  const auto state = states_.of(unit);
  if (!is_up(state)) return {};
  return fmt::format("{} {}", this_boot(), systemd_.life(state.path, unit).active_since.count());
}

void UnitJobs::let_go(const UnitRecord& record) {
  if (is_agents(record.unit)) return;  // taking its units away from the agent is left to people
  states_.forget();
  const auto state = states_.of(record.unit);
  // forget() starts what is back then, and enables it by its own [Install] section.
  const bool was_up = comes_back(record) && record.before->active == "active";
  if (state.load != "not-found") {
    const bool is_ours = !comes_back(record) || record.running == true;
    const bool can_start = !is_replaced(record) && record.masked != true;
    if (is_ours && !was_up && !is_down(state)) {
      run(systemd::Job::stop, record.unit);
    } else if (record.running && was_up && !is_up(state) && can_start) {
      run(systemd::Job::start, record.unit);
    }
  }
  restore_files(record, state);
}

/// Restores the unit's masks and links as they were.
void UnitJobs::restore_files(const UnitRecord& record, const systemd::UnitState& state) {
  if (state.file.empty()) return;
  const auto before = comes_back(record) ? record.before->file : "";
  const bool was_enabled = before.starts_with("enabled");
  const bool enabled = state.file == "enabled" || state.file == "enabled-runtime" || state.file == "indirect";
  const bool masked = state.file.starts_with("masked");
  if (record.masked == true && masked && !before.starts_with("masked")) {
    systemd_.unmask(record.unit);
    if (was_enabled && record.enabled == false) systemd_.enable(record.unit);
  } else if (record.masked == false && !masked && before == "masked" && !is_replaced(record)) {
    systemd_.mask(record.unit);
  } else if ((!comes_back(record) || record.enabled == true) && (!was_enabled || is_replaced(record)) &&
             enabled) {
    systemd_.disable(record.unit);
  } else if (record.enabled == false && was_enabled && !enabled && !is_replaced(record)) {
    systemd_.enable(record.unit);
  } else {
    return;
  }
  debt_.owe();
}

void UnitJobs::forget(const UnitRecord& record) {
  if (!is_agents(record.unit) && !systemd::is_template(record.unit)) {
    const auto state = states_.of(record.unit);
    // A socket, timer or path that is still up has started it again before its file was gone.
    if (!comes_back(record) && is_up(state)) run(systemd::Job::stop, record.unit);
    const bool is_back = record.before && !record.kept.empty() && !record.deletes;
    if (is_back && record.before->file == "enabled" && state.file == "disabled") {
      // By the [Install] section of the file that is back.
      systemd_.enable(record.unit);
      systemd_.reload();
    }
    const bool is_unmasked = record.masked == true && record.running == false && record.before;
    const bool was_up = record.before && record.before->active == "active";
    if (comes_back(record) && !record.files.empty() && is_up(state)) {
      // It keeps running, without our files.
      run(systemd::Job::try_restart, record.unit);
    } else if ((is_back || is_unmasked) && was_up && is_down(state) && state.load == "loaded") {
      run(systemd::Job::start, record.unit);
    } else if (state.active == "failed") {
      systemd_.reset_failed(record.unit);
    }
  }
  states_.drop(record.unit);
}

void UnitJobs::queue_own() {
  if (own_) systemd_.queue(*own_, std::string(own_unit));
  own_.reset();
}

}  // namespace greenwave::drivers::host
