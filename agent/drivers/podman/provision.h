#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "drivers/workload/content.h"

namespace greenwave::drivers::podman {

/// A volume that the agent makes in the pod's own directory. As in Kubernetes, nothing of an image's is
/// copied into it, and it lasts as long as the pod.
struct OwnVolume {
  std::string name;
  std::vector<workload::VolumeFile> files;
  bool writable = false;          ///< an emptyDir: anybody in the pod may write to it
  std::vector<std::string> subs;  ///< directories in it that are mounted by themselves
};

/// An emptyDir in memory: a volume of podman's that is a tmpfs.
struct MemoryVolume {
  std::string name;                  ///< in podman
  std::optional<std::int64_t> size;  ///< bytes
};

/// What of a claim's volume a pod needs to be there, and to be its fsGroup's.
struct ClaimPart {
  std::string volume;  ///< in podman, see claim_volume.h
  std::string sub;     ///< empty: the whole
  bool writable = false;

  auto operator<=>(const ClaimPart&) const = default;
};

/// What a container's user is when its image says so.
struct ImageUser {
  std::string container;
  std::string image;
  bool non_root = false;              ///< it must not be root
  std::optional<std::int64_t> group;  ///< and has this group
};

/// What must be on the device before podman makes a pod.
struct Provision {
  std::vector<OwnVolume> own{};
  std::vector<MemoryVolume> memory{};
  std::vector<ClaimPart> claims{};
  std::vector<std::string> own_claims{};  ///< volumes of volumeClaimTemplates, which outlive the pod
  std::vector<ImageUser> users{};
  std::optional<std::int64_t> group{};  ///< fsGroup
  bool only_mismatch = false;           ///< fsGroupChangePolicy: OnRootMismatch
};

/// What a sheet has for the path of a part of a claim's volume, until the volume is there. Pure.
std::string claim_path(const std::string& volume, const std::string& sub);

/// May hold secrets.
nlohmann::ordered_json to_json(const Provision& provision);
/// Throws nlohmann::json::exception.
Provision provision_from(const nlohmann::ordered_json& json);

}  // namespace greenwave::drivers::podman
