#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "guard/candidate.h"
#include "guard/own_check.h"
#include "guard/own_files.h"

namespace greenwave::guard {

/// What the guard did while the agent was away.
struct PutBack {
  std::string reason;
  Failed failed;  ///< what was there instead of the last good files
};

/// Arms and disarms what stands by while files change that the agent starts with: greenwave-guard.service,
/// which runs packaging/greenwave-guard and nothing else. It puts the last good files back and restarts the
/// agent when that did not come back in time, or asks for it; through power cuts, and without a program of
/// the agent's.
///
/// They share a directory that only root enters. The name of one file in it says where they are, and is
/// changed by rename alone:
///
///     armed     "SINCE PATIENCE RUN REACHED": seconds of /proc/uptime, seconds, the run of the agent that
///               changed it ("none" until it has), yes or no
///     firing    the same, while the files are put back; a power cut does not end that
///     restored  what was done, for the next start: a reason, then lines "SHA256 PATH" of what was there
///     reason    why the agent asked for it
///     list      what was there before: lines "file|tree NUMBER PATH", "absent - PATH"
///     NUMBER    a copy
///
/// One thread. Functions throw Error.
class Guard {
 public:
  struct Parts {
    std::filesystem::path directory;
    OwnFiles files;
    std::string run;    ///< names this run of the agent
    Duration patience;  ///< see config::Health
    std::function<void()>
        start{};  ///< starts the unit; empty: nobody stands by, since the agent is no service
  };
  explicit Guard(Parts parts) : parts_(std::move(parts)) {}

  bool is_there() const { return static_cast<bool>(parts_.start); }
  const OwnFiles& files() const { return parts_.files; }
  Candidates& candidates() { return candidates_; }

  /// Keeps what is at these places, durably, unless that was done for an earlier change which is not over,
  /// and has the guard stand by. `reached`: the repository was, so that it must be again. Ends with
  /// changed().
  void arm(const std::vector<OwnFile>& places, bool reached);
  void changed(bool anything);

  /// The agent was changed by an earlier run, or while a power cut ended one.
  struct Armed {
    bool reached = false;
  };
  std::optional<Armed> armed_before() const;

  /// The agent is back.
  void disarm();
  /// The agent is back, but not as it should be. False: nobody stands by.
  bool fire(const std::string& reason);

  std::optional<PutBack> put_back() const;
  void forget_put_back();

 private:
  std::filesystem::path at(const char* name) const { return parts_.directory / name; }
  void keep(const std::vector<OwnFile>& places);
  void write_armed(const std::string& run, bool reached);

  const Parts parts_;
  Candidates candidates_;
};

}  // namespace greenwave::guard
