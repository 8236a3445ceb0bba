#pragma once

#include <filesystem>
#include <utility>

namespace greenwave::systemd {

/// Whether systemd has still to read what changed on disk (daemon-reload). Whoever is about to change a unit
/// file or what a generator reads owes; the next who starts something pays, or else the end of the pass. A
/// mark that a boot removes, as systemd reads everything then, lets an agent that was killed know.
/// One thread.
class ReloadDebt {
 public:
  /// Without `mark` it is not remembered beyond this process.
  explicit ReloadDebt(std::filesystem::path mark = {}) : mark_(std::move(mark)) {}
  ReloadDebt(const ReloadDebt&) = delete;
  ReloadDebt& operator=(const ReloadDebt&) = delete;

  /// Call before the change.
  void owe();
  bool is_owed() const;
  /// systemd has read its files.
  void settle();

 private:
  const std::filesystem::path mark_;
  bool owed_ = false;
};

}  // namespace greenwave::systemd
