#include "drivers/podman/cron/units.h"

#include <algorithm>

#include <fmt/format.h>

namespace greenwave::drivers::podman {

namespace {

constexpr std::string_view head =
    "# Written by greenwaved for {}: changes are reverted.\n[Unit]\nDescription={}\n";

/// It talks to podman's socket, and writes nothing itself; its memory may hold secrets. What pods see of the
/// host is looked at, so that neither /dev nor /tmp is a private one.
constexpr std::string_view cron_sandbox =
    "ProtectSystem=strict\nProtectHome=read-only\nPrivateMounts=yes\nDevicePolicy=closed\nPrivateNetwork="
    "yes\nIPAddressDeny=any\nRestrictAddressFamilies=AF_UNIX\n"
    "ProtectKernelTunables=yes\nProtectKernelModules=yes\nProtectKernelLogs=yes\nProtectControlGroups=yes\n"
    "ProtectClock=yes\nProtectHostname=yes\nProtectProc=invisible\nNoNewPrivileges=yes\n"
    "CapabilityBoundingSet=CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH\nRestrictNamespaces=yes\n"
    "RestrictRealtime=yes\nRestrictSUIDSGID=yes\nSystemCallFilter=@system-service\n"
    "SystemCallFilter=~@privileged @resources\nSystemCallErrorNumber=EPERM\nSystemCallArchitectures=native\n"
    "MemoryDenyWriteExecute=yes\nLockPersonality=yes\nKeyringMode=private\nLimitCORE=0\n";

/// More for a run that makes volumes, with their owners and modes.
constexpr std::string_view writing_sandbox =
    "ReadWritePaths=-/var/lib {}\nCapabilityBoundingSet=CAP_CHOWN CAP_FOWNER CAP_FSETID\n"
    "SystemCallFilter=@chown\nRestrictSUIDSGID=no\n";

bool makes_volumes(const workload::Workload& workload) {
  return std::ranges::any_of(spec_of(workload)["volumes"].items(), [](const workload::PodField& volume) {
    return volume["hostPath"].node == nullptr;
  });
}

/// A word of ExecStart=, quoted so that systemd takes it literally.
std::string as_word(const std::string& text) {
  std::string word = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') word += '\\';
    word += c;
    if (c == '%' || c == '$') word += c;
  }
  return word + "\"";
}

}  // namespace

std::string unit_of(const ObjectId& id) {
  const auto place = id.namespace_.empty() ? "" : id.namespace_ + ".";
  return fmt::format("greenwave-cronjob-{}{}", place, id.name);
}

Units units_of(const ObjectId& id, const workload::CronJob& job, const Caller& caller) {
  const auto name = to_string(id);
  Units units;
  units.timer = fmt::format(head, name, name) + "\n[Timer]\n";
  for (const auto& line : workload::to_calendar(job.schedule, job.zone))
    units.timer += fmt::format("OnCalendar={}\n", line);
  // A run that was due while the device was off starts when it is on again, as in Kubernetes.
  units.timer += "Persistent=true\nAccuracySec=1s\n\n[Install]\nWantedBy=timers.target\n";

  units.service = fmt::format(head, name, name);
  units.service += fmt::format(
      "Documentation=man:greenwave.yaml(5)\nAfter=podman.socket\n\n[Service]\nType=oneshot\n"
      "ExecStart={} --config {} --run-cronjob {}\n",
      as_word(caller.program.native()), as_word(caller.config.native()), as_word(unit_of(id)));
  if (job.longest_run) units.service += fmt::format("TimeoutStartSec={}\n", job.longest_run->count());
  units.service += "TimeoutStopSec=5min\n";
  units.service += cron_sandbox;
  if (makes_volumes(job.workload))
    units.service += fmt::format(fmt::runtime(writing_sandbox), as_word("-" + caller.state.native()));
  return units;
}

}  // namespace greenwave::drivers::podman
