#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace greenwave::promote {

/// What a device was last heard to be; the words are those of `health` in `greenwave status -o json`.
struct Report {
  std::string commit;  ///< that it has
  std::string target;  ///< that it was to have; empty: the same
  std::string health;  ///< "healthy", "failed", "reverted", "progressing"
  std::optional<Time> seen;
};

using Health = std::map<std::string, Report>;

/// Reads (manifests/schema/health.schema.json):
///
///   {"devices": {"sf-0042": {"commit": "3f78…", "target": "3f78…", "health": "healthy",
///                            "seen": "2026-11-24T06:11:50Z"}}}
///
/// `target` and `seen` may be left out; members that are not known are passed over. Throws Error (invalid).
Health parse_health(std::string_view text, const std::string& name);

/// From a file, or from a URL: https, or http on this machine. Bounded in size and time. Throws Error.
Health load_health(const std::string& place);

/// How a wave's devices stand to a commit.
struct Tally {
  std::size_t devices = 0;
  std::size_t healthy = 0;
  std::vector<std::string> failed;  ///< their ids
  /// Not heard of at that commit for too long, or never: they count as not healthy.
  std::size_t silent() const { return devices - healthy - failed.size(); }
};

/// A report that is older than `silent_after` counts as silence.
Tally tally(const std::vector<std::string>& devices, const Health& health, const std::string& commit,
            Time now, Duration silent_after);

}  // namespace greenwave::promote
