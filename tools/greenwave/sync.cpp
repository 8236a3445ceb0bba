#include <cstdio>

#include <nlohmann/json.hpp>

#include "cli.h"
#include "control/request.h"
#include "progress.h"

namespace greenwave::cli {

namespace {

constexpr const char* help = R"(Leaving a --wait with Ctrl-C does not stop the sync.

Exit codes: 0 all in sync (without --wait: the sync is queued), 1 some objects failed or were refused,
2 the sync could not be done.

Examples:
  sudo greenwave sync --wait            poll and apply now, and watch
  sudo greenwave sync --wait --force    trust no recorded signature: read and apply everything again)";

struct Options {
  bool wait = false;
  bool force = false;
  bool allow_empty = false;
};

int follow(const Context& context, const nlohmann::json& body) {
  Progress progress(context.style);
  int exit_code = -1;
  context.client().follow("/v1/sync", body, [&](std::string_view line) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object()) return;
    const auto event = control::event_from_json(json);
    print(context.json ? std::string(line) + "\n" : progress.add(event));
    std::fflush(stdout);
    if (event.kind == "done") exit_code = event.exit_code;
  });
  if (exit_code >= 0) return exit_code;
  throw Error(Fault::transient, "the connection ended before the sync did",
              "see how it went with: greenwave status");
}

int sync_now(const Context& context, const Options& options) {
  auto body = acting_user();
  body["force"] = options.force;
  body["allowEmpty"] = options.allow_empty;
  if (options.wait) return follow(context, body);
  const auto answer = context.client().post("/v1/sync?wait=false", body);
  if (context.json) {
    print(answer);
  } else {
    print(std::string("The sync is queued; see how it went with: greenwave status\n"));
  }
  return 0;
}

}  // namespace

void add_sync(CLI::App& app, Action& chosen) {
  auto* command =
      app.add_subcommand("sync", "Poll the repository and apply what is meant for this device, now");
  const auto options = std::make_shared<Options>();
  command->add_flag("--wait", options->wait, "Show progress, and end with the sync");
  command->add_flag("--force", options->force,
                    "Read and apply everything again, whatever the records say; also during a pause");
  command->add_flag("--allow-empty", options->allow_empty,
                    "Let a repository that declares nothing for this device remove everything");
  command->footer(help_of(help));
  command->callback([&chosen, options] {
    chosen = [options](const Context& context) { return sync_now(context, *options); };
  });
}

}  // namespace greenwave::cli
