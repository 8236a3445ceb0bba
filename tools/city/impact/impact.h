#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "git/approvals.h"
#include "judge/judge.h"
#include "model/device.h"
#include "model/source_tree.h"
#include "plan/step.h"
#include "render/fleet.h"

namespace greenwave::city {

/// The effect of a change on a device.
struct Effect {
  std::size_t files = 0;     ///< written
  std::size_t restarts = 0;  ///< of units; reloads are not counted, since they interrupt nothing
  std::size_t pods = 0;      ///< workloads whose pods are replaced
  std::size_t pruned = 0;    ///< objects removed
  std::uint64_t bytes = 0;   ///< over the air, an estimate

  Effect& operator+=(const Effect& other);
};

/// One step of the devices of a Group.
struct Change {
  std::string verb;
  std::string object;
  std::string because;      ///< of a restart or reload
  std::string caution;      ///< what else follows that the manifest does not say; empty: nothing
  bool disruptive = false;  ///< interrupts what runs, or cannot be undone
  bool gives_back = false;  ///< a prune that puts back what the device had before, if anything
  bool uncertain = false;   ///< the base refuses the object, so that what the device has of it is not known
};

/// Devices on which a commit has the same changes, and refuses the same, though values may differ.
struct Group {
  std::vector<std::uint32_t> devices;  ///< indices in Impact::devices
  std::vector<Change> changes;         ///< in the order of the plan
  Effect effect;                       ///< on one of them
  std::vector<std::string> refused;    ///< objects that stay as they are
  std::vector<std::string> problems;   ///< errors in the head that a device reports
  bool takes_back = false;             ///< the commit, before it changes anything, for what is refused of it
};

struct ImpactDevice {
  std::string id;
  std::string wave;  ///< empty: it follows the branch
  std::string district;
  bool in_inventory = false;
  Position position;
};

/// Devices that cannot be judged, since the base does not say what they have, and why.
struct Unjudged {
  std::string reason;
  std::vector<std::uint32_t> devices;
};

struct Impact {
  std::string base;  ///< as people are told
  std::string head;
  std::vector<ImpactDevice> devices;  ///< of either commit
  std::vector<Group> groups;          ///< largest first
  std::vector<Unjudged> unjudged;
  std::vector<std::uint32_t> added;          ///< to the inventory
  std::vector<std::uint32_t> gone;           ///< no longer in it: they keep what they have
  std::vector<std::uint32_t> retired;        ///< newly: what they have is removed
  std::vector<git::PathApproval> approvals;  ///< of what the head changes, if they were asked for
  std::string by = "district";               ///< the label that the table is grouped by

  std::size_t changed() const;      ///< devices
  std::size_t refusing() const;     ///< devices that leave something of the head, or all of it
  std::size_t taking_back() const;  ///< those that leave all of it
};

/// Works out what every device of `head` does when it moves there from `base`.
Impact impact(const render::Fleet& base, const render::Fleet& head, const RuntimeKinds& kinds,
              const std::string& by);

/// The same for one device, as unified diffs of manifests and files. Secrets are not shown.
struct ObjectDiff {
  std::string verb;
  std::string object;
  std::string diff;
};
struct DeviceDiff {
  std::vector<ObjectDiff> changes;
  std::vector<std::string> problems;
};
DeviceDiff device_diff(const render::Fleet& base, const render::Fleet& head, const RuntimeKinds& kinds,
                       const std::string& device);

/// Sums over devices, by wave and by the label of the table.
std::map<std::pair<std::string, std::string>, std::pair<std::size_t, Effect>> table_of(const Impact& impact);
/// "sf-0001, sf-0002, sf-0003 and 9 more"
std::string some_of(const Impact& impact, const std::vector<std::uint32_t>& devices);

}  // namespace greenwave::city
