#include "promote/plan.h"

#include <algorithm>

#include <fmt/format.h>

#include "context/style.h"
#include "promote/judge.h"

namespace greenwave::promote {

namespace {

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
    auto decision = judge(*before, situation_);
    if (decision.verdict == Verdict::moves) decision.to = before->commit;
    return decision;
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
