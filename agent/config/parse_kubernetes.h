#pragma once

#include "base/problem.h"
#include "config/config.h"
#include "yaml/node.h"

namespace greenwave::config {

/// Reads the section `kubernetes` of agent.yaml.
void read_kubernetes(const yaml::Node& node, Kubernetes& kubernetes, Problems& problems);

}  // namespace greenwave::config
