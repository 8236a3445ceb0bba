#pragma once

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "drivers/podman/limits.h"
#include "drivers/podman/play_kube.h"
#include "support/problem_text.h"
#include "yaml/load.h"

namespace greenwave::test {

/// A rendered manifest, as it stands in pod.yaml.
inline Manifest kube_manifest(const std::string& text) {
  Problems problems;
  Manifest manifest;
  manifest.document = yaml::load(text, "pod.yaml", problems).value();
  REQUIRE_FALSE(problems.has_errors());
  const auto text_at = [&](std::initializer_list<std::string_view> keys) {
    const auto* node = manifest.document.at(keys);
    return node != nullptr && node->string() != nullptr ? *node->string() : std::string();
  };
  manifest.id = {text_at({"apiVersion"}), text_at({"kind"}), text_at({"metadata", "namespace"}),
                 text_at({"metadata", "name"})};
  seal(manifest, "key");
  return manifest;
}

inline drivers::workload::Rules rules_of_device() {
  drivers::workload::Rules rules{{"/srv", "/var/lib"}, false};
  rules.device = {"sf-0042", 4, 1U << 30U, "/var/lib/greenwave/pods"};
  return rules;
}
inline const drivers::workload::Rules podman_rules = rules_of_device();

/// A render of one workload and its ConfigMaps and Secrets.
struct PodRender {
  std::vector<plan::Desired> desired;

  explicit PodRender(const std::vector<std::string>& texts) {
    for (const auto& text : texts) desired.push_back({kube_manifest(text), {}});
  }

  std::vector<drivers::podman::KubePod> kube_pods(
      const drivers::workload::Rules& rules = podman_rules) const {
    Problems problems;
    const auto& manifest = desired.front().manifest;
    const auto workload = drivers::podman::read_runnable(manifest, rules, problems);
    INFO(text_of(problems));
    REQUIRE(problems.empty());
    return drivers::podman::kube_pods_of(manifest, workload, rules, drivers::workload::Store(desired), "key");
  }

  drivers::podman::KubePod kube_pod() const { return kube_pods().front(); }
};

}  // namespace greenwave::test
