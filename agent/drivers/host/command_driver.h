#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/process.h"
#include "drivers/driver.h"
#include "drivers/host/command_spec.h"
#include "drivers/host/confined.h"

namespace greenwave::drivers::host {

/// Runs programs on the live device.
class CommandRunner {
 public:
  CommandRunner(Host host, std::function<void()> while_waiting, std::function<void()> before)
      : host_(std::move(host)), while_waiting_(std::move(while_waiting)), before_(std::move(before)) {}

  bool is_live() const { return host_.is_live(); }
  const std::filesystem::path& root() const { return host_.root; }
  /// Whether a command is not run, since this is an image.
  bool leaves_out();
  bool has_left_out() const { return left_out_; }

  /// Why the command must run, or nothing when its check says that it need not.
  std::optional<std::string> need(const CommandSpec& spec) const;
  /// What other drivers left to do must be done before a command runs. Throws Error.
  void prepare() const {
    if (before_) before_();
  }
  CommandResult start(const std::vector<std::string>& argv, Duration timeout,
                      const std::map<std::string, std::string>& environment) const;

 private:
  const Host host_;
  const std::function<void()> while_waiting_;
  const std::function<void()> before_;
  bool left_out_ = false;
};

/// Runs programs for what no other kind does: Command of greenwave.dev/v1. A Command is as it should be while
/// the path of its `creates` exists, or its `unless` succeeds; with neither, once it has succeeded for the
/// manifest as it is. Below another root nothing is run. A program's output is kept in the entry's record,
/// its last lines only.
class CommandDriver : public Driver, private Undo {
 public:
  /// `while_waiting` is called about once a second while a program runs (for a watchdog).
  /// `before`, too, may be empty: it is called before a Command runs.
  explicit CommandDriver(Host host, std::function<void()> while_waiting = {},
                         std::function<void()> before = {})
      : runner_(std::move(host), std::move(while_waiting), std::move(before)) {}

  std::unique_ptr<Session> look(const LookOptions& options, std::span<const Entry* const> entries) override;
  std::vector<std::string> notes() const override;
  Abilities abilities() override { return {.undo = this}; }

 private:
  std::optional<std::string> undo(const Entry& entry) override;

  CommandRunner runner_;
};

}  // namespace greenwave::drivers::host
