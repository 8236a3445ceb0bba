#include "drivers/host/unit_state.h"

#include <csignal>
#include <cstring>

#include <fmt/format.h>

namespace greenwave::drivers::host {

bool is_up(const systemd::UnitState& state) {
  if (state.active == "activating") return state.sub != "auto-restart";
  return state.active == "active" || state.active == "reloading";
}

bool is_down(const systemd::UnitState& state) {
  return state.active == "inactive" || state.active == "failed";
}

std::string enabled_difference(const systemd::UnitState& state, bool wanted, bool applied) {
  const auto& file = state.file;
  if (!wanted) return file == "enabled" || file == "enabled-runtime" ? file : "";
  if (file == "enabled" || file == "alias" || file == "generated" || file == "transient") return "";
  if (file == "indirect" && applied) return "";
  return file.empty() ? "not enabled: there is no unit file" : "not enabled: " + file;
}

std::string running_difference(const systemd::UnitState& state, bool wanted, bool done) {
  if (!wanted) return is_down(state) ? "" : fmt::format("running: {} ({})", state.active, state.sub);
  if (is_up(state) || done) return "";
  if (state.load == "not-found") return "not running: there is no such unit";
  if (state.load == "masked") return "not running: masked";
  return fmt::format("not running: {} ({})", state.active, state.sub);
}

std::string to_words(const systemd::ServiceRun& run) {
  if (run.result == "success" && run.exit_status == 0) return {};
  std::string end;
  if (run.exit_code == CLD_EXITED) end = fmt::format("exit status {}", run.exit_status);
  if (run.exit_code == CLD_KILLED || run.exit_code == CLD_DUMPED) {
    end = fmt::format("signal {} ({})", run.exit_status, ::strsignal(run.exit_status));
  }
  if (end.empty()) return fmt::format("result {}", run.result);
  return fmt::format("its process ended with {} (result {})", end, run.result);
}

}  // namespace greenwave::drivers::host
