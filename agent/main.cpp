#include <atomic>
#include <cstdlib>
#include <iostream>

#include <fmt/format.h>
#include <signal.h>
#include <systemd/sd-daemon.h>

#include "base/command_line.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/steering.h"
#include "base/version.h"
#include "control/peer.h"
#include "control/server.h"
#include "daemon/confined.h"
#include "daemon/daemon.h"
#include "daemon/own_service.h"
#include "daemon/wiring.h"
#include "drivers/host/program_server.h"
#include "drivers/podman/cron/run.h"
#include "report/audit_journal.h"
#include "report/metrics_file.h"
#include "report/reporter.h"

namespace {

using namespace greenwave;

constexpr const char* examples = R"(
Exit status of --once:
  0  every object is in sync
  1  some objects failed or were refused, or the commit was not healthy and is not kept
  2  the sync failed as a whole

Examples:
  greenwaved                                       run as the service does
  greenwaved --once                                one sync, then exit
  greenwaved --once --from /media/stick/city.bundle
  greenwaved --check-config new.yaml               is this a configuration that it would start with?
  greenwaved --config test.yaml --root /tmp/dev    put everything below a directory; needs no root
)";

struct Options {
  std::string config = "/etc/greenwave/agent.yaml";
  std::string root = "/";
  std::string level = "info";
  bool once = false;
  bool allow_empty = false;
  bool force = false;
  bool check_config = false;
  std::string checked;
  std::string bundle;
  std::string cron_job;
  bool run_programs = false;
};

/// What greenwaved.service runs, and not a question that its agent asks another program of this kind.
bool is_service(const Options& options) {
  return !options.once && !options.check_config && !options.run_programs && options.cron_job.empty();
}

int run_cron_job(const Options& options, const Log& log) {
  std::atomic<bool> stop = false;
  const Steering steering(block_signals(), [&] { stop = true; });
  const auto config = config::load_config(options.config, options.root, config::Check::words);
  return drivers::podman::run_cron_job(config, options.cron_job, stop, log);
}

int run_programs() {
  if (sd_listen_fds(1) != 1) {
    throw Error(Fault::invalid, "--run-programs needs the socket that systemd passes",
                "systemctl start greenwave-programs.socket starts it when the agent needs it");
  }
  const auto signals = block_signals();
  drivers::host::ProgramServer server{Fd(SD_LISTEN_FDS_START)};
  const Steering steering(signals, [&] { server.stop(); });
  server.serve();
  return 0;
}

int check_config(const Options& options, const Log& log) {
  const auto& file = options.checked.empty() ? options.config : options.checked;
  const auto config = daemon::check_config(file, options.root, log);
  std::cout << fmt::format("{} is valid: device {} follows {} of {}\n", file, config.device,
                           config.repository.branch, config.repository.url);
  return 0;
}

int run(const Options& options, const Log& log) {
  const SystemClock clock;
  const auto signals = block_signals();
  daemon::Daemon agent(
      options.config, options.root, log, clock, [] { sd_notify(0, "WATCHDOG=1"); }, options.once);
  report::MetricsFile metrics(log);
  agent.tell(metrics);
  report::AuditJournal audit(agent.memory(), log);
  agent.tell(audit);
  const auto stop = [&agent] {
    sd_notify(0, "STOPPING=1");
    agent.stop();
  };
  const Steering steering(signals, stop, [&agent] { agent.reload(); });
  if (options.once) {
    sync::Request request{
        .force = options.force, .allow_empty = options.allow_empty, .who = "", .reason = ""};
    if (!options.bundle.empty()) request.bundle = git::open_bundle(options.bundle);
    // Of what the interval would not have done, somebody is asked for.
    if (request.bundle || request.force || request.allow_empty) request.who = control::own_name();
    return agent.once(request).exit_code;
  }

  const auto config = agent.config();  // the socket stays where it is when the configuration is read again
  const control::Server server(agent, config, log);
  report::Reporter reporter({.agent = agent,
                             .state = agent.memory(),
                             .clock = clock,
                             .log = log,
                             .remark = [&agent](const std::string& text) { agent.remark(text); }},
                            config);
  agent.tell(reporter);
  sd_notify(0, "READY=1");
  log.info(fmt::format("greenwaved {} started: device {}, repository {}", program_version,
                       agent.config().device, agent.config().repository.url));
  agent.run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CommandLine line("greenwaved", "Keeps this device in sync with its city's git repository");
  line.footer(examples);
  line.option("--config", options.config, "The device's configuration").value_name("FILE").show_default();
  line.option("--root", options.root, "Put every path of a manifest below this directory")
      .value_name("DIR")
      .show_default();
  const auto once = line.flag("--once", options.once, "Do one sync, then exit");
  line.flag("--allow-empty", options.allow_empty,
            "With --once: allow an empty repository to remove everything");
  line.flag("--force", options.force, "With --once: like greenwave sync --force").needs(once);
  line.option("--from", options.bundle, "With --once: take the commit from this git bundle, not the server")
      .value_name("FILE")
      .needs(once);
  line.option("--run-cronjob", options.cron_job,
              "Run a CronJob's pod once and wait until it ends, as the service UNIT does")
      .value_name("UNIT")
      .excludes(once);
  line.flag("--run-programs", options.run_programs,
            "Run the programs of Commands and HealthChecks for the agent, as greenwave-programs.service does")
      .excludes(once);
  auto check = line.flag("--check-config", options.check_config,
                         "Check the configuration and the files that it names, and exit: 0 if the agent "
                         "would start, else 2")
                   .excludes(once);
  line.option("FILE", options.checked, "With --check-config: this file, and not the one of --config")
      .value_name("FILE")
      .needs(check);
  line.option("--log-level", options.level, "error, warning, info or debug")
      .value_name("LEVEL")
      .one_of({"error", "warning", "info", "debug"})
      .show_default();
  line.version(program_version);
  keep_freed_memory();
  try {
    if (const auto status = daemon::run_if_confined(argc, argv)) return *status;
    if (!line.parse(argc, argv)) return 0;
    const Log log(parse_level(options.level));
    try {
      if (options.check_config) return check_config(options, log);
      if (options.run_programs) return run_programs();
      return options.cron_job.empty() ? run(options, log) : run_cron_job(options, log);
    } catch (const Error& error) {
      log.error(error.what());
      if (is_service(options)) daemon::rest_after_failure();
    }
  } catch (const Error& error) {
    std::cerr << "greenwaved: " << error.what() << '\n';
  } catch (const std::exception& error) {
    std::cerr << "greenwaved: internal error: " << error.what() << '\n';
  }
  return 2;
}
