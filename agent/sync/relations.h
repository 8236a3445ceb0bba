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

/// What a commit on trial has to do with each object. The trial knows what it touched whose own health
/// decides; of all else the inventory tells, which has the digest from before the commit for as long as the
/// new one was not applied.
class Relations {
 public:
  /// All of it outlives this; `inventory` is sorted.
  Relations(const Trial& trial, std::span<const plan::Desired> desired, std::span<const Entry> inventory);

  Before before(const std::string& object) const;
  Relation relation(const std::string& object) const;
  Blame judge(const std::string& object, Now now, Fault fault = Fault::invalid) const;

 private:
  const Trial& trial_;
  std::map<std::string, const plan::Desired*> desired_;
  std::map<std::string, const Entry*> entries_;
};

/// The objects of a plan that its commit is the cause of: what it changes itself and whose own health
/// decides, and what restarts for something that it changes. Not what is repaired, or tried again.
std::vector<std::string> touched_by(const plan::Plan& plan);

}  // namespace greenwave::sync
