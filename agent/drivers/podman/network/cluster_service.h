#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/problem.h"
#include "model/manifest.h"
#include "plan/step.h"

namespace greenwave::drivers::podman {

/// A Service of this device: a name for the pods that it selects, and an address whose ports lead to them.
struct ClusterService {
  struct Port {
    std::string protocol;      ///< "tcp", "udp" or "sctp"
    std::uint16_t number = 0;  ///< of the Service
    std::uint16_t target = 0;  ///< of its pods; 0: no pod has a port of that name

    bool operator==(const Port&) const = default;
  };

  std::string space;  ///< its namespace; "default" where none is written
  std::string name;
  std::map<std::string, std::string> selector;  ///< never empty
  std::vector<Port> ports;
  std::string address;  ///< IPv4; empty: it is headless, its name means the addresses of its pods

  bool is_headless() const { return address.empty(); }
  bool selects(const std::string& pod_space, const std::map<std::string, std::string>& labels) const;
  bool operator==(const ClusterService&) const = default;
};

bool is_service(const ObjectId& id);

/// The namespace that an object is in.
std::string space_of(const ObjectId& id);

/// Reads a Service; `address` is empty. What is wrong, or cannot be on a device, goes into `problems`. A port
/// that is named in `targetPort` is looked up in the pods of `desired`. Pure.
ClusterService read_service(const Manifest& manifest, std::span<const plan::Desired> desired,
                            Problems& problems);

/// Whether the manifest says that it is to have no address.
bool is_headless(const Manifest& manifest);

/// What the inventory keeps of it.
std::string to_json(const ClusterService& service);
/// Throws Error (damaged) if `record` is not one.
ClusterService service_from(const ObjectId& id, const std::string& record);

}  // namespace greenwave::drivers::podman
