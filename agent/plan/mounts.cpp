#include "plan/mounts.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

namespace greenwave::plan {

namespace {

/// The first object whose containers may write to a path, by path.
using Writable = std::unordered_map<std::string_view, std::size_t>;

Writable writable_paths(const Objects& objects) {
  Writable paths;
  for (std::size_t i = 0; i < objects.declared(); ++i) {
    for (const auto& mount : objects.desired(i).footprint.mounts) {
      if (mount.writable) paths.emplace(mount.path, i);
    }
  }
  return paths;
}

}  // namespace

void refuse_mounts(Objects& objects, Problems& problems) {
  const auto writable = writable_paths(objects);
  if (writable.empty()) return;
  for (std::size_t i = 0; i < objects.declared(); ++i) {
    const auto& [manifest, footprint] = objects.desired(i);
    for (const auto& mount : footprint.mounts) {
      auto above = std::string_view(mount.path);
      while (above.size() > 1 && above.find('/') != above.npos) {
        above = above.substr(0, std::max<std::size_t>(above.rfind('/'), 1));
        const auto found = writable.find(above);
        if (found == writable.end()) continue;
        const auto& other = objects.desired(found->second).manifest;
        problems.error(mount.place,
                       fmt::format("{} mounts {}, in whose place a container of {} could put a link: it may "
                                   "write to {}",
                                   to_string(manifest.id), mount.path, to_string(other.id), above),
                       fmt::format("mount {} here too, or with readOnly: true there", above));
        objects.refuse(i);
        break;
      }
    }
  }
}

}  // namespace greenwave::plan
