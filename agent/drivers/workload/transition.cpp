#include "drivers/workload/transition.h"

namespace greenwave::drivers::workload {

namespace {

/// Null for kinds without pods.
const yaml::Node* template_of(const Manifest& manifest) {
  const auto& kind = manifest.id.kind;
  if (kind == "Pod") return manifest.document.find("spec");
  if (kind == "CronJob") return manifest.document.at({"spec", "jobTemplate"});
  const bool has_pods = kind == "Deployment" || kind == "DaemonSet" || kind == "StatefulSet" ||
                        kind == "Job" || kind == "ReplicaSet";
  return has_pods ? manifest.document.at({"spec", "template"}) : nullptr;
}

bool differs(const yaml::Node* a, const yaml::Node* b) {
  if (a == nullptr || b == nullptr) return a != b;
  return !yaml::same_value(*a, *b);
}

}  // namespace

Transition pods_transition(const Declared* was, const Declared& is) {
  if (was == nullptr) return {.kind = plan::Difference::Kind::create};
  Transition transition{.kind = plan::Difference::Kind::change};
  const auto* pods = template_of(is.manifest);
  if (pods != nullptr && differs(template_of(was->manifest), pods)) {
    transition.disruption = plan::Disruption::whole;
  }
  return transition;
}

}  // namespace greenwave::drivers::workload
