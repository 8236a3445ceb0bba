#include "promote/plan.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/listed.h"
#include "base/text.h"
#include "context/style.h"

namespace greenwave::promote {

namespace {

constexpr std::size_t most_named = 5;

std::string names(const std::vector<std::string>& ids) {
  return printable(listed(ids, most_named));
}

class Round {
 public:
  explicit Round(const Situation& situation) : situation_(situation), stages_(situation.stages) {}

  std::vector<Decision> run() {
    decisions_.resize(stages_.size());
    catch_up();
    for (std::size_t i = 1; i < stages_.size(); ++i) {
      if (decisions_[i].verdict == Verdict::settled) decisions_[i] = promote(i);
      if (decisions_[i].verdict == Verdict::moves) arrive(stages_[i], decisions_[i].to);
    }
    return std::move(decisions_);
  }

 private:
  bool is_ahead(const CommitId& commit, const CommitId& of) const {
    return commit != of && situation_.leads_to(of, commit);
  }

  void arrive(Stage& stage, const CommitId& commit) {
    stage.commit = commit;
    stage.since = situation_.now;
  }

  void catch_up() {
    const Stage* later = &stages_.back();
    for (std::size_t i = stages_.size() - 1; i-- > 0;) {
      auto& stage = stages_[i];
      if (stage.commit.empty()) continue;
      if (stage.wave != nullptr && is_ahead(later->commit, stage.commit)) {
        decisions_[i] = {Verdict::moves, fmt::format("{} is already ahead", later->name), later->commit};
        arrive(stage, later->commit);
      }
      later = &stage;
    }
  }

  Decision promote(std::size_t i) const {
    const auto& stage = stages_[i];
    const auto before = std::find_if(stages_.rend() - static_cast<std::ptrdiff_t>(i), stages_.rend(),
                                     [](const Stage& one) { return !one.commit.empty(); });
    if (before == stages_.rend()) return {Verdict::settled, "no wave before it has a commit", {}};
    const auto& current = stage.commit.empty() ? stages_.back().commit : stage.commit;
    if (before->commit == current || situation_.leads_to(before->commit, current)) return {};
    if (!situation_.leads_to(current, before->commit)) {
      return {Verdict::blocked,
              fmt::format("{} is not ahead of it: {} and {} have diverged", before->name,
                          cli::short_id(before->commit), cli::short_id(current)),
              {}};
    }
    if (before->wave == nullptr) return {Verdict::moves, "", before->commit};
    auto decision = judge(*before);
    if (decision.verdict == Verdict::moves) decision.to = before->commit;
    return decision;
  }

  /// Whether the stage's commit may move on.
  Decision judge(const Stage& stage) const {
    const auto& wave = *stage.wave;
    const auto counted = situation_.health ? tally(stage.devices, *situation_.health, stage.commit,
                                                   situation_.now, situation_.silent_after)
                                           : Tally{};
    const auto devices = static_cast<double>(counted.devices);
    const auto failed = static_cast<double>(counted.failed.size());
    if (failed * 100 > wave.failed_percent * devices) {
      return {Verdict::halted,
              fmt::format("{} of {} in {} failed at {}, more than {} percent: {}", counted.failed.size(),
                          count_of(counted.devices, "device"), stage.name, cli::short_id(stage.commit),
                          wave.failed_percent, names(counted.failed)),
              {}};
    }
    const auto over = stage.since.value_or(situation_.now) + wave.soak;
    if (situation_.now < over) {
      return {Verdict::waits,
              fmt::format("{} is soaking until {} ({})", stage.name, cli::moment(over),
                          cli::relative(over, situation_.now)),
              {}};
    }
    if (!situation_.health)
      return {Verdict::moves, fmt::format("{} is assumed to be healthy", stage.name), {}};
    if (counted.devices == 0) {
      return {Verdict::waits, fmt::format("no device is in {}, so its health is unknown", stage.name), {}};
    }
    if (static_cast<double>(counted.healthy) * 100 < wave.healthy_percent * devices) {
      const auto needed = static_cast<std::size_t>(std::ceil(wave.healthy_percent * devices / 100));
      return {Verdict::waits,
              fmt::format("{} of {} in {} healthy at {}, {} needed; {} failed, {} silent or not there yet",
                          counted.healthy, count_of(counted.devices, "device"), stage.name,
                          cli::short_id(stage.commit), needed, counted.failed.size(), counted.silent()),
              {}};
    }
    return {Verdict::moves,
            fmt::format("{} of {} in {} healthy", counted.healthy, count_of(counted.devices, "device"),
                        stage.name),
            {}};
  }

  const Situation& situation_;
  std::vector<Stage> stages_;  ///< as this round changes them
  std::vector<Decision> decisions_;
};

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::settled:
      return "settled";
    case Verdict::moves:
      return "moves";
    case Verdict::waits:
      return "waits";
    case Verdict::halted:
      return "halted";
    case Verdict::blocked:
      return "blocked";
  }
  return "";
}

std::vector<Decision> decide(const Situation& situation) {
  return Round(situation).run();
}

}  // namespace greenwave::promote
