#include <iostream>
#include <map>
#include <optional>

#include <fmt/format.h>
#include <systemd/sd-daemon.h>

#include "admin/admin.h"
#include "base/command_line.h"
#include "base/completion.h"
#include "base/descriptors.h"
#include "base/error.h"
#include "base/log.h"
#include "base/steering.h"
#include "base/version.h"
#include "changes/comparer.h"
#include "daemon/confined.h"
#include "database/migrations.h"
#include "hub.h"
#include "mirror/mirror_service.h"
#include "roll_up.h"

namespace {

using namespace greenwave;

constexpr const char* about =
    "Keeps what a city's devices report, and answers what people and programs ask of them.";

constexpr const char* examples = R"(
Exit status: 0 done, 2 failed.

Examples:
  greenwave-hub init --host hub.example        make the city's authority, and the proxy's certificate
  greenwave-hub run                            as the service does
  greenwave-hub token add dashboard --level view
  greenwave-hub check                          is hub.yaml one that it would start with?
  greenwave-hub --cities /etc/greenwave/cities.yaml run     several cities together
)";

struct Options {
  std::filesystem::path config = "/etc/greenwave/hub.yaml";
  std::filesystem::path cities;  ///< empty: a city's hub
  std::filesystem::path mirror_config = "/etc/greenwave/mirror.yaml";
  std::string level = "info";
  std::string host;
  std::string action;
  std::string name;
  std::string token_level = "view";
  std::string life;
  std::string shell;
};

/// Until SIGTERM.
template <typename Service>
int serve(Service& service, const sigset_t& signals, const Log& log) {
  const Steering steering(signals, [&service] {
    sd_notify(0, "STOPPING=1");
    service.stop();
  });
  sd_notify(0, "READY=1");
  log.info(fmt::format("greenwave-hub {} started", program_version));
  service.run();
  return 0;
}

/// `begin` makes a service, and serves.
template <typename Begin>
int start(const Options& options, Begin begin) {
  const Log log(parse_level(options.level));
  raise_descriptor_limit();
  const auto signals = block_signals();
  try {
    return begin(log, signals);
  } catch (const Error& error) {
    log.error(error.what());
    return 2;
  }
}

int run(const Options& options) {
  return start(options, [&options](const Log& log, const sigset_t& signals) {
    if (!options.cities.empty()) {
      hub::RollUp cities(hub::load_cities_config(options.cities), log);
      return serve(cities, signals, log);
    }
    hub::Hub hub(hub::load_hub_config(options.config), log);
    return serve(hub, signals, log);
  });
}

int mirror(const Options& options) {
  return start(options, [&options](const Log& log, const sigset_t& signals) {
    hub::MirrorService service(hub::load_mirror_config(options.mirror_config), log);
    return serve(service, signals, log);
  });
}

int init(const Options& options) {
  const auto config = hub::load_hub_config(options.config);
  hub::make_server_certificate(config, options.host, SystemClock().now());
  std::cout << fmt::format("{}: the city's authority is ca.crt, the proxy's certificate server.crt\n",
                           config.authority().native());
  return 0;
}

int tokens(const Options& options) {
  const auto config = hub::load_hub_config(options.config);
  if (options.action == "list") {
    std::cout << hub::list_tokens(config);
    return 0;
  }
  if (options.name.empty())
    throw Error(Fault::invalid, "the token's name is missing", "greenwave-hub token add NAME");
  if (options.action == "remove") {
    hub::remove_token(config, options.name);
    return 0;
  }
  const auto level = hub::role_from(options.token_level);
  std::optional<Duration> life;
  if (!options.life.empty()) life = parse_duration(options.life);
  std::cout << hub::add_token(config, options.name, *level, life) << '\n';
  std::cerr << "Keep it: it is not shown again.\n";
  return 0;
}

int check(const Options& options) {
  if (!options.cities.empty()) {
    const auto config = hub::load_cities_config(options.cities);
    std::cout << fmt::format("{} is valid: {} cities\n", options.cities.native(), config.cities.size());
    return 0;
  }
  const auto config = hub::load_hub_config(options.config);
  std::cout << fmt::format("{} is valid: a hub for {}\n", options.config.native(), config.city);
  return 0;
}

int completion(const Options& options) {
  std::cout << completion_script(options.shell, "greenwave-hub");
  return 0;
}

int migrate(const Options& options) {
  hub::migrate(hub::load_hub_config(options.config).database, Log(parse_level(options.level)));
  return 0;
}

using Command = int (*)(const Options&);

std::map<std::string, Command> declare(CommandLine& line, Options& options) {
  line.footer(examples);
  line.version(program_version);
  line.option("--config", options.config, "The hub's configuration").value_name("FILE").show_default();
  line.option("--cities", options.cities, "Ask the cities' hubs that this file names; for run and check")
      .value_name("FILE");
  line.option("--log-level", options.level, "error, warning, info or debug")
      .value_name("LEVEL")
      .one_of({"error", "warning", "info", "debug"})
      .show_default();
  line.subcommand("run", "Serve until SIGTERM");
  line.subcommand("init", "Make the city's certificate authority, and a certificate for the proxy")
      .option("--host", options.host, "The proxy's DNS name or address")
      .value_name("HOST")
      .required();
  auto& token = line.subcommand("token", "Make, list and end the tokens of people and programs");
  token.option("ACTION", options.action, "add, list or remove").one_of({"add", "list", "remove"}).required();
  token.option("NAME", options.name, "Whose it is");
  token.option("--level", options.token_level, "What it may do")
      .one_of({"view", "operate", "approve", "configure"})
      .show_default();
  token.option("--life", options.life, "It ends by itself after this time").value_name("TIME");
  line.subcommand("mirror", "Mirror the city's repository, and hold requests for its tips, until SIGTERM")
      .option("--mirror-config", options.mirror_config, "The mirror's configuration")
      .value_name("FILE")
      .show_default();
  line.subcommand("check", "Check the configuration, and exit");
  line.subcommand("migrate", "Bring the database to this program's schema, and exit");
  line.subcommand("completion", "A script that completes commands and options in your shell")
      .option("SHELL", options.shell, "bash, zsh or fish")
      .one_of(completion_shells())
      .required();
  return {
      {"run", run},         {"mirror", mirror},        {"init", init}, {"token", tokens}, {"check", check},
      {"migrate", migrate}, {"completion", completion}};
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CommandLine line("greenwave-hub", about);
  const auto commands = declare(line, options);
  try {
    if (const auto status = hub::run_if_comparer(argc, argv)) return *status;
    if (const auto status = daemon::run_if_confined(argc, argv)) return *status;
    if (!line.parse(argc, argv)) return 0;
    const auto command = line.chosen();
    if (!options.cities.empty() && command != "run" && command != "check") {
      throw Error(Fault::invalid, fmt::format("--cities is not for {}", command), "use it with run or check");
    }
    return commands.at(command)(options);
  } catch (const Error& error) {
    std::cerr << "greenwave-hub: " << error.what() << '\n';
  } catch (const std::exception& error) {
    std::cerr << "greenwave-hub: internal error: " << error.what() << '\n';
  }
  return 2;
}
