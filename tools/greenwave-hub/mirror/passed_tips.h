#pragma once

#include "config/mirror_config.h"
#include "git/upstream.h"

namespace greenwave::hub {

/// Serves the upstream's signed tips as they are, where the configuration says so: who signs them need not
/// trust the mirror. One thread.
class PassedTips {
 public:
  /// Both outlive this. A null `upstream`: the configuration says otherwise.
  PassedTips(const MirrorConfig& config, git::Upstream* upstream) : config_(config), upstream_(upstream) {}

  bool is_wanted() const { return upstream_ != nullptr; }
  /// Call before the first fetch: from then on the hook writes no tips of the mirror's own. Throws Error.
  void take_charge() const;
  /// Call after each fetch. Of each branch, writes the upstream's tip if it names the commit that is here.
  /// What was served before stays where there is none, or one of another commit: false then, since that one
  /// should be here soon. Throws Error: transient.
  bool pass();

 private:
  const MirrorConfig& config_;
  git::Upstream* upstream_;
};

}  // namespace greenwave::hub
