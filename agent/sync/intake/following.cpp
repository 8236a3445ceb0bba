#include "sync/intake/following.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "model/wave.h"

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

std::vector<std::string> Following::refs() const {
  if (wave_ref.empty() || wave_ref == branch) return {branch};
  return {wave_ref, branch};
}

Following decided(Following following, const Cluster& cluster, const Device& device) {
  const auto* wave = wave_of(cluster, device);
  following.decided_branch = following.branch;
  following.wave = wave != nullptr ? wave->name : "";
  following.wave_ref = wave != nullptr ? wave->ref : "";
  return following;
}

std::string wave_text(const Following& following) {
  return fmt::format("{} {} {}", following.decided_branch, following.wave_ref, following.wave);
}

std::string arrival_text(const Following& following) {
  return fmt::format("{} {}", following.branch, following.arrived_by);
}

Following following_from(std::string branch, std::string wave_text, std::string arrival_text) {
  Following following{.branch = std::move(branch)};
  following.decided_branch = take_word(wave_text);
  if (!following.is_undecided()) {
    following.wave_ref = take_word(wave_text);
    following.wave = std::move(wave_text);
  }
  // Whoever names another branch in the configuration means it: there is nothing to hold then.
  if (take_word(arrival_text) == following.branch) following.arrived_by = std::move(arrival_text);
  return following;
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
