#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/problem.h"
#include "model/manifest.h"

namespace greenwave::cli {

/// Checks unit files with `systemd-analyze verify` where that is installed: each text once, and only up to a
/// limit, since a run takes more than a tenth of a second.
class UnitVerifier {
 public:
  /// Warns of what systemd would ignore in the manifest's unit file.
  void check(const Manifest& manifest, Problems& problems);

 private:
  const std::vector<std::string>& findings(const std::string& name, const std::string& content);

  std::map<std::pair<std::string, std::string>, std::vector<std::string>> known_;
  bool is_missing_ = false;
};

}  // namespace greenwave::cli
