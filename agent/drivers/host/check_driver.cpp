#include "drivers/host/check_driver.h"

#include <algorithm>
#include <future>

#include <fmt/format.h>

#include "base/error.h"
#include "drivers/host/look.h"

namespace greenwave::drivers::host {

namespace {

constexpr int check_rank = 50;
constexpr std::size_t most_at_once = 16;

struct Asked {
  std::size_t number;
  std::future<std::optional<std::string>> answer;
};

}  // namespace

CheckDriver::CheckDriver(Host host, Duration settle, std::function<void()> while_waiting)
    : host_(std::move(host)),
      while_waiting_(while_waiting ? std::move(while_waiting) : [] {}),
      systemd_(while_waiting_),
      units_(systemd_, settle) {}

bool CheckDriver::serves(const ObjectId& id) const {
  return id.api_version == own_api && id.kind == "HealthCheck";
}

plan::Footprint CheckDriver::footprint(const Manifest& manifest, Problems& problems) const {
  const auto spec = read_check_spec(manifest, problems);
  plan::Footprint footprint;
  footprint.rank = check_rank;
  footprint.claims.push_back("check:" + manifest.id.name);
  footprint.watch = plan::Watch{.interval = spec.interval, .within = spec.within, .always = true};
  return footprint;
}

std::optional<std::string> CheckDriver::drift(const Entry&, std::optional<std::vector<FileSignature>>&) {
  if (!host_.is_live()) left_out_ = true;
  return {};
}

plan::Difference CheckDriver::compare(const plan::Desired& desired, const Entry* entry, const SourceTree&) {
  Problems problems;
  const auto spec = read_check_spec(desired.manifest, problems);
  if (problems.has_errors()) throw Error(Fault::invalid, to_string(problems.list().front()));
  if (!host_.is_live()) left_out_ = true;
  plan::Difference difference;
  difference.record = to_json(spec);
  const bool same = entry != nullptr && entry->record == difference.record;
  if (same) return difference;
  difference.kind = entry == nullptr ? plan::Difference::Kind::create : plan::Difference::Kind::change;
  difference.diff = fmt::format("+{}\n", in_words(spec));
  return difference;
}

void CheckDriver::apply(std::span<const plan::Step* const> steps, const SourceTree&, const Report& report,
                        const std::function<bool()>& stop) {
  for (const auto* step : steps) {
    if (stop()) return;
    Outcome outcome;
    outcome.ok = true;
    if (step->desired != nullptr) {
      Problems problems;
      outcome.entry.record = to_json(read_check_spec(step->desired->manifest, problems));
    }
    report(*step, std::move(outcome));
  }
}

std::vector<Health> CheckDriver::health(std::span<const Entry* const> entries, Duration patience) {
  std::vector<Health> found(entries.size());
  if (!host_.is_live()) return found;
  std::vector<UnitRecord> units;
  std::vector<std::size_t> unit_numbers;
  std::vector<Asked> asked;
  const auto hear = [&](Asked& one) {
    while (one.answer.wait_for(std::chrono::seconds(1)) != std::future_status::ready) while_waiting_();
    if (auto why = one.answer.get()) found[one.number] = {Health::State::waiting, std::move(*why)};
  };
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto spec = check_spec_from(entries[i]->record);
    if (spec.kind == CheckSpec::Kind::unit) {
      units.emplace_back().unit = spec.target;
      unit_numbers.push_back(i);
      continue;
    }
    if (asked.size() == most_at_once) {
      hear(asked.front());
      asked.erase(asked.begin());
    }
    const auto timeout = std::clamp(spec.timeout, Duration(1), std::max(patience, Duration(1)));
    asked.push_back({i, std::async(std::launch::async, look, spec, timeout)});
  }
  const auto states = units_.of(units);
  for (std::size_t i = 0; i < units.size(); ++i) found[unit_numbers[i]] = states[i];
  for (auto& one : asked) hear(one);
  return found;
}

std::vector<std::string> CheckDriver::notes() const {
  if (!left_out_) return {};
  return {fmt::format("health checks are not asked for a device below {}", host_.root.native())};
}

}  // namespace greenwave::drivers::host
