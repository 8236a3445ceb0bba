#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace greenwave::drivers::host {

/// The unit in which jobs run, where the agent is a service.
inline constexpr std::string_view packages_unit = "greenwave-packages.service";

/// What packaging/greenwave-packages does at a time.
struct PackageJob {
  enum class Operation {
    none,       ///< nothing can be done
    install,    ///< the .deb in `file`
    apt,        ///< `package`, from where apt has it
    configure,  ///< what dpkg has unpacked
    remove,
    select,  ///< changes nothing but `held`
  };
  Operation operation = Operation::none;
  std::string name;
  std::string package{};         ///< apt: as apt-get names it, with =VERSION
  std::filesystem::path file{};  ///< install: the .deb
  std::filesystem::path
      keep{};  ///< first repack the installed version into this file, unless it exists; may be empty
  bool replaces_conffiles = false;
  std::optional<bool> held{};                    ///< none: as it is
  std::vector<std::string> managed{};            ///< apt: other packages that it must not change
  Duration timeout{};                            ///< of each program
  Duration patience = std::chrono::seconds(60);  ///< how long to wait for the locks of dpkg and apt
};

struct PackageJobResult {
  int status = 0;      ///< 0: done; EX_TEMPFAIL: a later try may succeed; 124: it took too long
  std::string output;  ///< the end of what dpkg and apt printed
};

/// Runs jobs, one at a time. In the agent's runtime directory there is packages/ for them:
///
///     job     what is to be done: lines "KEY VALUE"; gone when that has ended
///     run     the script that does it, which is compiled into the agent
///     output  what dpkg and apt say
///     result  the exit status, when it has ended
///
/// Where the agent is a service, `packages_unit` runs the script, outside of the agent's sandbox and of its
/// life: a package that restarts the agent does not end the job that installs it. Elsewhere it is a child.
/// One thread.
class PackageJobs {
 public:
  struct Parts {
    std::filesystem::path directory;
    std::filesystem::path root = "/";
    bool by_unit = false;
    std::function<void()> while_waiting{};    ///< called about once a second; may be empty
    const std::atomic<bool>* stop = nullptr;  ///< ends the wait for the unit; may be null
  };
  explicit PackageJobs(Parts parts) : parts_(std::move(parts)) {}

  /// Throws Error: transient if the agent is to stop first; the job then goes on.
  PackageJobResult run(const PackageJob& job);

  /// Waits for a job that an earlier run of the agent left behind. Cheap when there is none.
  void await_earlier();

 private:
  bool is_waiting_over() const { return parts_.stop != nullptr && *parts_.stop; }
  void start_unit() const;
  void await_unit();
  PackageJobResult result() const;
  int run_as_child(const PackageJob& job) const;

  const Parts parts_;
};

}  // namespace greenwave::drivers::host
