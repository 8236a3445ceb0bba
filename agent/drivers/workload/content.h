#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "drivers/workload/material.h"
#include "drivers/workload/pod_values.h"

namespace greenwave::drivers::workload {

/// An image that a container needs, and when it is to be pulled.
struct Image {
  std::string reference;
  enum class Pull { always, missing, never } pull = Pull::missing;

  bool operator==(const Image&) const = default;
};

/// As a container names it; when it is pulled is what Kubernetes says. Pure.
Image image_of(const nlohmann::ordered_json& container);

/// A file in a volume.
struct VolumeFile {
  std::string path;  ///< within it, in plain form: "tls/key.pem"
  std::string bytes;
  unsigned mode = 0;

  bool operator==(const VolumeFile&) const = default;
};

using Environment = std::map<std::string, std::string>;

/// What the ConfigMaps, Secrets and fields that a pod names put into it, as the kubelet does. Throws Error
/// (invalid) for one, or a key of one, that is not there and must be.
class Content {
 public:
  /// `space` is the pod's namespace. Store and values outlive it.
  Content(const Store& store, std::string space, const PodValues& values)
      : store_(store), space_(std::move(space)), values_(values) {}

  const std::string& space() const { return space_; }

  /// A container's variables: envFrom, then env in its order, in which $(NAME) is expanded.
  Environment environment_of(const nlohmann::ordered_json& container) const;

  /// The files of a volume that is a configMap, secret, projected or downwardAPI, by their paths; nothing for
  /// another one.
  std::optional<std::vector<VolumeFile>> files_of(const nlohmann::ordered_json& volume) const;

 private:
  class Files;

  std::optional<Material> find(std::string_view kind, const nlohmann::ordered_json& ref,
                               const char* key) const;
  void add_all(const nlohmann::ordered_json& source, Environment& variables) const;
  std::optional<std::string> value_of(const nlohmann::ordered_json& variable,
                                      const nlohmann::ordered_json& container,
                                      const Environment& before) const;

  const Store& store_;
  const std::string space_;
  const PodValues& values_;
};

}  // namespace greenwave::drivers::workload
