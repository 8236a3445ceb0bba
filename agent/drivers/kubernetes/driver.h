#pragma once

#include <atomic>
#include <functional>

#include "config/config.h"
#include "drivers/driver.h"
#include "drivers/kinds.h"
#include "drivers/kubernetes/server.h"

namespace greenwave::drivers::kubernetes {

/// Every kind that is not Greenwave's own, on a Kubernetes API server: by server-side apply.
class KubernetesDriver : public Driver {
 public:
  /// What is passed by reference must outlive this. `owner` is this agent; `key` is the key of the digests in
  /// the agent's state. `while_waiting` is called about once a second during long waits (for a watchdog).
  KubernetesDriver(const config::Kubernetes& settings, Owner owner, const std::string& key,
                   const std::atomic<bool>& stop, std::function<void()> while_waiting = {});
  KubernetesDriver(const KubernetesDriver&) = delete;
  KubernetesDriver& operator=(const KubernetesDriver&) = delete;

  const Kinds& kinds() const { return kinds_; }

  std::unique_ptr<Session> look(const LookOptions& options, std::span<const Entry* const> entries) override;
  std::vector<std::string> notes() const override { return {}; }

  /// Requests sent so far.
  std::uint64_t requests() const { return server_.api.sent(); }

 private:
  /// Which namespace an object is in depends on the kubeconfig.
  class ServedKinds : public Kinds {
   public:
    explicit ServedKinds(const Server& server) : server_(server) {}
    bool serves(const ObjectId& id) const override;
    plan::Footprint footprint(const Manifest& manifest, Problems& problems) const override;

   private:
    const Server& server_;
  };

  std::function<void()> while_waiting_;
  Server server_;
  ServedKinds kinds_;
};

}  // namespace greenwave::drivers::kubernetes
