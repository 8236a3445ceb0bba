#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/problem.h"
#include "model/cluster.h"
#include "model/device.h"
#include "model/polygon.h"
#include "model/source_tree.h"
#include "render/object/variables.h"

namespace greenwave::render {

/// A layer that a device gets.
struct ChosenLayer {
  std::string path;  ///< relative to the cluster's root, with variables replaced
  Place place;       ///< where greenwave.yaml names it
  /// False: its directory, or whether the device gets it, could not be determined. `problems` says why.
  bool known = true;
  Substitution substitution = Substitution::all;
};

/// The polygon of a layer; nothing when it cannot be read (`problems` says why).
std::optional<Region> read_polygon(const Layer& layer, const SourceTree& tree, Problems& problems);

/// Chooses layers for one device at a time, and reads each polygon once. The constructor's arguments must
/// outlive it.
class LayerChooser {
 public:
  LayerChooser(const Cluster& cluster, const SourceTree& tree) : cluster_(cluster), tree_(tree) {}

  /// The layers that `device` gets, in order. A device that is not in the inventory is in no polygon. An
  /// error in a polygon is reported once, for the first device that needs it.
  std::vector<ChosenLayer> choose(const Device& device, const Variables& variables, Problems& problems);

 private:
  std::optional<ChosenLayer> choose(const Layer& layer, const Device& device, const Variables& variables,
                                    Problems& problems);
  const Region* region_of(const Layer& layer, Problems& problems);

  const Cluster& cluster_;
  const SourceTree& tree_;
  std::map<std::string, std::optional<Region>> regions_;  ///< by path; nothing: it cannot be read
};

/// Whether `directory` is the directory of some layer, for any device: then it is not part of the layer that
/// contains it. A variable in a layer's path matches any one name.
bool is_layer_directory(const Cluster& cluster, std::string_view directory);

}  // namespace greenwave::render
