#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "model/commit_id.h"
#include "render/engine.h"

namespace greenwave::sync {

/// Renders for this device, with its keys, which the engine of each render reads and holds no longer.
class Renderer {
 public:
  /// All of it outlives this. `digest_key` is that of what the state keeps, `begin` makes engines with keys.
  Renderer(const config::Config& config, const Labels& facts, const std::string& digest_key,
           render::BeginEngine begin)
      : config_(config), facts_(facts), digest_key_(digest_key), begin_(std::move(begin)) {}

  struct Output {
    std::unique_ptr<SourceTree> files;  ///< opens what is encrypted
    render::Rendered rendered;
  };
  /// `made` is a render of the same files without keys in which nothing was encrypted: it is taken instead of
  /// another one.
  Output render(std::unique_ptr<SourceTree> files, std::optional<render::Rendered> made = {}) const;

  /// Equal as long as a render of the commit gives the same.
  std::string key_of(const CommitId& commit) const;

  /// The paths of the files that this device needs, of those that are there. The engine has its keys.
  std::vector<std::string> paths_needed(const SourceTree& files, render::Engine& engine) const;

 private:
  render::Recipient recipient() const;

  const config::Config& config_;
  const Labels& facts_;
  const std::string& digest_key_;
  render::BeginEngine begin_;
};

}  // namespace greenwave::sync
