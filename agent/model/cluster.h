#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/selector.h"
#include "yaml/node.h"

namespace greenwave {

/// A directory of manifests for some of a cluster's devices.
struct Layer {
  std::string path;  ///< from the cluster's root; may hold ${device.*} and ${cluster.*}
  Place place;
  std::optional<Selector> selector;  ///< absent: every device
  std::string within;                ///< path of a GeoJSON polygon; empty: everywhere
  bool optional = false;             ///< a missing directory is no error
};

/// Part of a cluster that follows a ref of its own, ahead of the branch.
struct Wave {
  std::string name;
  std::optional<Selector> selector;
  std::optional<double> percent;
  std::string ref;
  // What a commit must have shown in this wave before `greenwave promote` takes it on.
  Duration soak = std::chrono::hours(1);  ///< so long on the wave's ref
  double healthy_percent = 90;            ///< of its devices, at least, are healthy
  double failed_percent = 5;              ///< of its devices, at most, have failed: else promoting halts
  Place place;
};

/// When disruptive steps may run.
struct Window {
  std::string name;
  std::vector<std::string> days;  ///< mon … sun
  std::string from;               ///< "01:00"
  std::string to;
  std::string timezone;  ///< tzdata name
  Place place;
};

/// The repository's greenwave.yaml. A repository without one is a cluster of one layer: its root.
struct Cluster {
  std::string name;
  std::string devices;  ///< path of the GeoJSON inventory; empty: none
  Place devices_place;
  yaml::Node vars;           ///< a map
  bool allow_empty = false;  ///< a render that comes out empty may remove everything
  std::vector<Layer> layers;
  std::vector<Wave> waves;
  std::string wave_salt;  ///< chooses which devices are in a wave of some percent
  std::vector<Window> windows;
};

}  // namespace greenwave
