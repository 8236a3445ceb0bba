#include "mirror/git_fetch.h"

#include <filesystem>

#include <fmt/format.h>

#include "base/error.h"
#include "base/process.h"
#include "base/text.h"

namespace greenwave::hub {

namespace {

constexpr std::size_t most_said = 500;

/// Reads the token when git asks for it: it is in no argument, environment or configuration.
constexpr const char* helper =
    R"sh(!f() { test "$1" = get && printf 'username=%s\npassword=%s\n' "$GREENWAVE_USER" "$(cat "$GREENWAVE_TOKEN_FILE")"; }; f)sh";

std::string quoted(const std::filesystem::path& path) {
  std::string text = "'";
  for (const char c : path.native()) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

std::string ssh_command(const MirrorConfig::Upstream& upstream) {
  std::string command = "ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=20";
  if (!upstream.ssh_key_file.empty()) {
    command += fmt::format(" -o IdentitiesOnly=yes -i {}", quoted(upstream.ssh_key_file));
  }
  if (!upstream.known_hosts_file.empty()) {
    command += fmt::format(" -o UserKnownHostsFile={}", quoted(upstream.known_hosts_file));
  }
  return command;
}

std::filesystem::path repository_of(const MirrorConfig& config) {
  return config.directory / config.repository;
}

Command git_with(std::vector<std::string> words) {
  Command command;
  command.argv = {"git"};
  command.argv.insert(command.argv.end(), words.begin(), words.end());
  command.environment = {{"GIT_TERMINAL_PROMPT", "0"}};
  return command;
}

void run_git(const Command& command, std::string_view what) {
  const auto result = run(command);
  if (result.status == 0) return;
  const auto& said = result.output;
  const auto last = said.size() > most_said ? said.substr(said.size() - most_said) : said;
  throw Error(Fault::transient,
              result.timed_out ? fmt::format("{}: git did not end in time", what)
                               : fmt::format("{}: {}", what, in_one_line(last, most_said)),
              "try the same by hand, as the user that the mirror runs as");
}

}  // namespace

void prepare_mirror(const MirrorConfig& config) {
  const auto directory = repository_of(config);
  if (!std::filesystem::exists(directory / "HEAD")) {
    run_git(git_with({"init", "--quiet", "--bare", directory.native()}), "making the mirror");
  }
  const auto set = [&](const char* key, const std::string& value) {
    run_git(git_with({"-C", directory.native(), "config", key, value}), "configuring the mirror");
  };
  set("uploadpack.allowFilter", "true");
  set("core.hooksPath", config.hooks.native());
}

void write_tips(const MirrorConfig& config) {
  Command command;
  command.argv = {"sh", "-c",
                  R"sh(git for-each-ref --format='old new %(refname)' refs/heads | "$0" committed)sh",
                  (config.hooks / "reference-transaction").native()};
  command.environment = {{"GIT_DIR", repository_of(config).native()}};
  command.timeout = std::chrono::minutes(30);
  run_git(command, "writing the tips");
}

void fetch_mirror(const MirrorConfig& config, const std::atomic<bool>& stop) {
  const auto& upstream = config.upstream;
  std::vector<std::string> words{"-C", repository_of(config).native(), "-c", "credential.helper="};
  const auto set = [&words](const std::string& setting) {
    words.emplace_back("-c");
    words.push_back(setting);
  };
  if (!upstream.token_file.empty()) set(fmt::format("credential.helper={}", helper));
  if (!upstream.ca_file.empty()) set("http.sslCAInfo=" + upstream.ca_file.native());
  for (const auto* word : {"fetch", "--quiet", "--atomic", "--prune", "--no-tags", "--no-write-fetch-head"}) {
    words.emplace_back(word);
  }
  words.push_back(upstream.url);
  words.emplace_back("+refs/heads/*:refs/heads/*");
  words.emplace_back("+refs/tags/*:refs/tags/*");
  auto command = git_with(std::move(words));
  command.environment["GIT_SSH_COMMAND"] = ssh_command(upstream);
  command.environment["GREENWAVE_USER"] = upstream.username;
  command.environment["GREENWAVE_TOKEN_FILE"] = upstream.token_file.native();
  command.timeout = std::chrono::minutes(30);
  command.given_up = [&stop] { return stop.load(); };
  run_git(command, "fetching from the upstream");
}

}  // namespace greenwave::hub
