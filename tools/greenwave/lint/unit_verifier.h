#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/problem.h"
#include "model/manifest.h"

namespace greenwave::cli {

/// Lets `systemd-analyze verify` read unit files, where it is installed. Each text is read once, and no more
/// than a bounded number of them: a run takes more than a tenth of a second.
class UnitVerifier {
 public:
  /// What systemd would leave out of the manifest's unit file becomes a warning.
  void check(const Manifest& manifest, Problems& problems);

 private:
  const std::vector<std::string>& findings(const std::string& name, const std::string& content);

  std::map<std::pair<std::string, std::string>, std::vector<std::string>> known_;
  bool is_missing_ = false;
};

}  // namespace greenwave::cli
