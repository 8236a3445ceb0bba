#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <unistd.h>

#include "cli.h"

namespace greenwave::cli {

namespace {

struct LogsOptions {
  bool follow = false;
  std::string since;
};

void require_journal(const Context& context) {
  if (context.globals.root != "/") {
    throw Error(Fault::invalid, "a daemon below --root writes to its standard error, not to the journal");
  }
  for (const char* directory : {"/run/log/journal", "/var/log/journal"}) {
    if (std::filesystem::is_directory(directory)) return;
  }
  throw Error(Fault::invalid, "this machine has no journal",
              "read the standard error of greenwaved, where whatever started it puts that");
}

/// "2h" as well as all that journalctl takes.
std::string since_of(const std::string& text) {
  try {
    parse_duration(text);
    return "-" + text;
  } catch (const Error&) {
    return text;
  }
}

/// Becomes journalctl, which pages, follows and filters by itself.
int show_logs(const Context& context, const LogsOptions& options) {
  require_journal(context);
  std::vector<std::string> words{"journalctl", "--unit=greenwaved.service"};
  if (options.follow) words.emplace_back("--follow");
  if (!options.since.empty()) words.push_back("--since=" + since_of(options.since));
  if (options.since.empty() && !options.follow) words.emplace_back("--lines=200");
  if (context.json) words.emplace_back("--output=json");
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execvp(argv.front(), argv.data());
  throw Error(Fault::invalid, fmt::format("journalctl cannot be run: {}", std::strerror(errno)),
              "install systemd's journalctl, or read the journal elsewhere");
}

Action declare_logs(CommandLine& line) {
  const auto options = std::make_shared<LogsOptions>();
  line.flag("-f,--follow", options->follow, "Show what is logged from now on too, until Ctrl-C");
  line.option("--since", options->since, "From when: 2h, today, \"2026-11-24 06:00\"").value_name("WHEN");
  return [options](const Context& context) { return show_logs(context, *options); };
}

}  // namespace

const Subcommand logs_command{
    .name = "logs",
    .summary = "The daemon's messages, from the journal",
    .details =
        R"(The last 200 lines, or all since a time, as journalctl shows them; with -o json one JSON object a line, with
the fields GREENWAVE_OBJECT and GREENWAVE_COMMIT. The journal needs root, or the group systemd-journal.

Exit codes: those of journalctl, 2 there is no journal.

Examples:
  greenwave logs --since 2h
  greenwave logs -f)",
    .declare = declare_logs,
};

}  // namespace greenwave::cli
