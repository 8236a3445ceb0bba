#pragma once

#include <optional>
#include <string>

#include "drivers/podman/provision.h"

namespace greenwave::drivers::podman {

/// Makes a pod's own volumes in `directory`, which is root's alone and must not be there yet. What they have
/// is on the disk when this returns: a pod outlives a power cut. Throws Error.
void make_volumes(const std::string& directory, const Provision& provision);

/// Makes a part of a volume that is at `root`, where it is not there yet, and returns its path. Throws Error
/// (conflict) for a link on the way: what a container put there must not lead podman elsewhere.
std::string make_part(const std::string& root, const std::string& sub);

/// Gives a tree to fsGroup as Kubernetes does: the group may read it all, and write what its owner may.
/// `only_mismatch`: not where the tree's root is so already. Links are not followed. Throws Error.
void give_to_group(const std::string& path, std::int64_t group, bool only_mismatch);

}  // namespace greenwave::drivers::podman
