#pragma once

#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "drivers/workload/material.h"

namespace greenwave::drivers::workload {

/// An image that a container needs, and when it is to be pulled.
struct Image {
  std::string reference;
  enum class Pull { always, missing, never } pull = Pull::missing;

  bool operator==(const Image&) const = default;
};

/// As a container names it; when it is pulled is what Kubernetes says. Pure.
Image image_of(const nlohmann::ordered_json& container);

/// What the ConfigMaps, Secrets and annotations that a pod names put into it. Throws Error (invalid) for one,
/// or a key of one, that is not there and must be. Pure.
class Content {
 public:
  /// `space` is the pod's namespace, `annotations` its own, or null. Store and annotations outlive it.
  Content(const Store& store, std::string space, const yaml::Node* annotations)
      : store_(store), space_(std::move(space)), annotations_(annotations) {}

  /// Replaces what a container's `envFrom` and `valueFrom` name by the values.
  void fill_environment(nlohmann::ordered_json& container) const;

  /// The files of a volume that is a configMap, secret or projected; nothing for another one.
  std::optional<Material> files_of(const nlohmann::ordered_json& volume) const;

 private:
  std::optional<Material> find(std::string_view kind, const nlohmann::ordered_json& ref,
                               const char* key) const;
  std::optional<std::string> annotation(const nlohmann::ordered_json& from) const;
  void fill_variable(const nlohmann::ordered_json& variable, nlohmann::ordered_json& filled) const;
  Material merge(const nlohmann::ordered_json& sources) const;

  const Store& store_;
  const std::string space_;
  const yaml::Node* annotations_;
};

}  // namespace greenwave::drivers::workload
