#pragma once

#include "drivers/driver.h"
#include "drivers/host/confined.h"
#include "drivers/host/owner.h"
#include "systemd/reload_debt.h"

namespace greenwave::drivers::host {

/// Files and Directories (greenwave.dev/v1).
class FileDriver : public Driver, private Details {
 public:
  /// `debt`: where it is noted that systemd must read what changed; null where none runs.
  explicit FileDriver(Host host, systemd::ReloadDebt* debt = nullptr)
      : host_(std::move(host)), owners_(host_), debt_(debt) {}
  FileDriver(const FileDriver&) = delete;
  FileDriver& operator=(const FileDriver&) = delete;

  std::unique_ptr<Session> look(const LookOptions& options, std::span<const Entry* const> entries) override;
  std::vector<std::string> notes() const override { return {}; }
  Abilities abilities() override { return {.details = this}; }

 private:
  Describe describe() const override;

  Host host_;
  Owners owners_;
  systemd::ReloadDebt* const debt_;
};

}  // namespace greenwave::drivers::host
