#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "base/problem.h"
#include "model/cluster.h"
#include "model/device.h"
#include "model/manifest.h"
#include "model/source_tree.h"
#include "render/collect.h"

namespace greenwave::render {

/// One object as some devices get it: devices whose layers declare it in the same way, and for which the
/// variables in those declarations have the same values.
struct Variant {
  std::uint32_t id = 0;
  std::uint32_t chain = 0;
  std::uint32_t device = 0;  ///< one of those devices
  Digest key;                ///< equal keys mean equal manifests, also between two commits
};

/// A manifest as a layer declares it, before variables.
struct Declaration {
  yaml::Node document;
  std::optional<ObjectId> id;       ///< nothing: it contains variables, or is missing or wrong
  std::set<std::string> variables;  ///< that it mentions
  bool structural = false;          ///< the variables are part of its id or of its source, or it has no id
  Digest digest;
};

/// A layer's content, the same for all devices that get it.
struct FleetLayer {
  ReadLayer read;                                      ///< its documents are in `declarations`
  std::vector<std::vector<Declaration>> declarations;  ///< of each file
  std::set<std::string> structural;  ///< variables that affect which objects the layer declares
  Problems problems;                 ///< of directories and files
  bool complete = true;
};

/// Devices that get the same layers, with the same objects in them.
struct Combination {
  std::vector<std::uint32_t> layers;
  Problems problems;        ///< of merging them
  bool complete = true;     ///< false: these devices may get more objects
  std::set<ObjectId> held;  ///< refused because a layer that may change them is not complete
  std::vector<std::pair<std::uint32_t, std::uint32_t>> chains;  ///< id and chain, ordered by id
};

/// One object of a Fleet, rendered.
struct FleetObject {
  std::optional<Manifest> manifest;  ///< nothing: refused (`problems` says why), or deleted by a `$patch`
  Problems problems;
};

/// What a commit declares for all devices of its inventory. It does each part of 5,000 renders only once: it
/// reads a layer once, merges each combination of layers once, and distinguishes objects only by the
/// declarations and variables that they depend on. The result for one device is the same as render()'s,
/// except for labels that only the device knows.
///
/// Objects are rendered on demand, so a Fleet costs little more than its files.
class Fleet {
 public:
  /// `tree` must outlive it. `assumed` are labels for the devices whose Feature has none of that name. Throws
  /// Error (invalid) where render() does for every device.
  explicit Fleet(const SourceTree& tree, const Labels& assumed = {});

  const SourceTree& tree() const { return tree_; }
  const Cluster& cluster() const { return cluster_; }
  /// In the order of the inventory. Without an inventory: one device that represents all.
  const std::vector<Device>& devices() const { return devices_; }
  std::optional<std::size_t> device(const std::string& id) const;
  /// Errors in greenwave.yaml, the inventory and the polygons.
  const Problems& problems() const { return problems_; }
  /// Errors in a device's own Feature: it renders nothing then.
  const Problems& feature_problems(std::size_t device) const { return feature_problems_[device]; }
  /// Errors in choosing layers for some devices.
  const std::vector<std::pair<std::uint32_t, Problem>>& device_problems() const { return device_problems_; }

  const std::vector<FleetLayer>& layers() const { return layers_; }
  const std::vector<Combination>& combinations() const { return combinations_; }
  std::uint32_t combination_of(std::size_t device) const { return combination_of_[device]; }
  bool complete(std::size_t device) const;

  const std::vector<Variant>& variants() const { return variants_; }
  /// Indices of a device's variants, ordered by id.
  const std::vector<std::uint32_t>& objects_of(std::size_t device) const { return objects_of_[device]; }
  const ObjectId& id(const Variant& variant) const { return ids_[variant.id]; }
  FleetObject render(const Variant& variant) const;

  /// The sources of an object, the first layer first: the layers' indices and the declarations.
  std::vector<std::pair<std::uint32_t, const Declaration*>> declarations_of(const Variant& variant) const;

 private:
  struct Link {
    std::uint32_t layer = 0;
    std::uint32_t file = 0;
    std::uint32_t declaration = 0;
    std::uint32_t step = 0;  ///< declarations of one layer have the same
    bool refused = false;    ///< because of the combination

    auto operator<=>(const Link&) const = default;
  };
  struct Chain {
    std::vector<Link> links;
    std::vector<std::string> variables;
    Digest digest;
    std::unordered_map<std::string, std::uint32_t> variants;  ///< by the values of `variables`
  };

  void read_devices(const Labels& assumed);
  std::uint32_t layer_index(LayerReader& reader, const ChosenLayer& chosen);
  std::uint32_t combine(std::vector<std::uint32_t> layers, std::size_t device);
  Combination combination(std::vector<std::uint32_t> layers, std::size_t device);
  std::uint32_t id_index(const ObjectId& id);
  std::uint32_t chain_index(std::uint32_t id, std::vector<Link> links);
  std::uint32_t variant_index(std::uint32_t id, std::uint32_t chain, std::size_t device);
  void add_source_oids(const Chain& chain, std::size_t device, Hasher& hasher) const;
  const Declaration& declaration(const Link& link) const {
    return layers_[link.layer].declarations[link.file][link.declaration];
  }

  const SourceTree& tree_;
  Cluster cluster_;
  std::vector<Device> devices_;
  std::unordered_map<std::string, std::size_t> numbers_;
  Problems problems_;
  std::vector<Problems> feature_problems_;
  std::vector<std::pair<std::uint32_t, Problem>> device_problems_;
  std::vector<FleetLayer> layers_;
  /// By path, whether it is known, and where variables are replaced.
  std::map<std::tuple<std::string, bool, Substitution>, std::uint32_t> layer_numbers_;
  std::vector<Combination> combinations_;
  std::unordered_map<std::string, std::uint32_t> combination_numbers_;
  std::vector<std::uint32_t> combination_of_;
  std::vector<ObjectId> ids_;
  std::unordered_map<ObjectId, std::uint32_t> id_numbers_;
  std::vector<Chain> chains_;
  std::map<std::pair<std::uint32_t, std::vector<Link>>, std::uint32_t> chain_numbers_;
  std::vector<Variant> variants_;
  std::vector<std::vector<std::uint32_t>> objects_of_;
};

}  // namespace greenwave::render
