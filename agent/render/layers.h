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
#include "render/variables.h"

namespace greenwave::render {

/// A layer that a device gets.
struct ChosenLayer {
  std::string path;  ///< from the cluster's root, variables replaced
  Place place;       ///< where greenwave.yaml names it
  /// False: its directory, or whether the device gets it at all, could not be made out. `problems` says why.
  bool known = true;
};

/// The polygon that a layer lies within; nothing when it cannot be read, then `problems` says why.
std::optional<Region> read_polygon(const Layer& layer, const SourceTree& tree, Problems& problems);

/// Chooses layers for one device after the other: polygons are read once. What it is made of must outlive it.
class LayerChooser {
 public:
  LayerChooser(const Cluster& cluster, const SourceTree& tree) : cluster_(cluster), tree_(tree) {}

  /// The layers that `device` gets, in their order. A device that the inventory does not list lies in no
  /// polygon. What is wrong with a polygon is said once, to the first device that needs it.
  std::vector<ChosenLayer> choose(const Device& device, const Variables& variables, Problems& problems);

 private:
  std::optional<ChosenLayer> choose(const Layer& layer, const Device& device, const Variables& variables,
                                    Problems& problems);
  const Region* region_of(const Layer& layer, Problems& problems);

  const Cluster& cluster_;
  const SourceTree& tree_;
  std::map<std::string, std::optional<Region>> regions_;  ///< by path; nothing: it cannot be read
};

/// Whether `directory` is some layer's own, for whichever device: such a directory is no part of the layer
/// that holds it. A variable in a layer's path stands for any one name.
bool is_layer_directory(const Cluster& cluster, std::string_view directory);

}  // namespace greenwave::render
