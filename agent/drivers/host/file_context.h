#pragma once

#include <string>
#include <unordered_map>

#include "drivers/driver.h"
#include "drivers/host/confined.h"
#include "drivers/host/holdings.h"
#include "drivers/host/kept.h"
#include "drivers/host/owner.h"
#include "drivers/host/readers.h"
#include "systemd/reload_debt.h"

namespace greenwave::drivers::host {

/// What comparing and applying Files and Directories work with, during one pass.
struct FileContext {
  const Host& host;
  Owners& owners;
  const Render render;
  LookOptions options;
  Holdings& holdings;
  Kept& kept;
  Claimed& claimed;
  /// Which directories are missing; true until something is applied.
  std::unordered_map<std::string, bool> missing{};
  /// Of Files that were compared and not applied yet: what their Difference::record says.
  std::unordered_map<const plan::Desired*, FileRecord> intents{};
  Readers readers{claimed};
  systemd::ReloadDebt* debt = nullptr;  ///< null where no systemd runs

  const SourceTree& tree() const { return render.tree; }
};

}  // namespace greenwave::drivers::host
