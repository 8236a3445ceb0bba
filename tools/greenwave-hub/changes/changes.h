#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/error.h"
#include "model/device.h"
#include "sandbox/wire.h"

namespace greenwave::hub {

/// One step of the devices of a ChangeGroup, as in city::Change.
struct ChangeStep {
  std::string verb{};
  std::string object{};
  std::string because{};
  std::string caution{};
  bool disruptive = false;
  bool gives_back = false;
  bool uncertain = false;
};
inline auto members(ChangeStep& step) {
  return std::tie(step.verb, step.object, step.because, step.caution, step.disruptive, step.gives_back,
                  step.uncertain);
}

/// What one object becomes on the device that stands for a group.
struct ChangeSample {
  std::string verb{};
  std::string object{};
  std::string diff{};  ///< unified; never of a secret's content
  bool is_cut = false;
};
inline auto members(ChangeSample& sample) {
  return std::tie(sample.verb, sample.object, sample.diff, sample.is_cut);
}

/// Devices on which a commit has the same changes, and refuses the same.
struct ChangeGroup {
  std::uint64_t devices = 0;
  std::vector<std::string> some{};  ///< their ids; at most most_named
  std::uint64_t steps_total = 0;
  std::vector<ChangeStep> steps{};
  std::uint64_t files = 0;  ///< on one device, as in city::Effect
  std::uint64_t restarts = 0;
  std::uint64_t pods = 0;
  std::uint64_t pruned = 0;
  std::uint64_t bytes = 0;
  std::vector<std::string> refused{};
  std::vector<std::string> problems{};
  bool takes_back = false;
  std::string sample_device{};  ///< whose `sample` is; empty: none was made
  std::vector<ChangeSample> sample{};
};
inline auto members(ChangeGroup& group) {
  return std::tie(group.devices, group.some, group.steps_total, group.steps, group.files, group.restarts,
                  group.pods, group.pruned, group.bytes, group.refused, group.problems, group.takes_back,
                  group.sample_device, group.sample);
}

/// Devices that cannot be judged, and why.
struct ChangeGap {
  std::string reason{};
  std::uint64_t devices = 0;
  std::vector<std::string> some{};
};
inline auto members(ChangeGap& gap) {
  return std::tie(gap.reason, gap.devices, gap.some);
}

/// What a city's devices do for one commit when they have another, cut to what a page can show.
struct Changes {
  std::uint64_t devices = 0;  ///< in the inventory of the newer commit
  std::uint64_t changed = 0;
  std::uint64_t refusing = 0;
  std::uint64_t taking_back = 0;
  std::uint64_t added = 0;
  std::uint64_t gone = 0;
  std::uint64_t retired = 0;
  std::uint64_t groups_total = 0;
  std::vector<ChangeGroup> groups{};  ///< the largest first
  std::vector<ChangeGap> gaps{};
};
inline auto members(Changes& changes) {
  return std::tie(changes.devices, changes.changed, changes.refusing, changes.taking_back, changes.added,
                  changes.gone, changes.retired, changes.groups_total, changes.groups, changes.gaps);
}

inline constexpr std::size_t most_named = 200;   ///< devices of a group
inline constexpr std::size_t most_groups = 40;   ///< and gaps
inline constexpr std::size_t most_steps = 40;    ///< and refused objects, problems, and samples of a group
inline constexpr std::size_t most_line = 400;    ///< bytes of a text
inline constexpr std::size_t most_diff = 6'000;  ///< bytes of one
inline constexpr std::size_t most_samples = 8;   ///< groups that have one
inline constexpr std::size_t longest_changes = 4 << 20;  ///< in bytes, as they cross

/// The two commits, as people are told of them.
struct ComparedCommits {
  std::string head{};
  std::string base{};
  std::string base_subject{};
};

/// What is asked of commits.
enum class About {
  changes,  ///< what devices do for one when they have another
  objects,  ///< what one declares for a device, and where
};
constexpr bool is_known(About about) {
  return about == About::changes || about == About::objects;
}

/// Which commits are compared; or the one whose objects are asked for.
struct CommitPair {
  std::string head{};
  std::string base{};    ///< empty: the commit before the head; and for objects
  std::string device{};  ///< for which one alone; empty: for all
  Labels labels{};       ///< that only this device knows
  About about = About::changes;

  auto operator<=>(const CommitPair&) const = default;
};

/// What a question came to.
struct Compared {
  CommitPair pair;
  std::string
      answer{};       ///< JSON, as /v1/impact and /v1/devices/{device}/objects have it; empty: there is none
  std::string why{};  ///< there is none
  std::string remedy{};
};

/// The commit's inventory lacks the device that is asked for.
Error not_listed();

/// As /v1/impact answers. Pure.
std::string changes_json(const ComparedCommits& commits, const Changes& changes);

/// Makes what came from a process that may be taken over one that people can be shown: within the limits
/// above, and printable. Pure.
void make_showable(Changes& changes);

}  // namespace greenwave::hub
