#include <nlohmann/json.hpp>

#include "cli.h"

namespace greenwave::cli {

namespace {

constexpr const char* help = R"(Exit codes: 0, 2 it could not be done, or there was no pause.

Examples:
  sudo greenwave resume && sudo greenwave sync --wait)";

int resume(const Context& context) {
  const auto answer = context.client().post("/v1/resume", acting_user());
  if (context.json) {
    print(answer);
  } else {
    print(std::string("The agent keeps this device again.\n"));
  }
  return 0;
}

}  // namespace

void add_resume(CLI::App& app, Action& chosen) {
  auto* command = app.add_subcommand("resume", "End a pause");
  command->footer(help_of(help));
  command->callback([&chosen] { chosen = resume; });
}

}  // namespace greenwave::cli
