#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drivers/driver.h"
#include "drivers/host/file_context.h"
#include "drivers/host/replacement.h"

namespace greenwave::drivers::host {

/// The work of one apply(): steps are added in their order, and reported when they are durable, many at a
/// time. A kind of step (making, removing) is durable before the next kind begins.
class FileApply {
 public:
  FileApply(FileContext& context, const ReportStep& report) : context_(context), report_(report) {}

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
  void fail_all(const Error& error, bool staged);
  void fail(Pending& pending, const Error& error) const;

  FileContext& context_;
  const ReportStep& report_;
  std::optional<Parents> parents_;
  std::optional<Replacements> batch_;
  DirectorySync touched_;
  std::vector<Pending> pending_;
  bool removing_ = false;
};

}  // namespace greenwave::drivers::host
