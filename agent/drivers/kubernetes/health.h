#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "drivers/driver.h"

namespace greenwave::drivers::kubernetes {

/// An object's health by its status, as kubectl's `rollout status` and cli-utils' kstatus judge it: the
/// controller has seen the newest generation, and what it creates from it exists and is ready.
Health judge(const nlohmann::json& object);

/// Whether a custom resource must say how it is, by its definition (a CustomResourceDefinition), and does not
/// yet: its version has the subresource `status`, with `observedGeneration` or `conditions` in its schema,
/// and neither is there. An operator that never writes them would have its schema say less.
bool awaits_operator(const nlohmann::json& object, const nlohmann::json& definition);
/// Whether it says how it is, so that nobody needs to ask its definition.
bool has_been_observed(const nlohmann::json& object);

/// What keeps pods from being ready: the pod and its reason, "web-7d4b9 cannot pull its image
/// (ImagePullBackOff)".
struct Blame {
  std::string pod;  ///< empty: none can be blamed
  std::string reason;
  std::string container;  ///< that crashes, whose log may say why; empty: none
  bool loops = false;     ///< it keeps crashing
  Fault fault = Fault::invalid;
};

/// The pod in the list whose problem explains most.
Blame blame(const nlohmann::json& pods);

/// The label selector of a workload's pods, for a query: "app=web,tier in (a,b)"; empty: it has none.
std::string pod_selector(const nlohmann::json& workload);

}  // namespace greenwave::drivers::kubernetes
