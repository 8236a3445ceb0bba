#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/device.h"
#include "model/source_tree.h"
#include "plan/step.h"
#include "render/fleet.h"
#include "sync/observe.h"

namespace greenwave::cli {

/// What a change costs a device.
struct Effect {
  std::size_t files = 0;     ///< written
  std::size_t restarts = 0;  ///< units; reloads are not counted: they interrupt nothing
  std::size_t pods = 0;      ///< workloads whose pods are replaced
  std::size_t pruned = 0;    ///< objects removed
  std::uint64_t bytes = 0;   ///< over the air, about

  Effect& operator+=(const Effect& other);
};

/// One step of the devices of a Group.
struct Change {
  std::string verb;
  std::string object;
  std::string because;      ///< of a restart or reload
  bool disruptive = false;  ///< interrupts what runs, or cannot be taken back
};

/// Devices for which a commit does the same things, though their values may differ.
struct Group {
  std::vector<std::uint32_t> devices;  ///< numbers in Impact::devices
  std::vector<Change> changes;         ///< in the order in which they are done
  Effect effect;                       ///< for one of them
};

struct ImpactDevice {
  std::string id;
  std::string wave;  ///< empty: it follows the branch
  std::string district;
  bool in_inventory = false;
  Position position;
};

/// Why nothing can be said of some devices.
struct Unjudged {
  std::string reason;
  std::vector<std::uint32_t> devices;
};

struct Impact {
  std::string base;  ///< as people wrote them
  std::string head;
  std::vector<ImpactDevice> devices;  ///< of either commit
  std::vector<Group> groups;          ///< the largest first
  std::vector<Unjudged> unjudged;
  std::vector<std::uint32_t> added;  ///< to the inventory
  std::vector<std::uint32_t> gone;   ///< from it: they keep what they have until someone looks after them
  std::string by = "district";       ///< the label that the table goes by

  std::size_t changed() const;
};

/// Works out what every device of `head` does when it comes from `base`. The fleets must outlive nothing.
Impact impact(const render::Fleet& base, const render::Fleet& head, const sync::Drivers& drivers,
              const std::string& by);

/// The same for one device, as unified diffs of its manifests and of its files. Secrets are not shown.
struct ObjectDiff {
  std::string verb;
  std::string object;
  std::string diff;
};
std::vector<ObjectDiff> device_diff(const render::Fleet& base, const render::Fleet& head,
                                    const sync::Drivers& drivers, const std::string& device);

std::string impact_text(const Impact& impact, const struct Style& style);
std::string impact_markdown(const Impact& impact);
std::string impact_json(const Impact& impact);
std::string impact_geojson(const Impact& impact);

/// Devices added up, by wave and by the label of the table.
std::map<std::pair<std::string, std::string>, std::pair<std::size_t, Effect>> table_of(const Impact& impact);
/// "sf-0001, sf-0002, sf-0003 and 9 more"
std::string some_of(const Impact& impact, const std::vector<std::uint32_t>& devices);

}  // namespace greenwave::cli
