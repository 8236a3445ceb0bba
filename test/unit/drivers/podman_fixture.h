#pragma once

#include <string>

#include <catch2/catch.hpp>

#include "drivers/podman/play_kube.h"
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

inline const drivers::workload::Rules podman_rules{{"/srv", "/var/lib"}, false};

}  // namespace greenwave::test
