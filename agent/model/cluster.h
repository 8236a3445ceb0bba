#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/selector.h"
#include "yaml/node.h"

namespace greenwave {

/// In which objects variables are replaced, unless an object's annotation says otherwise.
enum class Substitution { all, own_kinds, none };

/// A directory of manifests that applies to some of a cluster's devices.
struct Layer {
  std::string path;  ///< relative to the cluster's root; may contain ${device.*} and ${cluster.*}
  Place place;
  std::optional<Selector> selector;  ///< absent: all devices
  std::string within;                ///< path of a GeoJSON polygon; empty: everywhere
  bool optional = false;             ///< a missing directory is not an error
  Substitution substitution = Substitution::all;
};

/// Devices that follow their own ref, ahead of the branch.
struct Wave {
  std::string name;
  std::optional<Selector> selector;
  std::optional<double> percent;
  std::string ref;
  // What a commit must show in this wave before `greenwave promote` moves it on.
  Duration soak = std::chrono::hours(1);           ///< for this long on the wave's ref
  double reported_percent = 80;                    ///< at least this share of its devices has reported it
  double healthy_percent = 90;                     ///< of those that reported, at least this share is healthy
  double failed_percent = 5;                       ///< above this share of failed devices, promotion halts
  Duration silent_after = std::chrono::hours(24);  ///< then devices that are not heard of no longer hold it
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

/// The repository's greenwave.yaml. Without that file, the repository is one layer: its root, whose manifests
/// are what other tools read too, so that variables are replaced in Greenwave's kinds alone.
struct Cluster {
  std::string name;
  std::string devices;  ///< path of the GeoJSON inventory; empty: none
  Place devices_place;
  yaml::Node vars;      ///< a map
  std::string runtime;  ///< of devices whose label does not say: "none", "podman", "kubernetes"; or ""
  Place runtime_place;
  bool allow_empty = false;  ///< an empty render may remove everything
  std::vector<Layer> layers;
  std::vector<Wave> waves;
  std::string wave_salt;  ///< decides which devices are in a wave with `percent`
  std::vector<Window> windows;
  yaml::Node document;  ///< the file, of which all else is made; null: there is none
};

}  // namespace greenwave
