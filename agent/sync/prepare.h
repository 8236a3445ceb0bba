#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/problem.h"
#include "model/cluster.h"
#include "model/entry.h"
#include "model/source_tree.h"
#include "plan/plan.h"
#include "render/render.h"
#include "sync/check.h"
#include "sync/observe.h"

namespace greenwave::sync {

/// A render, ready to be applied to the device as it is now. It stays where it was made: the plan points into
/// it.
struct Prepared {
  std::unique_ptr<SourceTree> tree;
  Cluster cluster;
  Device device;
  Problems problems;
  bool complete = true;  ///< false: there are files of manifests that cannot be read
  std::vector<plan::Desired> desired;
  std::vector<Refusal> refused;  ///< before they were compared with the device
  Compared compared;
  plan::Plan plan;
  std::shared_ptr<const std::vector<Entry>> inventory;  ///< as it was then
};

/// Which objects must not be applied, whatever their drivers say; the problems say why.
using Refuse =
    std::function<std::vector<ObjectId>(std::span<const plan::Desired>, const SourceTree&, Problems&)>;

/// What a render is compared with, and how.
struct PrepareInput {
  std::shared_ptr<const std::vector<Entry>> inventory;
  std::vector<plan::Owed> owed;
  std::vector<plan::Owed> moot{};
  const Observed& observed;  ///< must outlive the Prepared
  const Drivers& drivers;
  bool distrust = false;     ///< compare everything with the device, whatever the records say
  bool allow_empty = false;  ///< an empty render may remove everything
  Refuse refuse{};           ///< may be empty
};

/// Checks a render's manifests, compares them with the device, and orders what must be done.
std::unique_ptr<Prepared> prepare(std::unique_ptr<SourceTree> tree, render::Rendered rendered,
                                  const PrepareInput& given);

}  // namespace greenwave::sync
