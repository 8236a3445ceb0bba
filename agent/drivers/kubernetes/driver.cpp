#include "drivers/kubernetes/driver.h"

#include <fmt/format.h>

#include "drivers/kubernetes/kind.h"
#include "drivers/kubernetes/scope.h"
#include "drivers/kubernetes/session.h"

namespace greenwave::drivers::kubernetes {

KubernetesDriver::KubernetesDriver(const config::Kubernetes& settings, Owner owner, const std::string& key,
                                   const std::atomic<bool>& stop, std::function<void()> while_waiting)
    : while_waiting_(while_waiting ? std::move(while_waiting) : [] {}),
      server_(settings, std::move(owner), key, stop, while_waiting_),
      kinds_(server_) {}

std::unique_ptr<Session> KubernetesDriver::look(const LookOptions& options,
                                                std::span<const Entry* const> entries) {
  return std::make_unique<ServerSession>(server_, options, entries, while_waiting_);
}

bool KubernetesDriver::ServedKinds::serves(const ObjectId& id) const {
  return group_of(id.api_version) != group_of(own_api);
}

plan::Footprint KubernetesDriver::ServedKinds::footprint(const Manifest& manifest, Problems& problems) const {
  const auto& id = manifest.id;
  const auto namespace_ = server_.namespace_of(id);
  check_scope(server_.config, manifest, namespace_, problems);
  plan::Footprint footprint;
  footprint.rank = rank_of(id);
  footprint.claims.push_back(
      fmt::format("object:{}/{}/{}", kind_and_group(id.api_version, id.kind), namespace_, id.name));
  footprint.sensitive = manifest.sensitive || is_secret(id);
  footprint.watch = watch_of(id);
  return footprint;
}

}  // namespace greenwave::drivers::kubernetes
