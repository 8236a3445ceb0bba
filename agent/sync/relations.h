#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "model/entry.h"
#include "plan/plan.h"
#include "sync/blame.h"
#include "sync/course.h"

namespace greenwave::sync {

/// Whether what is declared is not what was applied last; null: it is not declared, or was not applied.
bool differs(const plan::Desired* desired, const Entry* entry);

/// How each object is related to a commit on trial. The trial lists the touched objects whose own health
/// decides. For all others the inventory tells: it has an object's digest from before the commit until the
/// new manifest has been applied.
class Relations {
 public:
  /// All arguments must outlive this; `inventory` is sorted.
  Relations(const Trial& trial, std::span<const plan::Desired> desired, std::span<const Entry> inventory);

  Before before(const std::string& object) const;
  Relation relation(const std::string& object) const;
  Blame judge(const std::string& object, Now now, Fault fault = Fault::invalid) const;

 private:
  const Trial& trial_;
  std::map<std::string, const plan::Desired*> desired_;
  std::map<std::string, const Entry*> entries_;
};

/// The objects of a plan that its commit is responsible for: those that it changes and whose own health
/// decides, and those that restart because of a change. Not repairs, nor what is tried again.
std::vector<std::string> touched_by(const plan::Plan& plan);

}  // namespace greenwave::sync
