#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/process.h"
#include "drivers/podman/network/routes.h"
#include "drivers/podman/service.h"
#include "model/entry.h"

namespace greenwave::drivers::podman {

/// Keeps the device's packet filter and the pods' /etc/hosts as the Services want them (network/routes.h).
/// One thread.
class ServiceNetwork {
 public:
  using Run = std::function<CommandResult(const Command&)>;

  /// `service` outlives this. `rules` is a file to hand rules over in; `run` runs programs that may change
  /// the packet filter.
  ServiceNetwork(Service& service, std::filesystem::path rules, Run run);

  /// The Services that the device has are those among the entries.
  void know(std::span<const Entry> inventory);
  void know(std::span<const Entry* const> entries);
  void put(const ObjectId& id, ClusterService service);
  void forget(const ObjectId& id);
  bool has_any() const { return !services_.empty() || owes_; }
  /// What Services do not do on this device, for people; empty: nothing.
  const std::string& lacks() const { return lacks_; }

  /// The address of a Service; the one that it has, or one that no other has.
  std::string address_of(const ObjectId& id) const;
  /// What pods that are made now are to have in /etc/hosts: the Services with addresses.
  std::vector<HostLine> fixed_lines(const std::string& space) const;

  /// Does what is to be done, by containers as they are now. `unready`: ids of those whose probes fail.
  /// Throws Error. Costs one program's start when nothing has changed, and nothing without Services.
  void refresh(const std::vector<Container>& containers, const std::map<std::string, std::string>& unready);

 private:
  struct Pod {
    Backend backend;
    std::filesystem::path hosts;
  };

  std::vector<Pod> pods_of(const std::vector<Container>& containers,
                           const std::map<std::string, std::string>& unready);
  const PodNetwork& network_of(const Container& container);
  std::vector<ClusterService> services() const;
  void route(const std::vector<ClusterService>& services, const std::vector<Backend>& backends);
  void let_pods_reach_themselves();
  std::string output_of(std::vector<std::string> argv) const;

  Service& service_;
  const std::filesystem::path rules_;
  const Run run_;
  std::map<ObjectId, ClusterService> services_;
  bool has_new_pods_ = true;
  std::string lacks_;
  bool owes_ = false;                           ///< Services have gone, and what was for them may be there
  std::map<std::string, PodNetwork> networks_;  ///< by a container's id, and when it started
  std::string wanted_;                          ///< the rules that were set last, and what came of them
  std::string own_;
};

}  // namespace greenwave::drivers::podman
