#pragma once

#include <optional>
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
  FileApply(const Host& host, Owners& owners, const Render& render, const ReportStep& report, bool distrust)
      : host_(host), owners_(owners), render_(render), report_(report), distrust_(distrust) {}

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
  const Render& render_;
  const ReportStep& report_;
  std::optional<Parents> parents_;
  std::optional<Replacements> batch_;
  DirectorySync touched_;
  std::vector<Pending> pending_;
  bool distrust_;
  bool removing_ = false;
};

}  // namespace greenwave::drivers::host
