#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "hub/place.h"
#include "model/commit_id.h"
#include "model/wave_health.h"

namespace greenwave::promote {

/// What is known about a device, in the words of `greenwave status -o json`.
struct DeviceHealth {
  CommitId commit;     ///< that it runs
  CommitId target;     ///< that it should run; empty: the same
  std::string health;  ///< "healthy", "failed", "reverted", "progressing"
  std::optional<Time> seen;
};

using Health = std::map<std::string, DeviceHealth>;

/// Reads (manifests/schema/health.schema.json):
///
///   {"devices": {"sf-0042": {"commit": "3f78…", "target": "3f78…", "health": "healthy",
///                            "seen": "2026-11-24T06:11:50Z"}}}
///
/// `target` and `seen` are optional; unknown members are ignored. Throws Error (invalid).
Health parse_health(std::string_view text, const std::string& name);

/// From a file, or from a URL: https, or http on this machine. Bounded in size and time. `hub` has the token
/// and the authorities for a URL; nothing: none. Throws Error.
Health load_health(const std::string& place, const std::optional<cli::HubPlace>& hub = {});

/// What a wave's devices say about a commit.
struct Tally {
  std::size_t devices = 0;
  std::size_t reported = 0;         ///< that they run it, or tried to
  std::size_t healthy = 0;          ///< of those that reported
  std::vector<std::string> failed;  ///< the ids of others that reported
  std::vector<std::string> silent;  ///< the ids of those that are not heard of
  /// Heard of, but at another commit, and not yet on the way to this one.
  std::size_t elsewhere() const { return devices - reported - silent.size(); }
  WaveTally numbers() const { return {devices, reported, healthy, failed.size(), silent.size()}; }
};

/// The commit came to the wave at `since`. A device that was last seen before `recent`, or before `since` at
/// another commit, is silent; one that failed at this commit stays failed, seen or not.
Tally tally(const std::vector<std::string>& devices, const Health& health, const CommitId& commit, Time since,
            Time recent);

}  // namespace greenwave::promote
