#include "systemd/reload_debt.h"

#include "base/error.h"
#include "base/file.h"

namespace greenwave::systemd {

void ReloadDebt::owe() {
  if (owed_) return;
  owed_ = true;
  if (mark_.empty()) return;
  try {
    make_directories(mark_.parent_path());
    replace_file(mark_, "");
  } catch (const Error&) {
    // Without the mark the debt is forgotten only if the agent is killed before it pays.
  }
}

bool ReloadDebt::is_owed() const {
  std::error_code unknown;
  return owed_ || (!mark_.empty() && std::filesystem::exists(mark_, unknown));
}

void ReloadDebt::settle() {
  owed_ = false;
  std::error_code absent;
  if (!mark_.empty()) std::filesystem::remove(mark_, absent);
}

}  // namespace greenwave::systemd
