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

const Overlaps::Named& Overlaps::directory_of(Parents& parents, const std::string& path) {
  auto directory = path.substr(0, path.rfind('/'));
  if (const auto known = directories_.find(directory); known != directories_.end()) return known->second;
  auto identity = look_at(parents, path, directory);
  auto& named = directories_.try_emplace(std::move(directory)).first->second;
  const auto [first, is_first] = first_names_.emplace(identity, &named);
  if (!is_first) named.has_others = first->second->has_others = true;
  named.identity = std::move(identity);
  return named;
}

/// Of the directory of a path.
Overlaps::Identity Overlaps::look_at(Parents& parents, const std::string& path,
                                     const std::string& directory) {
  try {
    struct stat about {};
    if (const auto at = parents.find(path); at && ::fstat(at->directory, &about) == 0) {
      return {about.st_dev, about.st_ino, ""};
    }
    if (!directory.empty() && !refusal_of(parents.host(), directory)) return identity_of(parents, directory);
  } catch (const Error&) {
    // The object's comparison reports what is wrong.
  }
  return {0, 0, directory};
}

Overlaps::Identity Overlaps::identity_of(Parents& parents, const std::string& path) {
  auto identity = directory_of(parents, path).identity;
  identity.rest.append(path, path.rfind('/'));
  return identity;
}

void Overlaps::read(Parents& parents) {
  if (has_read_) return;
  has_read_ = true;
  for (const auto& candidate : candidates_) {
    if (const auto path = path_of(*candidate.desired); !path.empty()) directory_of(parents, path);
  }
  for (const auto& candidate : candidates_) {
    const auto path = path_of(*candidate.desired);
    if (path.empty() || !directory_of(parents, path).has_others) continue;
    objects_[identity_of(parents, path)].push_back(candidate.desired);
  }
}

void Overlaps::refuse(Holdings& holdings, Parents& parents, const Candidate& candidate) {
  const auto& desired = *candidate.desired;
  const auto path = path_of(desired);
  if (path.empty()) return;
  read(parents);
  if (directory_of(parents, path).has_others) {
    for (const auto* other : objects_[identity_of(parents, path)]) {
      const auto where = path_of(*other);
      if (where != path) throw overlap(path, where, other->manifest.id);
    }
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
  if (!other || other->path == path) return;
  if (identity_of(parents, other->path) != identity_of(parents, path)) return;
  throw overlap(path, other->path, other->entry->id);
}

}  // namespace greenwave::drivers::host
