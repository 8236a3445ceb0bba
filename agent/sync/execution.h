#pragma once

#include <span>
#include <string>

#include "sync/apply.h"
#include "sync/gate.h"
#include "sync/pass.h"

namespace greenwave::sync {

/// A prepared commit on its way onto the device, in two parts: what it brings, then what is pruned for it.
/// What may not be done now waits for a window, or for a program that is busy. The way back waits for
/// nothing, since what is there is not healthy. One of a pass.
class Execution {
 public:
  /// Begins the commit's trial. `prepared` has no plan any more afterwards; all outlive this.
  Execution(Pass& pass, Prepared& prepared, const CommitId& commit, const Gate& gate);

  /// Call once. What came of it is in the standing and the record. Throws Error when the state cannot be
  /// written, or the agent is to end.
  void bring();
  /// What is to be pruned after that.
  std::span<const plan::Step> prunes() const { return apply_.prunes(); }
  /// Call at most once, after bring(); the same.
  void prune();
  /// Instead: says why nothing is pruned yet.
  void leave(const std::string& why);

 private:
  static plan::Plan begun(Pass& pass, Prepared& prepared, const CommitId& commit, ApplyContext& context,
                          const Gate& gate);
  void add(Applied applied);

  Pass& pass_;
  const Prepared& prepared_;
  CommitId commit_;
  bool goes_back_;
  ApplyContext context_;
  Apply apply_;
};

}  // namespace greenwave::sync
