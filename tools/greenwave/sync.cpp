#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli.h"
#include "control/request.h"
#include "progress.h"

namespace greenwave::cli {

namespace {

struct SyncOptions {
  bool wait = false;
  bool force = false;
  bool allow_empty = false;
  bool now = false;
  std::string reason;
  std::filesystem::path bundle;
};

using OnLine = std::function<void(std::string_view)>;

/// Shows the events of a sync, which `ask` gives to its argument a line each.
int follow(const Context& context, const std::function<void(const OnLine&)>& ask) {
  Progress progress(context.style);
  int exit_code = -1;
  ask([&](std::string_view line) {
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

int say_queued(const Context& context, const nlohmann::json& answer) {
  if (context.json) {
    print(answer);
  } else {
    print(std::string("The sync is queued; see how it went with: greenwave status\n"));
  }
  return 0;
}

/// The bundle's bytes are sent, not its path: the file is read with the rights of who asks.
int sync_from(const Context& context, const SyncOptions& options) {
  const auto flag = [](bool set) { return set ? "true" : "false"; };
  const auto path =
      fmt::format("/v1/bundle?wait={}&force={}&allowEmpty={}&name={}&sudoUser={}", flag(options.wait),
                  flag(options.force), flag(options.allow_empty), escaped(options.bundle.native()),
                  escaped(acting_user().value("sudoUser", "")));
  const auto send = [&](const OnLine& on_line) { context.client().send(path, options.bundle, on_line); };
  try {
    if (options.wait) return follow(context, send);
    nlohmann::json answer;
    send([&](std::string_view line) { answer = nlohmann::json::parse(line, nullptr, false); });
    return say_queued(context, answer);
  } catch (const Unreachable& error) {
    throw Unreachable(error.fault(), error.message(),
                      fmt::format("{}; without it: sudo greenwaved --once --from {}", error.remedy(),
                                  options.bundle.native()));
  }
}

int sync_now(const Context& context, const SyncOptions& options) {
  if (!options.bundle.empty()) return sync_from(context, options);
  auto body = acting_user();
  body["force"] = options.force;
  body["allowEmpty"] = options.allow_empty;
  if (options.now) {
    body["now"] = true;
    body["reason"] = options.reason;
  }
  if (!options.wait) return say_queued(context, context.client().post("/v1/sync?wait=false", body));
  return follow(context, [&](const OnLine& on_line) { context.client().follow("/v1/sync", body, on_line); });
}

Action declare_sync(CommandLine& line) {
  const auto options = std::make_shared<SyncOptions>();
  line.flag("--wait", options->wait, "Show progress, and end with the sync");
  line.flag("--force", options->force,
            "Read and apply everything again, whatever the records say; also during a pause, and also "
            "a commit that was taken back");
  auto now = line.flag("--now", options->now, "Whatever the windows say; needs --reason");
  const auto reason =
      line.option("--reason", options->reason, "Why now; it is kept in the history with your name")
          .value_name("TEXT")
          .needs(now);
  now.needs(reason);
  const auto from =
      line.option("--from", options->bundle,
                  "Take the commit from this git bundle instead of the server, through the same checks")
          .value_name("FILE");
  now.excludes(from);
  line.flag("--allow-empty", options->allow_empty,
            "Let a repository that declares nothing for this device remove everything");
  return [options](const Context& context) { return sync_now(context, *options); };
}

}  // namespace

const Subcommand sync_command{
    .name = "sync",
    .summary = "Poll the repository and apply what is meant for this device, now",
    .details =
        R"(Leaving a --wait with Ctrl-C does not stop the sync.

Exit codes: 0 all in sync (without --wait: the sync is queued), 1 some objects failed or were refused,
or the commit was taken back, 2 the sync could not be done. What waits for a window counts as in sync.

Examples:
  sudo greenwave sync --wait            poll and apply now, and watch
  sudo greenwave sync --wait --force    trust no recorded signature: read and apply everything again
  sudo greenwave sync --wait --now --reason "agreed with the traffic desk"
                                        do not wait for a window with what restarts
  sudo greenwave sync --wait --from /media/stick/city.bundle
                                        no network: from a bundle that git or greenwave bundle made)",
    .declare = declare_sync,
};

}  // namespace greenwave::cli
