#include "sync/following.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "git/ancestry.h"
#include "model/wave.h"
#include "state/keys.h"

namespace greenwave::sync {

namespace {

/// The text up to the next blank, which is taken off.
std::string take_word(std::string& text) {
  const auto end = std::min(text.find(' '), text.size());
  auto word = text.substr(0, end);
  text.erase(0, end + 1);
  return word;
}

}  // namespace

Following::Following(state::State& state, std::string branch) : state_(state), branch_(std::move(branch)) {
  auto decided = state_.value(state::keys::wave).value_or("");
  decided_branch_ = take_word(decided);
  if (!is_undecided()) {
    wave_ref_ = take_word(decided);
    wave_ = std::move(decided);
  }
  // Whoever names another branch in the configuration means it: there is nothing to hold then.
  auto arrived = state_.value(state::keys::followed).value_or("");
  if (take_word(arrived) == branch_) arrived_by_ = std::move(arrived);
}

std::vector<std::string> Following::refs() const {
  if (wave_ref_.empty() || wave_ref_ == branch_) return {branch_};
  return {wave_ref_, branch_};
}

void Following::decide(const Cluster& cluster, const Device& device) {
  const auto* wave = wave_of(cluster, device);
  decided_branch_ = branch_;
  wave_ = wave != nullptr ? wave->name : "";
  wave_ref_ = wave != nullptr ? wave->ref : "";
  state_.note_value(state::keys::wave, fmt::format("{} {} {}", branch_, wave_ref_, wave_));
}

bool Following::holds(const git::Store& store, const std::string& own, const std::string& ref,
                      const std::string& tip) {
  if (own.empty() || arrived_by_.empty() || arrived_by_ == ref) return false;
  if (holds_still(own, ref, tip)) return true;
  switch (git::judge_move(store, own, tip).move) {
    case git::Move::same:
    case git::Move::forward:
    case git::Move::reset:
      return false;
    // A store without the whole history knows no better: what leads on from our commit comes with all that is
    // between, so this does not.
    case git::Move::unknown:
    case git::Move::backward:
    case git::Move::sideways:
      break;
  }
  held_ = {own, ref, tip};
  return true;
}

bool Following::holds_still(const std::string& own, const std::string& ref, const std::string& tip) const {
  return held_ == Held{own, ref, tip};
}

void Following::arrive(const std::string& ref) {
  held_ = {};
  arrived_by_ = ref;
  state_.note_value(state::keys::followed, fmt::format("{} {}", branch_, ref));
}

void check_waves(const Cluster& cluster, const Device& device, const std::string& branch,
                 Problems& problems) {
  for (const auto& wave : cluster.waves) {
    if (wave.ref != branch) continue;
    problems.warning(wave.place,
                     fmt::format("the wave {} follows {}, which is the branch itself", printable(wave.name),
                                 printable(branch)),
                     "give it a ref of its own, such as refs/heads/wave/canary");
  }
  for (const auto* other : overlapping_waves(cluster, device)) {
    problems.warning(
        other->place,
        fmt::format("the device {} is in the wave {} and in {} as well; the first one counts",
                    printable(device.id), printable(wave_of(cluster, device)->name), printable(other->name)),
        "let its labels choose one wave");
  }
}

}  // namespace greenwave::sync
