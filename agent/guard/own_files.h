#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "plan/step.h"

namespace greenwave::guard {

/// What stands by while the agent's files change; see Guard.
inline constexpr std::string_view guard_unit = "greenwave-guard.service";

/// What a file is to the agent when it starts.
enum class Part {
  configuration,  ///< agent.yaml
  trust,          ///< who may sign commits
  identity,       ///< what decrypts secrets
  named,          ///< another file that agent.yaml or the unit names
  unit,           ///< its unit's file or drop-ins
  program,
  guard,  ///< the unit of what stands by while the others change
};

/// A file, or a directory of drop-ins with all that is in it.
struct OwnFile {
  std::string path;
  Part part;
};

/// The files that the agent of a live device starts with. An image below another root has none: no agent runs
/// there.
class OwnFiles {
 public:
  /// `program` is the agent's executable. Reads the unit's files as they are now.
  OwnFiles(const config::Config& config, std::string program);

  std::optional<Part> part_at(std::string_view path) const;

  /// Those that an object has a hand in, by its claims: "path:…".
  std::vector<OwnFile> claimed_by(const std::vector<std::string>& claims) const;

  /// What lstat says of all of them: another text when any has changed.
  std::string fingerprint() const;

 private:
  std::vector<OwnFile> files_;
};

}  // namespace greenwave::guard
