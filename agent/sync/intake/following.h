#pragma once

#include <string>
#include <vector>

#include "base/problem.h"
#include "model/cluster.h"
#include "model/device.h"

namespace greenwave::sync {

/// Which ref this device follows: its wave's, or the branch where it is in none or the wave's ref is missing.
///
/// The greenwave.yaml of the last accepted commit says which wave the device is in. When that makes it change
/// to a ref which is behind its own commit, it holds: what it has stays until that ref has caught up.
struct Following {
  std::string branch;            ///< full name of the ref that the device's configuration names
  std::string decided_branch{};  ///< the branch for which the wave was decided; empty: none yet
  std::string wave{};            ///< its name; empty: the device is in none
  std::string wave_ref{};        ///< full name
  std::string arrived_by{};      ///< the ref by which the device's commit came; empty: unknown

  /// The refs to follow, in the order in which they are looked for.
  std::vector<std::string> refs() const;
  /// True until a greenwave.yaml decided: a new device, or one whose configuration names another branch.
  bool is_undecided() const { return branch != decided_branch; }

  bool operator==(const Following&) const = default;
};

/// After a commit was accepted that says this.
Following decided(Following following, const Cluster& cluster, const Device& device);

/// What is wrong with the waves as this device sees it: it is in more than one, or one follows the branch.
void check_waves(const Cluster& cluster, const Device& device, const std::string& branch, Problems& problems);

/// As the state keeps it: "BRANCH REF NAME" and "BRANCH REF"; no ref has a blank in it.
std::string wave_text(const Following& following);
std::string arrival_text(const Following& following);
Following following_from(std::string branch, std::string wave_text, std::string arrival_text);

}  // namespace greenwave::sync
