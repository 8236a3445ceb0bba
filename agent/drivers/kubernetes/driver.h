#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "drivers/driver.h"
#include "drivers/kubernetes/applying.h"
#include "drivers/kubernetes/listings.h"
#include "drivers/kubernetes/preview.h"
#include "drivers/kubernetes/server.h"

namespace greenwave::drivers::kubernetes {

/// Every kind that is not Greenwave's own, on a Kubernetes API server: by server-side apply, as the field
/// manager `greenwave`.
class KubernetesDriver : public Driver {
 public:
  /// What is passed by reference must outlive this. `device` is its id; `key` is of the digests in the
  /// agent's state. `while_waiting` is called about once a second while something takes its time (for a
  /// watchdog).
  KubernetesDriver(const config::Kubernetes& settings, const std::string& device, const std::string& key,
                   const std::atomic<bool>& stop, std::function<void()> while_waiting = {});

  bool serves(const ObjectId& id) const override;
  plan::Footprint footprint(const Manifest& manifest, Problems& problems) const override;
  void begin(const Pass& pass) override;
  void foresee_drift(std::span<const Entry* const> entries) override;
  std::optional<std::string> drift(const Entry& entry,
                                   std::optional<std::vector<FileSignature>>& refreshed) override;
  void foresee_compare(std::span<const Candidate> candidates) override;
  plan::Difference compare(const plan::Desired& desired, const Entry* entry, const SourceTree& tree) override;
  void apply(std::span<const plan::Step* const> steps, const SourceTree& tree, const Report& report,
             const std::function<bool()>& stop) override;
  std::vector<Health> health(std::span<const Entry* const> entries, Duration patience) override;
  std::optional<std::string> away() const override;

  /// Requests sent so far.
  std::uint64_t requests() const { return server_.api.sent(); }

 private:
  template <typename Look>
  void looking(const Look& look);

  std::function<void()> while_waiting_;
  Server server_;
  Listings listings_;
  Preview preview_;
  Pass pass_;
  /// Why the server cannot be asked in this pass; it is not tried for each object again.
  std::optional<Error> trouble_;
};

}  // namespace greenwave::drivers::kubernetes
