#pragma once

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "model/device.h"
#include "model/source_tree.h"

namespace greenwave::hub {

/// An object that a commit declares for a device, and where.
struct DeclaredObject {
  std::string object{};               ///< "File/motd"
  std::vector<std::string> places{};  ///< FILE:LINE:COLUMN of each declaration, the first layer's first
  bool refused = false;               ///< it has an error, and the device leaves it as it is
};
inline auto members(DeclaredObject& object) {
  return std::tie(object.object, object.places, object.refused);
}

/// All objects of one device, cut to what a page can show.
struct DeviceObjects {
  std::uint64_t total = 0;
  std::vector<DeclaredObject> objects{};  ///< ordered by id; at most most_objects
  bool complete = true;                   ///< false: a layer cannot be read, which may declare more
};
inline auto members(DeviceObjects& objects) {
  return std::tie(objects.total, objects.objects, objects.complete);
}

inline constexpr std::size_t most_objects = 1000;
inline constexpr std::size_t most_places = 20;  ///< of an object

/// What `tree` declares for the device. `labels` are those that only the device knows. Throws Error (invalid)
/// where the commit is no city that can be read at all, or does not list the device. Pure but for the tree.
DeviceObjects objects_of(const SourceTree& tree, const Labels& labels, const std::string& device);

/// As /v1/devices/{device}/objects answers. `directory` is the cluster's in the repository. Pure.
std::string objects_json(const std::string& commit, const std::string& directory,
                         const DeviceObjects& objects);

/// Makes what came from a process that may be taken over one that people can be shown. Pure.
void make_showable(DeviceObjects& objects);

}  // namespace greenwave::hub
