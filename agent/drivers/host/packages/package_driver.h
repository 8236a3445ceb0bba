#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dpkg/status_file.h"
#include "drivers/driver.h"
#include "drivers/host/confined.h"
#include "drivers/host/packages/deb_file.h"
#include "drivers/host/packages/package_job.h"
#include "drivers/host/packages/package_store.h"

namespace greenwave::drivers::host {

/// What Packages are looked at and changed with.
struct PackageTools {
  Host host;
  dpkg::StatusFile status;
  DebFiles debs;
  PackageJobs jobs;
  PackageStore store;
  bool left_out = false;  ///< the device has no dpkg, and is an image

  /// False for an image without dpkg: its packages are left out.
  bool serves();
};

/// Debian packages: Package of greenwave.dev/v1. What a device has is read from dpkg's own record; jobs
/// change it. The .debs of versions that may have to come back are kept.
class PackageDriver : public Driver {
 public:
  struct Parts {
    Host host;
    PackageJobs::Parts jobs;
    std::filesystem::path store;  ///< for the .debs that are kept
  };
  explicit PackageDriver(Parts parts);

  std::unique_ptr<Session> look(const LookOptions& options, std::span<const Entry* const> entries) override;
  std::vector<std::string> notes() const override;

 private:
  PackageTools tools_;
  std::string broken_;  ///< other packages that dpkg left unfinished, when last observed
};

}  // namespace greenwave::drivers::host
