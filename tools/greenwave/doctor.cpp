#include <algorithm>

#include <nlohmann/json.hpp>

#include "cli.h"
#include "doctor/checks.h"
#include "git/store.h"
#include "last_state.h"

namespace greenwave::cli {

namespace {

/// The latest time on record, from the daemon or its state file: a correct clock is past it.
std::optional<Time> newest_record(const Context& context) {
  std::optional<Time> newest;
  const auto later = [&newest](Time time) { newest = newest ? std::max(*newest, time) : time; };
  try {
    const auto status = daemon::status_from_json(context.client().get("/v1/status"));
    if (status.commit) later(status.commit->time);
    if (status.last_sync) later(*status.last_sync);
    return newest;
  } catch (const Error&) {
    // The daemon does not answer: read its state file.
  }
  try {
    for (const auto& sync : last_history(context, 20)) later(sync.started);
  } catch (const Error&) {
    // check_state reports what is wrong with it.
  }
  return newest;
}

int run_doctor(const Context& context) {
  git::initialize();
  const auto now = SystemClock().now();
  Findings findings;
  check_daemon(context, findings);
  check_configuration(context, findings);
  check_clock(now, newest_record(context), findings);
  check_state(context.database, findings);
  check_standing(context, findings);
  if (context.config) {
    check_disk(*context.config, findings);
    check_systemd(*context.config, findings);
    check_trust(*context.config, findings);
    check_rights(*context.config, findings);
    check_confinement(findings);
    check_runtime(*context.config, findings);
    check_identity(*context.config, findings);
    check_declared(*context.config, context.database, findings);
    check_credentials(context.config->repository.credentials, findings);
    check_repository(context.config->repository, now, findings);
    check_hub(context.config->hub, now, findings);
  }
  if (context.json) {
    print(to_json(findings));
  } else {
    print(findings_text(findings, context.style));
  }
  return has_failed(findings) ? 1 : 0;
}

}  // namespace

const Subcommand doctor_command{
    .name = "doctor",
    .summary = "Check this device for problems, and say how to fix them",
    .details =
        R"(Checks the configuration, the network path to the repository, credentials, identities, the clock, disk space,
the state file, systemd, podman or the Kubernetes API server, the daemon, and what it knows: its last sync, this
device's place in the inventory, its recipient, and whether what is declared can be written; and the hub, with this
device's certificate for it. It changes nothing.
Some checks need sudo.

Exit codes: 0 nothing failed (there may be warnings), 1 something failed.

Examples:
  sudo greenwave doctor
  greenwave doctor -o json | jq '.checks[] | select(.result != "ok")')",
    .declare = [](CommandLine&) -> Action { return run_doctor; },
};

}  // namespace greenwave::cli
