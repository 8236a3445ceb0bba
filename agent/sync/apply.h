#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "drivers/driver.h"
#include "plan/hold.h"
#include "plan/places.h"
#include "plan/plan.h"
#include "state/state.h"
#include "sync/check.h"
#include "sync/standing.h"

namespace greenwave::sync {

/// What an apply works with.
struct ApplyContext {
  std::span<const ComparedPart> compared;
  plan::Places& places;  ///< kept up to date, for the drivers that look there
  state::State& state;
  CommitId commit;                            ///< that is being applied
  std::map<ObjectId, std::string> drifted{};  ///< how objects had drifted, for the history
  /// Called once an action, as soon as its result is known; it is durable at the end of its batch.
  std::function<void(const state::Action&)> progress{};
  /// Asked between steps: true ends the apply at the next step boundary.
  std::function<bool()> stop{};
  /// Asked before each step that disrupts: nothing when it may begin, else the rest of them waits. Empty:
  /// they all may.
  std::function<std::optional<plan::Closed>()> closed{};
  /// Objects whose steps are left out for now: a transient fault stopped them, and they are tried again
  /// later.
  std::map<ObjectId, FailedObject> later{};
};

struct Applied {
  std::vector<state::Action> actions;  ///< in the order in which they ended; held steps among them
  std::vector<FailedObject> failed;    ///< failed, held, or left for later
  std::vector<FailedObject> tried;     ///< of these, those whose steps were done
  std::vector<WaitingObject> waiting;  ///< what could not begin now
  std::size_t repaired = 0;
  bool stopped = false;  ///< by `stop`: the rest was not begun
  /// The state file could not be written: the rest was not begun, because what changes the device is
  /// recorded first.
  std::optional<Error> error;
};

/// Does a plan's steps: records what is about to change, lets the drivers change it, records the result; a
/// batch of steps of one driver at a time. A step's failure stops only what needs it. A step that takes a
/// place begins only when the object that had it has given it up.
///
/// In two parts, so that what a commit brings can be looked at before anything is pruned for it
/// (`Plan::prune_from`).
class Apply {
 public:
  /// `context`, and what the plan points into, outlive it.
  Apply(plan::Plan plan, const ApplyContext& context);
  ~Apply();
  Apply(const Apply&) = delete;
  Apply& operator=(const Apply&) = delete;

  std::span<const plan::Step> brings() const;
  std::span<const plan::Step> prunes() const;

  /// Call once.
  Applied bring();
  /// Call once, after a bring() that was not stopped and had no error.
  Applied prune();

 private:
  class Steps;
  std::unique_ptr<Steps> steps_;
};

/// `more` came of a later part.
void add(Applied& applied, Applied more);

/// Both parts, one after the other.
Applied apply(plan::Plan plan, const ApplyContext& context);

}  // namespace greenwave::sync
