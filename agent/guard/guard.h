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
///     list      what was there before: lines "file|tree NUMBER PATH", "absent - PATH"; and what comes in its
///     place
///               besides: "package DIGEST NAME", which is in `restored` then
///     NUMBER    a copy
///     state.db  a copy of the agent's state, while a package changes the agent
///     run       the guard's script, as long (stand_in.h)
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
    std::function<void()> reload{};  ///< has systemd read its files again
    /// Writes a copy of the agent's state to a new file.
    std::function<void(const std::filesystem::path&)> copy_state{};
  };
  explicit Guard(Parts parts) : parts_(std::move(parts)) {}

  bool is_there() const { return static_cast<bool>(parts_.start); }
  const OwnFiles& files() const { return parts_.files; }
  Candidates& candidates() { return candidates_; }

  /// Keeps what is at these places, durably, unless that was done for an earlier change which is not over,
  /// and has the guard stand by. `reached`: the repository was, so that it must be again. `package` changes
  /// them, and what stands by with them; with a name, it is what the agent did not come back with in the end.
  /// Ends with changed().
  struct ByPackage {
    std::string name;
    Digest version;
  };
  void arm(const std::vector<OwnFile>& places, bool reached, const std::optional<ByPackage>& package = {});
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

  /// Where nothing is under way, removes what a package's change has needed. Cheap where that is nothing.
  void tidy();

 private:
  std::filesystem::path at(const char* name) const { return parts_.directory / name; }
  void keep(const std::vector<OwnFile>& places, const std::optional<ByPackage>& package);
  void write_armed(const std::string& run, bool reached);

  const Parts parts_;
  Candidates candidates_;
};

}  // namespace greenwave::guard
