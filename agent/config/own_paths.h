#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace greenwave::config {

/// The unit that the agent runs as, and what stands by while the agent's files change.
inline constexpr std::string_view own_unit = "greenwaved.service";
inline constexpr std::string_view guard_unit = "greenwave-guard.service";

/// What a path is to the agent.
enum class Part {
  configuration,  ///< agent.yaml
  trust,          ///< who may sign commits
  identity,       ///< what decrypts secrets
  named,          ///< another file that agent.yaml or the unit names
  unit,           ///< its unit's file or drop-ins
  program,
  guard,    ///< what stands by while the others change: its unit, script and copies
  boot,     ///< the links that start them at boot
  state,    ///< what is applied, the history, the git store
  runtime,  ///< the control socket, busy.d
  images,   ///< within the state, archives that others may put there
};

/// Whether a commit may change it, with the guard standing by. The rest is never a manifest's.
bool may_change(Part part);
std::string_view in_words(Part part);

/// A file, or a directory with all that is in it.
struct OwnPath {
  std::string path;  ///< as manifests write it
  Part part;
};
using OwnPaths = std::vector<OwnPath>;

/// All paths of the agent's own on the device that `config` configures: those that it names, and where a
/// device has them by default. `program` is the agent's executable; empty: where it is installed. Pure.
OwnPaths own_paths(const Config& config, const std::string& program);

/// The same, with the places that links of the device lead them to.
OwnPaths with_real_places(const OwnPaths& paths, const std::filesystem::path& root);

/// The innermost one that `path` is, or is in; null: none.
const OwnPath* own_at(const OwnPaths& own, std::string_view path);
/// One in the directory `path`; null: none.
const OwnPath* own_below(const OwnPaths& own, std::string_view path);

}  // namespace greenwave::config
