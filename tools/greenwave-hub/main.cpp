#include <iostream>
#include <map>
#include <optional>
#include <span>

#include <fmt/format.h>
#include <systemd/sd-daemon.h>

#include "admin/admin.h"
#include "admin/check.h"
#include "base/command_line.h"
#include "base/completion.h"
#include "base/contains.h"
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
  greenwave-hub --check-config                 is hub.yaml one that it would start with?
  greenwave-hub --check-config new.yaml        and this one?
  greenwave-hub --cities /etc/greenwave/cities.yaml run     several cities together
)";

constexpr const char* usual_mirror_config = "/etc/greenwave/mirror.yaml";

struct Options {
  std::filesystem::path config = "/etc/greenwave/hub.yaml";
  std::filesystem::path cities;         ///< empty: a city's hub
  std::filesystem::path mirror_config;  ///< empty: the usual one, and for check the hub's
  std::filesystem::path checked;        ///< empty: the one of the service
  bool is_check = false;  ///< for --help and completions: take_check_option() has made it a command
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
    const auto file = options.mirror_config.empty() ? usual_mirror_config : options.mirror_config;
    hub::MirrorService service(hub::load_mirror_config(file), log);
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

hub::Checked checked(const Options& options) {
  const auto file = [&options](const std::filesystem::path& of_service) {
    return options.checked.empty() ? of_service : options.checked;
  };
  if (!options.cities.empty()) return hub::check_cities(file(options.cities));
  if (!options.mirror_config.empty()) return hub::check_mirror(file(options.mirror_config));
  return hub::check_hub(file(options.config));
}

int check(const Options& options) {
  const auto [verdict, warnings] = checked(options);
  for (const auto& warning : warnings) std::cerr << "warning: " << warning << '\n';
  std::cout << verdict << '\n';
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

/// An option that a command would not look at misleads whoever wrote it.
void refuse_unless(bool is_absent, std::string_view option, const std::string& command,
                   const std::vector<std::string>& commands) {
  if (is_absent || contains(commands, command)) return;
  throw Error(Fault::invalid, fmt::format("{} is not for {}", option, command),
              fmt::format("use it with {}", fmt::join(commands, " or ")));
}

/// As greenwaved has it: `--check-config FILE` is the command `check FILE`.
void take_check_option(std::span<char*> words) {
  static char command[] = "check";
  for (auto& word : words) {
    if (word == std::string_view("--check-config")) word = command;
  }
}

using Command = int (*)(const Options&);

std::map<std::string, Command> declare(CommandLine& line, Options& options) {
  line.footer(examples);
  line.version(program_version);
  line.option("--config", options.config, "The hub's configuration").value_name("FILE").show_default();
  line.option("--cities", options.cities, "Ask the cities' hubs that this file names; for run and check")
      .value_name("FILE");
  line.option("--mirror-config", options.mirror_config,
              fmt::format("The mirror's configuration, for mirror and check [{}]", usual_mirror_config))
      .value_name("FILE");
  line.option("--log-level", options.level, "error, warning, info or debug")
      .value_name("LEVEL")
      .one_of({"error", "warning", "info", "debug"})
      .show_default();
  line.flag("--check-config", options.is_check, "The same as the command check");
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
  line.subcommand("mirror", "Mirror the city's repository, and hold requests for its tips, until SIGTERM");
  line.subcommand("check", "Check the configuration and the files that it names, and exit")
      .option("FILE", options.checked, "This file, and not the one of --config, --cities or --mirror-config");
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
    take_check_option({argv, static_cast<std::size_t>(argc)});
    if (!line.parse(argc, argv)) return 0;
    const auto command = line.chosen();
    refuse_unless(options.cities.empty(), "--cities", command, {"run", "check"});
    refuse_unless(options.mirror_config.empty(), "--mirror-config", command, {"mirror", "check"});
    return commands.at(command)(options);
  } catch (const Error& error) {
    std::cerr << "greenwave-hub: " << error.what() << '\n';
  } catch (const std::exception& error) {
    std::cerr << "greenwave-hub: internal error: " << error.what() << '\n';
  }
  return 2;
}
