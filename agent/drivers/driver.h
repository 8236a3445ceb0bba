#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/problem.h"
#include "model/inventory.h"
#include "model/manifest.h"
#include "model/source_tree.h"
#include "plan/step.h"

namespace greenwave::drivers {

/// How one step went.
struct Outcome {
  bool ok = false;
  /// On success: record, files, live, as they are now. On failure: record and files as far as known. The
  /// caller fills in the rest.
  Entry entry;
  std::string error;          ///< on failure: what and what to do about it; no secret
  bool owes_restart = false;  ///< a restart that the step was to leave out is still to be done
  std::string note;  ///< on success: what people should know, such as what was left in place; no secret
};

/// How to look at the device, from one observation of it to the next.
struct Pass {
  bool distrust = false;  ///< recorded signatures are not believed: contents are read
  bool describe = false;  ///< people want to see Difference::diff; else it may be left empty
};

/// How an object does that was applied.
struct Health {
  enum class State {
    good,
    waiting,  ///< not yet
    bad,      ///< and waiting will not help
  };
  State state = State::good;
  std::string reason;  ///< why it is not good, in a few words; no secret
};

/// An object that is about to be compared.
struct Candidate {
  const plan::Desired* desired = nullptr;
  const Entry* entry = nullptr;  ///< null: it is not in the inventory
};

/// Called once a step, in any order, when its result is durable.
using Report = std::function<void(const plan::Step& step, Outcome outcome)>;

/// One place where objects live: the host, podman, a Kubernetes API server. One thread. Drivers change the
/// device in apply() alone, and never write the agent's state.
class Driver {
 public:
  virtual ~Driver() = default;

  virtual bool serves(const ObjectId& id) const = 0;

  /// Reads and checks a manifest without looking at the device; what is wrong goes into `problems` with
  /// its place. Pure.
  virtual plan::Footprint footprint(const Manifest& manifest, Problems& problems) const = 0;

  /// A pass over the device begins: what was remembered of it is forgotten. `pass` holds for the calls of
  /// drift, compare and apply that follow.
  virtual void begin(const Pass& pass) = 0;

  /// What drift() is asked next, and compare(): a driver whose objects are far away looks at all of them at
  /// once.
  virtual void foresee_drift(std::span<const Entry* const> /*entries*/) {}
  virtual void foresee_compare(std::span<const Candidate> /*candidates*/) {}

  /// Why the place where its objects live cannot be looked at now, if that is so: what fails there says
  /// nothing of the objects, nor of the commit.
  virtual std::optional<std::string> away() const { return {}; }

  /// Whether the device has left the state in which `entry` was applied; a few words say how ("content
  /// changed", "not running"), or nothing when it has not. Cheap: content is read only where lstat differs
  /// from the entry's signatures. `refreshed` is set to new signatures where
  /// lstat differs but nothing of ours changed (a touched file).
  virtual std::optional<std::string> drift(const Entry& entry,
                                           std::optional<std::vector<FileSignature>>& refreshed) = 0;

  /// All objects of the render that is about to be compared and applied, for drivers whose objects need
  /// others. They stay where they are until the next call, or the end of the pass.
  virtual void declare(std::span<const plan::Desired>) {}

  /// Compares a manifest with the device. `entry` is null for an object that is not in the inventory.
  /// Throws Error when the object alone cannot be judged (a directory where a file should be, …).
  virtual plan::Difference compare(const plan::Desired& desired, const Entry* entry,
                                   const SourceTree& tree) = 0;

  /// Does the steps, or what of them does not have to wait (Step::wait is `nothing` or `restart`), which are
  /// all served by this driver, in an order that keeps theirs where it matters; reports each. Ends early,
  /// between two steps, when `stop` says so: the rest is not reported. A failing step is reported, not
  /// thrown.
  virtual void apply(std::span<const plan::Step* const> steps, const SourceTree& tree, const Report& report,
                     const std::function<bool()>& stop) = 0;

  /// Whether a restart that was left out is still needed: not when the object was started anew by others
  /// since.
  virtual bool still_owes(const Entry&) { return true; }

  /// Looks how applied objects do whose Footprint has a `watch`: one Health each. Takes no longer than
  /// `patience`, and what a single look may take by itself.
  virtual std::vector<Health> health(std::span<const Entry* const> entries, Duration /*patience*/) {
    return std::vector<Health>(entries.size());
  }

  /// Takes back what the object's last apply did and a removal does not, where its manifest says how: empty
  /// when that is done, else why not, for people; nothing when there is nothing of the kind. May be called
  /// twice after a power cut.
  virtual std::optional<std::string> undo(const Entry&) { return {}; }
};

}  // namespace greenwave::drivers
