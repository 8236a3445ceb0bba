#pragma once

#include <nlohmann/json_fwd.hpp>

#include "sync/journal.h"
#include "sync/pass.h"

namespace greenwave::sync {

/// What a sync came to.
struct Result {
  int exit_code = 0;      ///< 0 all in sync, 1 some objects failed or were refused, 2 could not be done
  bool answered = false;  ///< the server gave what was asked of it, whatever that was worth
  bool reached = false;   ///< the repository itself did, not only a bundle
  state::SyncRecord record;
  Standing standing;
  bool again = false;   ///< a newer commit came while this one was watched: sync at once
  bool renews = false;  ///< what the agent starts with was changed: it is to restart
};

/// Runs passes one after the other, and keeps what the next one is to know. One thread.
///
/// Nothing that works is given up for something that does not: when the server is away, or its newest commit
/// cannot be rendered, the device is kept as the last applied commit says.
class Sync {
 public:
  explicit Sync(Parts parts);

  /// With `delivery`, what came of question() for this request; else it asks itself.
  Result run(const Request& request, state::Trigger trigger, const Observer& observer,
             std::optional<Delivery> delivery = {});

  /// What run() would change now, as Agent::diff. Throws Error.
  nlohmann::json diff(const Request& request = {}, std::optional<Delivery> delivery = {});

  /// What a run() would ask now.
  Question question() const;

  /// The commit that the device was last brought to; empty before the first.
  CommitId applied() const;
  /// Whether the agent has to show that it is as it should be, after a change of it: that waits for no
  /// interval.
  bool answers_for_change() const;
  /// The device's present state, as far as it is known; also before the first run().
  Standing standing();

 private:
  void attempt(Pass& pass);
  void fill_standing(Pass& pass);
  void forget_others(const CommitId& applied);

  Parts parts_;
  Kept kept_;
  Journal journal_;
};

}  // namespace greenwave::sync
