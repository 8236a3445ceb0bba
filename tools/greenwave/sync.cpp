#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli.h"
#include "control/request.h"
#include "http/encoded.h"
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

/// Shows the events of a sync. `send` makes the request and passes each line of the response to its argument.
int follow(const Context& context, const std::function<void(const OnLine&)>& send) {
  Progress progress(context.style);
  int exit_code = -1;
  send([&](std::string_view line) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object()) return;
    const auto event = control::event_from_json(json);
    print(context.json ? std::string(line) + "\n" : progress.add(event));
    std::fflush(stdout);
    if (event.kind == "done") exit_code = event.exit_code;
  });
  if (exit_code >= 0) return exit_code;
  throw Error(Fault::transient, "the connection ended before the sync did",
              "check the result with: greenwave status");
}

int say_queued(const Context& context, const nlohmann::json& answer) {
  if (context.json) {
    print(answer);
  } else {
    print(std::string("The sync is queued; check the result with: greenwave status\n"));
  }
  return 0;
}

/// Sends the bundle's bytes, not its path, so that the file is read with the caller's permissions.
int sync_from(const Context& context, const SyncOptions& options) {
  const auto flag = [](bool set) { return set ? "true" : "false"; };
  const auto path =
      fmt::format("/v1/bundle?wait={}&force={}&allowEmpty={}&name={}&sudoUser={}", flag(options.wait),
                  flag(options.force), flag(options.allow_empty), http::encoded(options.bundle.native()),
                  http::encoded(acting_user().value("sudoUser", "")));
  const auto send = [&](const OnLine& on_line) { context.client().send(path, options.bundle, on_line); };
  try {
    if (options.wait) return follow(context, send);
    nlohmann::json answer;
    send([&](std::string_view line) { answer = nlohmann::json::parse(line, nullptr, false); });
    return say_queued(context, answer);
  } catch (const Unreachable& error) {
    throw Unreachable(error.fault(), error.message(),
                      fmt::format("{}; or sync without the daemon: sudo greenwaved --once --from {}",
                                  error.remedy(), options.bundle.native()));
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
  line.flag("--wait", options->wait, "Show progress, and exit when the sync has finished");
  line.flag("--force", options->force,
            "Read and apply everything again, even during a pause, and even a commit that was reverted");
  auto now = line.flag("--now", options->now, "Do not wait for a window; needs --reason");
  const auto reason =
      line.option("--reason", options->reason, "Why now; recorded in the history with your name")
          .value_name("TEXT")
          .needs(now);
  now.needs(reason);
  const auto from =
      line.option("--from", options->bundle,
                  "Take the commit from this git bundle instead of the server; the same checks apply")
          .value_name("FILE");
  now.excludes(from);
  line.flag("--allow-empty", options->allow_empty,
            "Allow a repository that declares nothing for this device to remove everything");
  return [options](const Context& context) { return sync_now(context, *options); };
}

}  // namespace

const Subcommand sync_command{
    .name = "sync",
    .summary = "Poll the repository and apply this device's manifests now",
    .details =
        R"(Ctrl-C ends --wait, but does not stop the sync. A sync that is asked for while another one is under way
begins after it; --wait shows both, and what the other one does is marked "earlier". A slow fetch says how much has come.

Exit codes: 0 all in sync (without --wait: the sync is queued), 1 some objects failed or were refused,
or the commit was reverted, 2 the sync failed. Objects that wait for a window count as in sync.

Examples:
  sudo greenwave sync --wait            poll and apply now, and watch
  sudo greenwave sync --wait --force    trust no recorded signature; read and apply everything again
  sudo greenwave sync --wait --now --reason "agreed with the traffic desk"
                                        restart units now, not in the next window
  sudo greenwave sync --wait --from /media/stick/city.bundle
                                        no network: from a bundle made by git or greenwave bundle)",
    .declare = declare_sync,
};

}  // namespace greenwave::cli
