#include "base/version.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli.h"

namespace greenwave::cli {

namespace {

/// The running daemon's version; nothing when it does not answer.
nlohmann::json daemon_version(const Context& context) {
  try {
    return context.client().get("/v1/version").at("version");
  } catch (const Error& error) {
    if (error.fault() == Fault::invalid) print_note(error.what());  // the configuration is wrong, say
    return nullptr;
  }
}

int show_version(const Context& context) {
  const auto daemon = daemon_version(context);
  if (context.json) {
    print(nlohmann::json{{"greenwave", program_version}, {"greenwaved", daemon}});
  } else {
    print(fmt::format("greenwave {}\ngreenwaved {}\n", program_version,
                      daemon.is_string() ? printable(daemon.get<std::string>()) : "does not answer"));
  }
  return 0;
}

}  // namespace

const Subcommand version_command{
    .name = "version",
    .summary = "The versions of this command and of the running daemon",
    .details =
        R"(Exit codes: 0, even when the daemon does not answer.

Examples:
  greenwave version)",
    .declare = [](CommandLine&) -> Action { return show_version; },
};

}  // namespace greenwave::cli
