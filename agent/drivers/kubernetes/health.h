#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "drivers/driver.h"

namespace greenwave::drivers::kubernetes {

/// An object's health by its status, as kubectl's `rollout status` and the cli-utils' kstatus judge it: a
/// controller has seen the newest generation, and what it makes of it is there and ready.
Health judge(const nlohmann::json& object);

/// What keeps pods from being ready: the pod and its reason, "web-7d4b9 cannot pull its image
/// (ImagePullBackOff)".
struct Blame {
  std::string pod;  ///< empty: none can be blamed
  std::string reason;
  std::string container;  ///< that crashes, and whose log may say why; empty: none does
  bool loops = false;     ///< it crashes again and again
  Fault fault = Fault::invalid;
};

/// Of a list of pods, the one that explains most.
Blame blame(const nlohmann::json& pods);

/// The label selector of a workload's pods as a query has it: "app=web,tier in (a,b)"; empty: it has none.
std::string pod_selector(const nlohmann::json& workload);

}  // namespace greenwave::drivers::kubernetes
