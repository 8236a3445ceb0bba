#pragma once

#include <variant>

#include "drivers/driver.h"
#include "drivers/podman/claims.h"
#include "drivers/podman/podman.h"
#include "drivers/podman/view.h"

namespace greenwave::drivers::podman {

/// One look at what runs.
class PodSession : public Session {
 public:
  explicit PodSession(Podman& podman) : podman_(podman), claims_(podman.service, podman.rules) {}

  Drift drift(const Entry& entry) override;
  std::unique_ptr<Comparison> compare(const Render& render, std::span<const Candidate> candidates) override;
  std::vector<Health> health(std::span<const Entry* const> entries, Duration patience) override;
  std::optional<std::string> unreachable() const override;

  /// Asks podman at the first call, and at the first one after forget_view(). Throws Error.
  const View& view();
  void forget_view() { view_ = {}; }
  Claims& claims() { return claims_; }
  /// Why Services do not lead to their pods, after a first try to mend that; nothing if they do.
  std::optional<std::string> network_fault();

 private:
  Podman& podman_;
  Claims claims_;
  /// podman's answer, or why there is none, so that 20 pods do not ask 20 times.
  std::variant<std::monostate, View, Error> view_;
  bool first_look_ = true;
  bool network_looked_at_ = false;
  std::optional<std::string> network_fault_;
};

}  // namespace greenwave::drivers::podman
