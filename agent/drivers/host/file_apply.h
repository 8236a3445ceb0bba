#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "drivers/driver.h"
#include "drivers/host/owner.h"
#include "drivers/host/replacement.h"

namespace greenwave::drivers::host {

/// The work of one apply(): steps are added in their order, and reported when they are durable, many at a
/// time. A kind of step (making, removing) is durable before the next kind begins.
class FileApply {
 public:
  FileApply(const Host& host, Owners& owners, const SourceTree& tree, const ReportStep& report,
            std::span<const plan::Step* const> steps, bool distrust);

  void add(const plan::Step& step);
  /// Makes durable and reports what was added. Call last.
  void flush();

 private:
  struct Pending {
    const plan::Step* step = nullptr;
    std::optional<std::size_t> staged;
    std::string record;  ///< of a staged file, once it is in place
    StepResult outcome;
    /// Whether an error means that the device is as it was before.
    bool untouched = false;
  };

  void make(const plan::Step& step, Pending& pending);
  void remove(const plan::Step& step, Pending& pending);
  void settle_files();
  void remove_former_paths();
  void sync();
  void fail(Pending& pending, const Error& error) const;

  const Host& host_;
  Owners& owners_;
  const SourceTree& tree_;
  const ReportStep& report_;
  std::set<std::string> claimed_;  ///< by the steps of this apply
  std::optional<Parents> parents_;
  std::optional<Replacements> batch_;
  DirectorySync touched_;
  std::vector<Pending> pending_;
  bool distrust_;
  bool removing_ = false;
};

}  // namespace greenwave::drivers::host
