#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/own_paths.h"
#include "plan/step.h"

namespace greenwave::guard {

using config::guard_unit;
using config::Part;

/// A file, or a directory of drop-ins with all that is in it.
using OwnFile = config::OwnPath;

/// Whether an object with these claims is the package that has the agent.
bool changes_own_package(const std::vector<std::string>& claims);

/// The files that the agent of a live device starts with. An image below another root has none: no agent runs
/// there.
class OwnFiles {
 public:
  /// `program` is the agent's executable. Reads the unit's files as they are now.
  OwnFiles(const config::Config& config, const std::string& program);

  std::optional<Part> part_at(std::string_view path) const;

  /// Those that an object has a hand in, by its claims: "path:…", or the agent's own package.
  std::vector<OwnFile> claimed_by(const std::vector<std::string>& claims) const;

  /// What lstat says of all of them: another text when any has changed.
  std::string fingerprint() const;

 private:
  std::vector<OwnFile> of_package() const;

  std::vector<OwnFile> files_;
};

}  // namespace greenwave::guard
