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
  /// True under --root, where no command runs; notes() says so then.
  bool leaves_out();
  bool has_left_out() const { return left_out_; }

  /// Why the command must run; nothing if it need not.
  std::optional<std::string> need(const CommandSpec& spec) const;
  /// Does what other drivers postponed and a command may need. Throws Error.
  void prepare() const {
    if (before_) before_();
  }
  /// Runs `argv` as and where `spec` says. Throws Error.
  CommandResult start(const CommandSpec& spec, const std::vector<std::string>& argv, Duration timeout,
                      const std::map<std::string, std::string>& environment) const;
  const Host& host() const { return host_; }

 private:
  const Host host_;
  const std::function<void()> while_waiting_;
  const std::function<void()> before_;
  bool left_out_ = false;
};

/// Runs programs for what no other kind does: Command of greenwave.dev/v1. A Command is in sync while the
/// path of its `creates` exists, or its `unless` succeeds; with neither, once it has succeeded for the
/// current manifest. Under --root nothing runs. The entry's record keeps the last lines of a program's
/// output.
class CommandDriver : public Driver, private Undo {
 public:
  /// `while_waiting` is called about once a second while a program runs (for a watchdog). `before`, which may
  /// be empty too, is called before a Command runs.
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
