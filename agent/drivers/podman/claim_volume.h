#pragma once

#include <map>
#include <string>

#include "drivers/podman/service.h"
#include "drivers/workload/workload.h"

namespace greenwave::drivers::podman {

/// The volume of a claim: "data", "tenant_data" in the namespace "tenant". Names of Kubernetes have no
/// underscore, so that no two claims have the same volume. Pure.
std::string volume_of(const std::string& space, const std::string& claim);

/// A claim as one asks for its volume.
struct ClaimRequest {
  std::string space;
  std::string claim;
  /// The volume that the claim is known to have had; empty: nothing is known.
  std::string before{};
  /// Of a volume that is made.
  std::map<std::string, std::string> labels{};
};

/// Makes a claim's volume where it is not there, and returns whether that was so.
///
/// Earlier versions had one volume for all claims of a name, whatever their namespace. What such a claim had
/// in it comes with it: the volume's directory itself where nobody else uses it and it is ours, or a copy.
/// The pods of the namespace that use the old one are removed before, so that nothing is written to it
/// afterwards; their manifests make them again. A power cut within it leaves what the next call completes.
/// Throws Error.
bool bring_claim(Service& service, const workload::Rules& rules, const ClaimRequest& request);

}  // namespace greenwave::drivers::podman
