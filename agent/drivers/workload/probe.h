#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/clock.h"
#include "base/problem.h"
#include "yaml/node.h"

namespace greenwave::drivers::workload {

/// How to check a container: a probe of Kubernetes'.
struct Probe {
  enum class How { exec, http, tcp, grpc } how = How::exec;
  std::vector<std::string> command;  ///< exec: argv, run in the container
  std::string host;                  ///< of all but exec; empty: the pod's address
  int port = 0;
  std::string path = "/";
  std::string service;               ///< grpc: what is asked for; empty: the server itself
  bool tls = false;                  ///< http: by HTTPS, whose certificate is not checked, as in Kubernetes
  std::vector<std::string> headers;  ///< "Name: value"; may hold secrets
  Duration delay{};                  ///< from the container's start
  Duration period = std::chrono::seconds(10);
  Duration timeout = std::chrono::seconds(1);
  int successes = 1;
  int failures = 3;
};

struct Probes {
  std::optional<Probe> startup;    ///< until it passes once, nothing else is asked
  std::optional<Probe> liveness;   ///< where it fails, the container is restarted
  std::optional<Probe> readiness;  ///< where it fails, the container is not ready

  bool any() const { return startup || liveness || readiness; }
};

/// Reports what of a container's probes cannot be asked, with its place. Pure.
void check_probes(const yaml::Node& container, Problems& problems);

/// Takes the probes out of a container of a PodSpec that passed check_probes, and gives them as the pod's
/// label keeps them, with numbers for names of ports; null when there are none. Podman does not see them:
/// it would hand them to a shell, curl or nc in the image, and 4.3 ends the restart that it begins. Pure.
nlohmann::ordered_json take_probes(nlohmann::ordered_json& container, bool host_network);

/// Reads the label {"NAME": {"livenessProbe": …}} for the container NAME of the manifest; what cannot be read
/// is left out. Pure.
Probes probes_from(std::string_view label, std::string_view container);

}  // namespace greenwave::drivers::workload
