#pragma once

#include <string>
#include <vector>

#include "git/store.h"
#include "model/cluster.h"
#include "model/device.h"
#include "state/state.h"

namespace greenwave::sync {

/// Which ref this device follows: its wave's, or the branch where it is in none or the wave's ref is missing.
///
/// The wave is the one that the greenwave.yaml of the commit puts it in that it last accepted. When that
/// makes it change to a ref which is behind its own commit, it holds: what it has stays until that ref has
/// caught up. What is decided here is durable, and is written only when it changes.
class Following {
 public:
  /// `branch` is the full name of the ref that the device's configuration names. `state` outlives this.
  Following(state::State& state, std::string branch);

  const std::string& branch() const { return branch_; }
  /// The refs to follow, in the order in which they are looked for.
  std::vector<std::string> refs() const;
  /// The wave's name; empty: the device is in none.
  const std::string& wave() const { return wave_; }
  /// True until a greenwave.yaml decided: a new device, or one whose configuration names another branch.
  bool is_undecided() const { return branch_ != decided_branch_; }

  /// To be called with what each accepted commit says.
  void decide(const Cluster& cluster, const Device& device);

  /// Whether `own`, the commit that the device has, stays although `ref` names `tip` (both in the store):
  /// because the ref is another one than that by which `own` came, and does not lead on from it.
  bool holds(const git::Store& store, const std::string& own, const std::string& ref, const std::string& tip);
  /// Whether holds() said so of these already: then `tip` need not be fetched to ask again.
  bool holds_still(const std::string& own, const std::string& ref, const std::string& tip) const;
  /// The device goes to the commit that `ref` names.
  void arrive(const std::string& ref);

 private:
  state::State& state_;
  std::string branch_;
  std::string decided_branch_;
  std::string wave_;
  std::string wave_ref_;
  std::string arrived_by_;  ///< the ref by which the device's commit came; empty: it is not known
  struct Held {
    std::string own, ref, tip;
    bool operator==(const Held&) const = default;
  } held_;
};

/// What is wrong with the waves as this device sees it: it is in more than one, or one follows the branch.
void check_waves(const Cluster& cluster, const Device& device, const std::string& branch, Problems& problems);

}  // namespace greenwave::sync
