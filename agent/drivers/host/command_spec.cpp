#include "drivers/host/command_spec.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "drivers/host/argv.h"
#include "drivers/host/confined.h"
#include "drivers/host/programs.h"
#include "yaml/fields.h"

namespace greenwave::drivers::host {

namespace {

constexpr auto longest_command = std::chrono::hours(24);

bool is_variable_name(const std::string& name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return !name.empty() && !is_digit(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return is_letter(c) || is_digit(c); });
}

bool is_encrypted(const yaml::Node* argv) {
  return argv != nullptr && argv->is_sequence() &&
         std::ranges::any_of(*argv->sequence(), [](const yaml::Node& word) { return word.place.secret; });
}

std::string read_directory(const Host& host, yaml::Fields& spec) {
  const auto path = spec.text("workingDirectory");
  if (!path) return {};
  // It may be an allowed path itself.
  if (const auto refusal = refusal_of(host, *path + "/x")) {
    spec.error("workingDirectory",
               fmt::format("the working directory {} is not at or below a path that this device allows",
                           printable(*path)),
               "choose one that is, or add to allowedPaths in the device's agent.yaml");
  }
  return *path;
}

/// Everybody on a device can read the words of a running program.
void refuse_open_secret(const Manifest& manifest, yaml::Fields& spec, const CommandSpec& command,
                        Problems& problems) {
  const auto* argv = spec.any("command");
  if (!is_encrypted(argv)) return;
  const auto script = script_in(command.command);
  const auto& words = *argv->sequence();
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool hidden = script != 0 && (i == script || i > script + 1);
    if (hidden || !words[i].place.secret) continue;
    problems.error(
        manifest.place(),
        "a word of the command is encrypted, and everybody on the device can read it while the program runs",
        "let the program read it from a File or from its environment; a script for sh -c is hidden");
    return;
  }
}

}  // namespace

CommandSpec read_command_spec(const Host& host, const Manifest& manifest, Problems& problems) {
  yaml::Fields spec(manifest.spec(), "Command's spec", problems);
  CommandSpec command;
  command.command = read_argv(spec, "command");
  if (!spec.has("command"))
    spec.error("command", "command is missing", "write it as a list: [/usr/bin/tool, --flag]");
  command.creates = spec.text("creates").value_or("");
  command.unless = read_argv(spec, "unless");
  command.undo = read_argv(spec, "undo");
  command.disruptive = spec.flag("disruptive").value_or(true);
  command.environment = spec.text_map("environment");
  command.sensitive = spec.flag("sensitive").value_or(false) || manifest.sensitive;
  for (const auto* kept : {"unless", "undo"}) {
    if (!is_encrypted(spec.any(kept))) continue;
    problems.error(manifest.place(),
                   fmt::format("{} is kept in the state file, so nothing of it can be encrypted", kept),
                   "let it read the secret from a File");
  }
  command.user = read_user(host, spec, true);
  command.directory = read_directory(host, spec);
  refuse_open_secret(manifest, spec, command, problems);
  if (const auto timeout = spec.duration("timeout")) command.timeout = *timeout;

  if (spec.has("creates")) {
    if (const auto refusal = refusal_of(Host{"/", {"/"}}, command.creates)) {
      spec.error("creates", refusal->message, refusal->remedy);
    }
    if (spec.has("unless")) {
      spec.error("unless", "creates and unless are both given",
                 "keep the one that says when the command is needed");
    }
  }
  if (command.timeout <= Duration::zero() || command.timeout > longest_command) {
    spec.error("timeout", "the timeout is not between 1ms and 24h", "write 5m, for example");
  }
  for (const auto& [name, value] : command.environment) {
    if (!is_variable_name(name) || value.find('\0') != std::string::npos) {
      spec.error("environment", fmt::format("\"{}\" cannot be put into an environment", printable(name)),
                 "use letters, digits and underscores for the name");
    }
  }
  spec.done();
  return command;
}

plan::Footprint command_footprint(const Host& host, const Manifest& manifest, Problems& problems) {
  plan::Footprint footprint;
  footprint.sensitive = read_command_spec(host, manifest, problems).sensitive;
  footprint.rank = 40;
  footprint.claims.push_back("command:" + manifest.id.name);
  // No health beyond its success.
  footprint.watch = plan::Watch{.interval = std::chrono::seconds(1), .within = std::chrono::seconds(1)};
  return footprint;
}

}  // namespace greenwave::drivers::host
