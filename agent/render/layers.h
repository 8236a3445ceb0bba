#pragma once

#include <string>
#include <vector>

#include "base/problem.h"
#include "model/cluster.h"
#include "model/device.h"
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

/// The layers that `device` gets, in their order. A device that the inventory does not list lies in no
/// polygon.
std::vector<ChosenLayer> choose_layers(const Cluster& cluster, const Device& device,
                                       const Variables& variables, const SourceTree& tree,
                                       Problems& problems);

/// Whether `directory` is some layer's own, for whichever device: such a directory is no part of the layer
/// that holds it. A variable in a layer's path stands for any one name.
bool is_layer_directory(const Cluster& cluster, std::string_view directory);

}  // namespace greenwave::render
