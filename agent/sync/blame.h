#pragma once

#include "base/error.h"

namespace greenwave::sync {

/// How an object was just before the commit on trial changed anything.
enum class Before {
  well,
  unknown,  ///< not looked at, on its way up, or stopped by a fault that passes
  absent,   ///< it comes with the commit
  failed,
};

/// What the commit on trial has to do with an object.
enum class Relation {
  changed,    ///< it creates, changes or removes the object, or what it changed makes the object restart
  watched,    ///< a HealthCheck, which is asked after every commit
  untouched,  ///< it is repaired, or restarted for a repair, or failed before and is tried again
};

/// How an object is now.
enum class Now {
  well,
  waiting,  ///< not decided: it waits for a window or for another object, or may still come up in its time
  failed,
};

/// What follows for the commit.
enum class Blame {
  keep,       ///< as far as this object goes; what fails is reported
  wait,       ///< it stays on trial
  take_back,  ///< the device goes back from it
};

/// The heart of a trial. `fault` matters for what failed. Pure.
constexpr Blame blame(Before before, Relation relation, Now now, Fault fault) {
  if (relation == Relation::untouched || before == Before::failed || now == Now::well) return Blame::keep;
  if (now == Now::waiting || passes(fault)) return Blame::wait;
  return Blame::take_back;
}

}  // namespace greenwave::sync
