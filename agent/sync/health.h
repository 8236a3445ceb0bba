#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "drivers/driver.h"
#include "model/entry.h"
#include "sync/standing.h"

namespace greenwave::sync {

/// Something whose health decides whether a commit is kept.
struct Subject {
  std::string name;  ///< "HealthCheck/spat"
  Duration interval{};
  Duration within{};      ///< from the beginning of the probe
  bool declared = false;  ///< people wrote `within`: being busy does not extend it
  /// Of the objects that are asked together: null for what asks by itself.
  drivers::Session* session = nullptr;
  const Entry* entry = nullptr;
  std::function<drivers::Health()> ask{};
};

/// What a probe is done with.
struct Watching {
  const Clock& clock;
  /// Waits; true when the probe must end. Called with less than a second each.
  std::function<bool(Duration)> wait;
  /// What has been good once counts as good from then on. Called whenever more of them are.
  std::function<void(const std::vector<std::string>& names)> well;
  /// What is still waited for, for people.
  std::function<void(const std::string& text)> waiting;
};

struct Verdict {
  enum class Kind {
    well,
    undecided,  ///< some could not be asked; the rest is well
    unwell,
    ended,  ///< by `wait`
  };
  Kind kind = Kind::well;
  std::vector<FailedObject> unwell{};     ///< and why
  std::vector<FailedObject> undecided{};  ///< and why not

  std::string reason() const;
};

/// Watches the subjects until each was good once, or one is beyond hope or out of time.
Verdict probe(std::vector<Subject> subjects, const Watching& watching);

}  // namespace greenwave::sync
