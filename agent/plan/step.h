#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/entry.h"
#include "model/manifest.h"

namespace greenwave::plan {

/// How an object's health is watched after an apply that touched it.
struct Watch {
  Duration interval{};    ///< between two looks
  Duration within{};      ///< it must have been healthy once, after the apply
  bool always = false;    ///< after every apply, whatever it touched
  bool declared = false;  ///< people wrote `within`
};

/// A systemd unit that must be running for an object to be healthy.
struct ExpectedUnit {
  std::string unit;
  Place place;  ///< where that is written
};

/// A path of the device that containers of an object see.
struct Mount {
  std::string path;
  bool writable = false;  ///< for at least one of them
  Place place;            ///< where it is written
};

/// What a manifest means for the device, known without looking at the device.
struct Footprint {
  /// What the object owns alone: "path:/etc/motd", "unit:chrony.service". Two objects of one render that
  /// claim the same are refused.
  std::vector<std::string> claims;
  /// Claims that, where another object makes them, come first: a File's parent directories.
  std::vector<std::string> after;
  /// Claims below which everything that is not the object's own is removed: a Directory with `purge`.
  std::vector<std::string> purges;
  std::vector<Mount> mounts;
  std::vector<ObjectRef> restart_on;
  std::vector<ObjectRef> reload_on;
  /// Names for others' `defined_by`: the systemd units that the object's files define or extend by a drop-in.
  std::vector<std::string> defines;
  /// The object restarts when another one with one of these in `defines` changes, or is removed.
  std::vector<std::string> defined_by;
  /// As restart_on, where a manifest declares it.
  std::vector<ObjectRef> restart_on_declared;
  /// Breaks ties in the order: directories 10, files 20, units 30, commands 40.
  int rank = 0;
  /// Its content is a secret: shown only as "changed".
  bool sensitive = false;
  /// How its health is watched after an apply; absent: it has none of its own.
  std::optional<Watch> watch;
  std::string keeps_down;  ///< the systemd unit that it stops; empty: none
  std::optional<ExpectedUnit> expects_up;
};

/// A manifest that passed its driver's checks.
struct Desired {
  Manifest manifest;
  Footprint footprint;
};

/// How doing away with a difference interrupts what runs on the device.
enum class Disruption {
  none,
  restart,  ///< by a restart at its end, which can be left out and owed
  whole,    ///< a stop, a program that must wait for a window: all of it or nothing
};

/// What comparing a manifest with the device found.
struct Difference {
  enum class Kind {
    none,    ///< the device is as the manifest says
    create,  ///< the device has nothing there
    change,  ///< the device has something else there
  };
  Kind kind = Kind::none;
  std::string diff;    ///< for people: a unified diff, or a line; holds no secret
  std::string was;     ///< what was there before, for the history: a line, or a small text; no secret
  std::string record;  ///< the driver's record for the intent: what remove needs if the result never comes
  Disruption disruption = Disruption::none;
  /// What the device lacks to do away with it, and what to do about that; an earlier step may still make it.
  /// Empty: nothing.
  std::string missing{};
};

enum class Verb {
  create,
  adopt,    ///< something was there that is not in the inventory; from now on it is ours
  update,   ///< the manifest changed
  repair,   ///< the manifest did not change: the device drifted
  accept,   ///< the device is already as the manifest says: only the inventory is updated (its driver reads
            ///< signatures and record again)
  restart,  ///< an object that it restarts on changed
  reload,
  remove,   ///< pruned
  release,  ///< leaves the inventory without a change to the device: another object has taken its place
};

std::string_view to_string(Verb verb);

/// Which part of a step must wait because nothing may be disrupted now.
enum class Wait {
  nothing,
  restart,  ///< its own work is done; the restart is owed
  all,
};

/// Why an object stays as it is as long as another one does.
enum class Why {
  depends,    ///< on it, by depends-on
  restarts,   ///< on it, or reloads
  place,      ///< it is in the place that this one takes
  below,      ///< it is where a directory above this one will be
  inside,     ///< it is in a directory that makes way for this one
  purge,      ///< it is in the directory that this one empties
  successor,  ///< it takes the place of this one, which is on the device until then
};

/// A step that must have succeeded before another one.
struct Need {
  std::size_t step;  ///< its index in the plan
  Why why = Why::depends;
  std::string claim{};  ///< that it gives up

  bool operator==(const Need&) const = default;
};

/// One ordered action on one object.
struct Step {
  Verb verb = Verb::create;
  ObjectId id{};
  const Desired* desired = nullptr;  ///< null for remove and release
  const Entry* entry = nullptr;      ///< null when the object is new
  Difference difference{};
  /// The objects whose change makes a unit restart (or reload) after this step's own work. Where both are
  /// set, the restart is enough.
  std::vector<ObjectId> restart_because{};
  std::vector<ObjectId> reload_because{};
  std::vector<Need> needs{};  ///< otherwise this one is held
  Wait wait = Wait::nothing;
  bool gives_back = false;  ///< a remove that puts back what the device had before
};

/// For people: the verb, or "give back".
std::string_view word_of(const Step& step);

/// Whether the step's own work changes the device, so that what restarts on its object must restart.
bool changes_device(const Step& step);

}  // namespace greenwave::plan
