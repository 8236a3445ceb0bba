#include <nlohmann/json.hpp>

#include "cli.h"

namespace greenwave::cli {

namespace {

int resume(const Context& context) {
  const auto answer = context.client().post("/v1/resume", acting_user());
  if (context.json) {
    print(answer);
  } else {
    print(std::string("The agent manages this device again.\n"));
  }
  return 0;
}

}  // namespace

const Subcommand resume_command{
    .name = "resume",
    .summary = "End a pause",
    .details =
        R"(Exit codes: 0 resumed, 2 the request failed, or there was no pause.

Examples:
  sudo greenwave resume && sudo greenwave sync --wait)",
    .declare = [](CommandLine&) -> Action { return resume; },
};

}  // namespace greenwave::cli
