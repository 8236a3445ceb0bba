#include "drivers/host/overlaps.h"

#include <algorithm>

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/error.h"

namespace greenwave::drivers::host {

namespace {

std::string path_of(const plan::Desired& desired) {
  constexpr std::string_view prefix = "path:";
  const auto& claims = desired.footprint.claims;
  return claims.empty() ? "" : claims.front().substr(prefix.size());
}

Error overlap(const std::string& path, const std::string& other, const ObjectId& id) {
  return Error(Fault::conflict,
               fmt::format("{} is the same place as {} of {}: a link leads from one to the other", path,
                           other, to_string(id)),
               "remove the link, or declare only one of the two");
}

}  // namespace

Overlaps::Identity Overlaps::identity_of(Parents& parents, const std::string& path) {
  const auto slash = path.rfind('/');
  const auto directory = path.substr(0, slash);
  const auto name = path.substr(slash);
  const auto known = directories_.find(directory);
  if (known != directories_.end()) {
    auto identity = known->second;
    identity.rest += name;
    return identity;
  }
  Identity identity;
  try {
    struct stat about {};
    if (const auto at = parents.find(path); at && ::fstat(at->directory, &about) == 0) {
      identity = {about.st_dev, about.st_ino, ""};
    } else if (!directory.empty() && !refusal_of(parents.host(), directory)) {
      identity = identity_of(parents, directory);
    } else {
      identity.rest = directory;
    }
  } catch (const Error&) {
    identity.rest = directory;  // the object's comparison reports what is wrong
  }
  directories_.emplace(directory, identity);
  identity.rest += name;
  return identity;
}

void Overlaps::read(Parents& parents) {
  if (has_read_) return;
  has_read_ = true;
  for (const auto& candidate : candidates_) {
    const auto path = path_of(*candidate.desired);
    if (!path.empty()) objects_[identity_of(parents, path)].push_back(candidate.desired);
  }
}

void Overlaps::refuse(Holdings& holdings, Parents& parents, const Candidate& candidate) {
  const auto& desired = *candidate.desired;
  const auto path = path_of(desired);
  if (path.empty()) return;
  read(parents);
  const auto identity = identity_of(parents, path);
  for (const auto* other : objects_[identity]) {
    const auto where = path_of(*other);
    if (where != path) throw overlap(path, where, other->manifest.id);
  }
  struct stat about {};
  if (!parents.look(path, about)) return;
  if (candidate.entry != nullptr) {
    const auto is_own = [&](const FileSignature& file) {
      return file.inode == about.st_ino && file.device == about.st_dev && file.path == path;
    };
    if (std::ranges::any_of(candidate.entry->files, is_own)) return;
  }
  const auto other = holdings.at_inode(about.st_dev, about.st_ino, desired.manifest.id);
  if (!other || other->path == path || identity_of(parents, other->path) != identity) return;
  throw overlap(path, other->path, other->entry->id);
}

}  // namespace greenwave::drivers::host
