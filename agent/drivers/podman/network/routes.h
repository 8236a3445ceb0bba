#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/podman/network/cluster_service.h"

/// How Services lead to pods: rules of iptables from a Service's address to the addresses of its pods, and
/// lines in each pod's /etc/hosts from its name to its address. All of it is pure.
namespace greenwave::drivers::podman {

/// A pod that runs.
struct Backend {
  std::string space;
  std::map<std::string, std::string> labels;
  std::string address;    ///< IPv4
  std::string host_name;  ///< of a StatefulSet's pod: "web-0", which has a name of its own; else empty
  bool ready = true;
};

/// Addresses of Services are in 198.18.0.0/16: half of what RFC 2544 sets aside for benchmarks within one's
/// own network, so that it is nobody's, in the city or outside.
inline constexpr std::string_view service_range = "198.18.0.0/16";

/// One that is not in `taken`; the same name gets the same one, unless that is taken. Throws Error when all
/// are taken.
std::string address_for(const std::string& space, const std::string& name,
                        const std::set<std::string>& taken);

/// Those that a Service leads to: the ones that are ready, or all where none is.
std::vector<Backend> backends_of(const ClusterService& service, std::span<const Backend> backends);

/// Our chains in iptables' tables.
inline constexpr std::string_view service_chain = "GREENWAVE-SERVICES";
inline constexpr std::string_view answer_chain = "GREENWAVE-ANSWERS";

/// The lines of iptables-save that are ours, with their table before them. Podman puts rules of its own
/// before those that are there, and a rule of iptables' chains that is not the first one ends with
/// `late_mark`.
inline constexpr std::string_view late_mark = " (late)";
std::string own_lines(std::string_view saved);

/// For iptables-restore --noflush: makes our chains what they should be, and has them called first where
/// `own` (as own_lines returns them) does not say so yet. Without Services it takes all of it away.
std::string rules_for(std::span<const ClusterService> services, std::span<const Backend> backends,
                      std::string_view own);

/// An address, and what it is called.
struct HostLine {
  std::string address;
  std::vector<std::string> names;

  bool operator==(const HostLine&) const = default;
};

/// What pods of a namespace are to have in /etc/hosts.
std::vector<HostLine> host_lines(const std::string& space, std::span<const ClusterService> services,
                                 std::span<const Backend> backends);

/// A file /etc/hosts with these lines in place of those that were ours.
std::string with_host_lines(std::string_view file, std::span<const HostLine> lines);

}  // namespace greenwave::drivers::podman
