#include "promote/judge.h"

#include <cmath>

#include <fmt/format.h>

#include "base/listed.h"
#include "base/text.h"
#include "context/style.h"
#include "model/wave_health.h"

namespace greenwave::promote {

namespace {

constexpr std::size_t most_named = 5;

std::string names(const std::vector<std::string>& ids) {
  return printable(listed(ids, most_named));
}

std::size_t needed(double percent, std::size_t whole) {
  return static_cast<std::size_t>(std::ceil(percent * static_cast<double>(whole) / 100));
}

class Judgement {
 public:
  Judgement(const Stage& stage, const Situation& situation)
      : stage_(stage),
        wave_(*stage.wave),
        situation_(situation),
        since_(stage.since.value_or(situation.now)),
        tally_(situation.health ? tally(stage.devices, *situation.health, stage.commit, since_,
                                        situation.now - situation.silent_after)
                                : Tally{}),
        health_(wave_, tally_.numbers(), situation.now - since_) {}

  Decision decide() const {
    if (health_.is_halted()) return {Verdict::halted, failure(), {}};
    const auto over = since_ + wave_.soak;
    if (situation_.now < over) {
      return waits(fmt::format("{} is soaking until {} ({})", stage_.name, cli::moment(over),
                               cli::relative(over, situation_.now)));
    }
    if (!situation_.health)
      return {Verdict::moves, fmt::format("{} is assumed to be healthy", stage_.name), {}};
    if (tally_.devices == 0) {
      return waits(fmt::format("no device is in {}, so its health is unknown", stage_.name));
    }
    if (!health_.enough_reported()) return waits(too_few_reported());
    if (!health_.enough_healthy()) {
      return waits(fmt::format("{}, {} needed; {} failed", healthy_at_commit(),
                               needed(wave_.healthy_percent, tally_.reported), tally_.failed.size()));
    }
    auto reason = fmt::format("{} of {} in {} healthy", tally_.healthy, count_of(tally_.devices, "device"),
                              stage_.name);
    return {Verdict::moves, reason + rest(), {}};
  }

 private:
  static Decision waits(std::string reason) { return {Verdict::waits, std::move(reason), {}}; }

  std::string at_commit() const { return fmt::format("{} at {}", stage_.name, cli::short_id(stage_.commit)); }

  std::string failure() const {
    const auto reporting = health_.enough_reported() ? " that reported" : "";
    return fmt::format("{} of {}{} in {} failed, more than {} percent: {}", tally_.failed.size(),
                       count_of(health_.answering(), "device"), reporting, at_commit(), wave_.failed_percent,
                       names(tally_.failed));
  }

  std::string too_few_reported() const {
    auto reason = fmt::format("{} of {} in {} reported, {} needed", tally_.reported,
                              count_of(health_.expected(), "device"), at_commit(),
                              std::max<std::size_t>(needed(wave_.reported_percent, health_.expected()), 1));
    reason += rest();
    if (health_.passes_silence() || tally_.silent.empty()) return reason;
    const auto until = since_ + wave_.silent_after;
    return reason + fmt::format("; silence holds it until {} ({})", cli::moment(until),
                                cli::relative(until, situation_.now));
  }

  std::string healthy_at_commit() const {
    return fmt::format("{} of {} that reported in {} healthy", tally_.healthy,
                       count_of(tally_.reported, "device"), at_commit());
  }

  /// "; 1 at another commit; passing over 2 silent: fr-7, fr-9".
  std::string rest() const {
    std::string text;
    if (tally_.elsewhere() > 0) text += fmt::format("; {} at another commit", tally_.elsewhere());
    if (!tally_.silent.empty()) {
      text += fmt::format("; {}{} silent: {}", health_.passes_silence() ? "passing over " : "",
                          tally_.silent.size(), names(tally_.silent));
    }
    return text;
  }

  const Stage& stage_;
  const Wave& wave_;
  const Situation& situation_;
  Time since_;
  Tally tally_;
  WaveHealth health_;
};

}  // namespace

Decision judge(const Stage& stage, const Situation& situation) {
  return Judgement(stage, situation).decide();
}

}  // namespace greenwave::promote
