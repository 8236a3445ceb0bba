#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/error.h"
#include "model/entry.h"
#include "model/source_tree.h"
#include "plan/places.h"
#include "plan/step.h"

/// One place where objects live: the host, podman, a Kubernetes API server. One thread. The types carry the
/// order of a pass: a look at the device gives a Session, comparing a render with it a Comparison, and only
/// that can apply.
namespace greenwave::drivers {

/// Result of one step.
struct StepResult {
  bool ok = false;
  /// On success: record, files, live, as they are now. On failure: record and files as far as known. The
  /// caller fills in the rest.
  Entry entry;
  std::string error;             ///< on failure: what and what to do about it; no secret
  Fault fault = Fault::invalid;  ///< and of what kind
  bool owes_restart = false;     ///< a restart that the step was to leave out is still to be done
  std::string note;  ///< on success: what people should know, such as what was left in place; no secret

  void fail(const Error& why) {
    ok = false;
    error = why.what();
    fault = why.fault();
  }
};

/// Called once a step, in any order, when its result is durable.
using ReportStep = std::function<void(const plan::Step& step, StepResult result)>;

struct LookOptions {
  bool distrust = false;  ///< recorded signatures are not believed: contents are read
  bool describe = false;  ///< people want to see Difference::diff; else it may be left empty
};

/// Health of an applied object.
struct Health {
  enum class State {
    good,
    waiting,  ///< not yet
    bad,      ///< and waiting will not help
  };
  State state = State::good;
  std::string reason;            ///< why it is not good, in a few words; no secret
  Fault fault = Fault::invalid;  ///< where it is not good: transient when nobody could be asked
  bool busy = false;             ///< waiting: on its way up, which whoever starts it ends in its own time
  bool loops = false;            ///< waiting: it has failed again and again already
};

/// Whether the device has left the state in which an entry was applied.
struct Drift {
  std::optional<std::string>
      how{};  ///< in a few words ("content changed", "not running"); nothing: it has not
  /// New signatures where lstat differs but nothing of ours changed (a touched file).
  std::optional<std::vector<FileSignature>> refreshed{};
};

/// All objects that a device is to have, and the files that they name. All of it outlives what is made of it.
struct Render {
  std::span<const plan::Desired> desired;
  const SourceTree& tree;
  /// Who has what on the device, as of the last step that was done. Asked before anything is removed. Null:
  /// nobody has anything.
  const plan::Places* places = nullptr;
  /// As it was when the pass began, of every driver.
  std::span<const Entry> inventory{};
};

/// An object that is about to be compared.
struct Candidate {
  const plan::Desired* desired = nullptr;
  const Entry* entry = nullptr;  ///< null: it is not in the inventory
};

/// A render, compared with the device.
class Comparison {
 public:
  virtual ~Comparison() = default;

  /// Of one of the candidates. Throws Error when the object alone cannot be judged (a directory where a file
  /// should be, …).
  virtual plan::Difference difference(const Candidate& candidate) = 0;

  /// The same for an object whose place another one of ours has now and leaves before: nothing will be there.
  virtual plan::Difference succession(const Candidate&) {
    return {.kind = plan::Difference::Kind::create, .diff = {}, .was = {}, .record = {}};
  }

  /// Objects of the render that are not applied in this pass, since they were refused.
  virtual void leave_out(std::span<const ObjectId>) {}

  /// Does the steps, or what of them does not have to wait (Step::wait is `nothing` or `restart`), in an
  /// order that keeps theirs where it matters; reports each. Ends early, between two steps, when `stop` says
  /// so: the rest is not reported. A failing step is reported, not thrown. May be called again.
  virtual void apply(std::span<const plan::Step* const> steps, const ReportStep& report,
                     const std::function<bool()>& stop) = 0;

  /// After the last step of a pass, of whatever driver. Throws Error when what is left to do failed.
  virtual void finish() {}
};

/// One look at the device, and what follows from it. The driver outlives it, and has one at a time.
class Session {
 public:
  virtual ~Session() = default;

  /// Cheap: content is read only where lstat differs from the entry's signatures.
  virtual Drift drift(const Entry& entry) = 0;

  /// `candidates` are those of this driver that may differ. The result must not outlive the session.
  virtual std::unique_ptr<Comparison> compare(const Render& render,
                                              std::span<const Candidate> candidates) = 0;

  /// The current Health of each applied object. Takes no longer than `patience` plus what a single look may
  /// take by itself. Only for objects whose Footprint has a `watch`.
  virtual std::vector<Health> health(std::span<const Entry* const> entries, Duration patience) = 0;

  /// What removing the object gives back of what the device had before, a line each; empty: nothing.
  virtual std::string gives_back(const Entry&) const { return {}; }

  /// Why the place where the objects live cannot be looked at now, if that is so: what fails there says
  /// nothing about the objects or the commit.
  virtual std::optional<std::string> unreachable() const = 0;
};

/// Undoes what applying an object did and removing it does not.
class Undo {
 public:
  virtual ~Undo() = default;
  /// Empty when that is done, else why not, for people; nothing when there was nothing to undo. May be called
  /// twice after a power cut.
  virtual std::optional<std::string> undo(const Entry& entry) = 0;
};

/// Knows of restarts that the agent did not cause.
class Restarts {
 public:
  virtual ~Restarts() = default;
  /// Whether a restart that was left out is still needed: not when the object was restarted since.
  virtual bool still_owes(const Entry& entry) = 0;
};

/// Starts what was applied and is not up: after a boot, before anything is known of the network.
class Startup {
 public:
  virtual ~Startup() = default;
  /// Returns what could not be started, and why.
  virtual std::vector<std::string> start(std::span<const Entry> inventory) = 0;
};

/// What is known of an object beyond its entry, as members to add.
using Describe = std::function<nlohmann::json(const Entry&)>;

/// Knows more of its objects than the inventory does.
class Details {
 public:
  virtual ~Details() = default;
  /// Outlives the driver; any thread may call it. Empty when there is nothing to add on this device.
  virtual Describe describe() const = 0;
};

/// What only some drivers can do; null: this one cannot.
struct Abilities {
  Undo* undo = nullptr;
  Restarts* restarts = nullptr;
  Startup* startup = nullptr;
  Details* details = nullptr;
};

class Driver {
 public:
  virtual ~Driver() = default;

  /// `entries` are the objects of this driver in the inventory.
  virtual std::unique_ptr<Session> look(const LookOptions& options,
                                        std::span<const Entry* const> entries) = 0;

  /// What this device leaves out of what was declared, reported once in its status.
  virtual std::vector<std::string> notes() const = 0;

  virtual Abilities abilities() { return {}; }
};

}  // namespace greenwave::drivers
