#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "git/store.h"
#include "git/trust.h"
#include "model/commit_id.h"
#include "sync/course.h"
#include "sync/intake/tips.h"

namespace greenwave::sync {

struct FailedObject {
  std::string object;
  std::string reason;
  Fault fault = Fault::invalid;
  std::optional<Time> again{};  ///< when it is tried next, if not at every sync
  bool refused = false;         ///< before anything was changed for it
};

/// Something that may not be done yet.
struct WaitingObject {
  std::string object;
  std::string what;  ///< "restart for File/chrony", "run", "remove"
};

/// What the device follows, as of its last poll.
struct Followed {
  std::string wave;               ///< the name of its wave; empty: it is in none
  std::string ref;                ///< the full name; empty until a first poll
  CommitId target;                ///< that the ref names
  bool is_held = false;           ///< the device keeps its commit until the ref has caught up with it
  std::optional<KnownTip> tip{};  ///< the signed one that says so; nothing: the server is believed
};

/// A commit on the device that it is not decided about yet.
struct OnTrial {
  CommitId commit;
  std::string unwell{};     ///< why it is not healthy, where there is nothing to go back to
  bool reverting = false;   ///< it is being taken back
  std::size_t refused = 0;  ///< how much of it was refused before anything of it changed the device
  bool own_change = false;  ///< it changes what the agent starts with: the next run of the agent decides
};

/// What a damaged state file cost; stands until somebody acknowledges it.
struct Loss {
  Time when{};
  std::string why{};
};

/// Where the device is after a sync.
struct Standing {
  std::string cluster;
  Followed followed;
  std::optional<git::Commit> commit;  ///< applied
  std::optional<git::Signer> signer;  ///< of it; nothing: commits are not checked
  std::size_t objects = 0;
  std::size_t in_sync = 0;
  std::size_t repaired = 0;
  std::optional<Time> unreachable_since;  ///< the repository
  std::size_t errors = 0;                 ///< the first ones of `problems`; the others are warnings
  std::vector<FailedObject> failed;
  std::vector<std::string> problems;
  std::vector<WaitingObject> waiting;
  std::string waiting_why;
  std::optional<Time> waiting_until;  ///< when to go on with them, whatever the interval is
  std::optional<Rejected> rejected;   ///< the commit that the ref points to, refused or taken back
  std::optional<OnTrial> trial;
  std::optional<Loss> loss;

  /// When to go on, regardless of the interval: with what waits, or with what a transient fault has stopped.
  std::optional<Time> next() const;
};

std::optional<OnTrial> trial_of(const Course& course);

}  // namespace greenwave::sync
