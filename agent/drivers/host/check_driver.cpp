#include "drivers/host/check_driver.h"

#include <algorithm>
#include <functional>
#include <future>

#include <fmt/format.h>

#include "base/error.h"
#include "drivers/apply_each.h"
#include "drivers/host/check_probe.h"
#include "drivers/host/check_spec.h"
#include "drivers/host/host_session.h"
#include "drivers/host/programs.h"

namespace greenwave::drivers::host {

namespace {

constexpr std::size_t most_at_once = 16;

struct RunningProbe {
  std::size_t number;
  std::future<std::optional<std::string>> failure;
};

class CheckComparison : public Comparison {
 public:
  explicit CheckComparison(const Host& host) : host_(host) {}

  plan::Difference difference(const Candidate& candidate) override {
    const auto& [desired, entry] = candidate;
    Problems problems;
    const auto spec = read_check_spec(host_, desired->manifest, problems);
    if (problems.has_errors()) throw Error(Fault::invalid, to_string(problems.list().front()));
    plan::Difference difference;
    difference.record = to_json(spec);
    const bool same = entry != nullptr && entry->record == difference.record;
    if (same) return difference;
    difference.kind = entry == nullptr ? plan::Difference::Kind::create : plan::Difference::Kind::change;
    difference.diff = fmt::format("+{}\n", in_words(spec));
    return difference;
  }

  void apply(std::span<const plan::Step* const> steps, const ReportStep& report,
             const std::function<bool()>& stop) override {
    apply_each(steps, report, stop, [this](const plan::Step& step) {
      StepResult result;
      result.ok = true;
      if (step.desired != nullptr) {
        Problems problems;
        result.entry.record = to_json(read_check_spec(host_, step.desired->manifest, problems));
      }
      return result;
    });
  }

 private:
  const Host& host_;
};

}  // namespace

class CheckDriver::OneSession : public HostSession {
 public:
  explicit OneSession(CheckDriver& driver) : driver_(driver) {}

  Drift drift(const Entry&) override { return {}; }

  std::unique_ptr<Comparison> compare(const Render&, std::span<const Candidate> candidates) override {
    if (!driver_.host_.is_live() && !candidates.empty()) driver_.left_out_ = true;
    return std::make_unique<CheckComparison>(driver_.host_);
  }

  std::vector<Health> health(std::span<const Entry* const> entries, Duration patience) override;

 private:
  CheckDriver& driver_;
};

CheckDriver::CheckDriver(Host host, Duration settle, std::function<void()> while_waiting)
    : host_(std::move(host)),
      while_waiting_(while_waiting ? std::move(while_waiting) : [] {}),
      systemd_(while_waiting_),
      units_(systemd_, settle) {}

std::unique_ptr<Session> CheckDriver::look(const LookOptions&, std::span<const Entry* const> entries) {
  if (!host_.is_live() && !entries.empty()) left_out_ = true;
  return std::make_unique<OneSession>(*this);
}

std::vector<Health> CheckDriver::OneSession::health(std::span<const Entry* const> entries,
                                                    Duration patience) {
  std::vector<Health> found(entries.size());
  if (!driver_.host_.is_live()) return found;
  std::vector<UnitRecord> units;
  std::vector<std::size_t> unit_numbers;
  std::vector<RunningProbe> running;
  const auto finish = [&](RunningProbe& one) {
    while (one.failure.wait_for(std::chrono::seconds(1)) != std::future_status::ready) {
      driver_.while_waiting_();
    }
    if (auto why = one.failure.get()) found[one.number] = {Health::State::waiting, std::move(*why)};
  };
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto spec = check_spec_from(entries[i]->record);
    if (spec.kind == CheckSpec::Kind::unit) {
      units.emplace_back().unit = spec.target;
      unit_numbers.push_back(i);
      continue;
    }
    // By an older configuration; the commit's own is refused.
    if (spec.kind == CheckSpec::Kind::command && !may_run_as(driver_.host_, spec.user)) continue;
    if (running.size() == most_at_once) {
      finish(running.front());
      running.erase(running.begin());
    }
    const auto timeout = std::clamp(spec.timeout, Duration(1), std::max(patience, Duration(1)));
    running.push_back({i, std::async(std::launch::async, probe, std::cref(driver_.host_), spec, timeout)});
  }
  const auto states = driver_.units_.of(units);
  for (std::size_t i = 0; i < units.size(); ++i) found[unit_numbers[i]] = states[i];
  for (auto& one : running) finish(one);
  return found;
}

std::vector<std::string> CheckDriver::notes() const {
  if (!left_out_) return {};
  return {fmt::format("health checks are not run for a device below {}", host_.root.native())};
}

}  // namespace greenwave::drivers::host
