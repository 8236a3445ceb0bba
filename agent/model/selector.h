#pragma once

#include <string>
#include <vector>

#include "model/device.h"
#include "yaml/fields.h"

namespace greenwave {

/// A Kubernetes label selector: all requirements must be met.
struct Selector {
  enum class Operator { in, not_in, exists, does_not_exist };

  struct Requirement {
    std::string key;
    Operator op = Operator::in;
    std::vector<std::string> values;
  };

  std::vector<Requirement> requirements;  ///< matchLabels become `in` with one value
};

/// As in Kubernetes, NotIn and DoesNotExist match labels that are absent.
bool selects(const Selector& selector, const Labels& labels);

/// Reads {matchLabels, matchExpressions}.
Selector read_selector(const yaml::Node& node, Problems& problems);

}  // namespace greenwave
