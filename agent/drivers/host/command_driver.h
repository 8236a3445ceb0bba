#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/process.h"
#include "drivers/driver.h"
#include "drivers/host/command_spec.h"
#include "drivers/host/confined.h"

namespace greenwave::drivers::host {

/// Runs programs for what no other kind does: Command of greenwave.dev/v1. A Command is as it should be while
/// the path of its `creates` exists, or its `unless` succeeds; with neither, once it has succeeded for the
/// manifest as it is. Below another root nothing is run. A program's output is kept in the entry's record,
/// its last lines only.
class CommandDriver : public Driver {
 public:
  /// `while_waiting` is called about once a second while a program runs (for a watchdog).
  explicit CommandDriver(Host host, std::function<void()> while_waiting = {})
      : host_(std::move(host)), while_waiting_(std::move(while_waiting)) {}

  bool serves(const ObjectId& id) const override;
  plan::Footprint footprint(const Manifest& manifest, Problems& problems) const override;
  void begin(const Pass&) override {}
  std::optional<std::string> drift(const Entry& entry,
                                   std::optional<std::vector<FileSignature>>& refreshed) override;
  plan::Difference compare(const plan::Desired& desired, const Entry* entry, const SourceTree& tree) override;
  void apply(std::span<const plan::Step* const> steps, const SourceTree& tree, const Report& report,
             const std::function<bool()>& stop) override;
  std::optional<std::string> undo(const Entry& entry) override;

  /// What people should be told once: that commands are not run here, if there are any.
  std::vector<std::string> notes() const;

 private:
  /// Why the command must run, or nothing when its check says that it need not.
  std::optional<std::string> need(const CommandSpec& spec);
  CommandResult start(const std::vector<std::string>& argv, Duration timeout,
                      const std::map<std::string, std::string>& environment);
  Outcome apply_one(const plan::Step& step);

  Host host_;
  std::function<void()> while_waiting_;
  bool left_out_ = false;
};

}  // namespace greenwave::drivers::host
