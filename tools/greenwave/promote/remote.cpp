#include "promote/remote.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <system_error>

#include <fmt/format.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace greenwave::promote {

namespace {

constexpr std::size_t most_output = 256 << 20;  // of a file, or of the list of refs
constexpr Duration git_timeout = std::chrono::minutes(10);

/// Our own, for ssh's agent, proxies and git's variables. The child has no terminal, so it must not prompt
/// for a password.
std::map<std::string, std::string> environment() {
  std::map<std::string, std::string> variables;
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string_view line = *at;
    const auto equals = line.find('=');
    if (equals != std::string_view::npos) variables.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  variables["LC_ALL"] = "C.UTF-8";
  variables["GIT_TERMINAL_PROMPT"] = "0";
  variables.emplace("GIT_SSH_COMMAND", "ssh -o BatchMode=yes");
  return variables;
}

}  // namespace

Remote::Remote(std::string url, bool with_directories)
    : url_(std::move(url)), with_directories_(with_directories) {
  if (url_.empty() || url_.starts_with('-')) {
    throw Error(Fault::invalid, fmt::format("\"{}\" is not a repository", printable(url_)),
                "write --repo https://HOST/PATH, ssh://…, or a directory");
  }
  std::error_code ignored;
  if (std::filesystem::is_directory(url_, ignored)) url_ = std::filesystem::absolute(url_);
  git({"init", "-q", "--bare", "."});
  git({"remote", "add", "origin", url_});
}

CommandResult Remote::try_git(std::vector<std::string> words) const {
  Command command;
  // Standard error is for people: kept apart from the output that is parsed.
  command.argv = {"sh", "-c", R"(cd "$0" && exec git "$@" 2>stderr)", directory_.path().native()};
  command.argv.insert(command.argv.end(), words.begin(), words.end());
  command.environment = environment();
  command.timeout = git_timeout;
  command.output_cap = most_output;
  return run(command);
}

std::string Remote::git(std::vector<std::string> words) const {
  const auto named = std::ranges::find_if(
      words, [](const std::string& word) { return word == "commit-tree" || word == "tag"; });
  const auto what = named == words.end() ? words.front() : *named;  // behind settings
  auto result = try_git(std::move(words));
  if (result.timed_out) {
    throw Error(Fault::transient, fmt::format("git {} of {} timed out", what, printable(url_)),
                "check the network to the server");
  }
  if (result.status == 127) {
    throw Error(Fault::invalid, "the program git is missing", "install it: apt-get install git");
  }
  if (result.status != 0) {
    throw Error(Fault::transient,
                fmt::format("git {} of {} failed: {}", what, printable(url_), error_output()),
                "try it by hand, as the same user: git ls-remote");
  }
  return std::move(result.output);
}

/// git's messages, in one line.
std::string Remote::error_output() const {
  std::string line;
  const auto text = read_file(directory_.path() / "stderr", 64 << 10);
  for (const auto part : split(text, '\n')) {
    if (trim(part).empty()) continue;
    if (!line.empty()) line += ", ";
    line += printable(trim(part));
  }
  return line.empty() ? "no message" : line;
}

Refs Remote::refs() const {
  Refs refs;
  const auto text = git({"ls-remote", "--refs", "origin"});
  for (const auto line : split(text, '\n')) {
    const auto tab = line.find('\t');
    if (tab != std::string_view::npos) refs.emplace(line.substr(tab + 1), std::string(line.substr(0, tab)));
  }
  return refs;
}

void Remote::fetch(const std::vector<std::string>& refs) const {
  const auto* filter = with_directories_ ? "--filter=blob:none" : "--filter=tree:0";
  std::vector<std::string> words{"fetch", "-q", "--no-tags", filter, "origin"};
  for (const auto& ref : refs) words.push_back(fmt::format("+{}:refs/here/{}", ref, ref));
  git(std::move(words));
}

std::optional<std::string> Remote::read(const CommitId& commit, const std::string& path) const {
  const auto object = fmt::format("{}:{}", commit.text(), path);
  if (try_git({"cat-file", "-e", object}).status != 0) return {};
  return git({"cat-file", "blob", object});
}

std::string Remote::message(const CommitId& commit) const {
  return git({"log", "-1", "--format=%B", commit.text()});
}

bool Remote::leads_to(const CommitId& ancestor, const CommitId& commit) const {
  const auto status = try_git({"merge-base", "--is-ancestor", ancestor.text(), commit.text()}).status;
  if (status == 0 || status == 1) return status == 0;
  throw Error(Fault::transient, fmt::format("git cannot compare {} and {}: {}", ancestor.text(),
                                            commit.text(), error_output()));
}

void Remote::push(const CommitId& commit, const std::string& ref) const {
  git({"push", "-q", "origin", fmt::format("{}:{}", commit.text(), ref)});
}

std::vector<std::string> Remote::identity() const {
  const bool has_one =
      try_git({"config", "user.email"}).status == 0 || std::getenv("GIT_COMMITTER_EMAIL") != nullptr;
  if (has_one) return {};
  return {"-c", "user.name=greenwave promote", "-c", "user.email=promote@localhost"};
}

void Remote::tag(const CommitId& commit, const std::string& ref, const std::string& message,
                 const std::filesystem::path& key) const {
  auto words = identity();
  words.insert(words.end(),
               {"-c", "gpg.format=ssh", "-c", "user.signingkey=" + key.native(), "tag", "-f", "-s", "-m",
                message, ref.substr(std::string_view("refs/tags/").size()), commit.text()});
  git(std::move(words));
  git({"push", "-q", "origin", fmt::format("{0}:{0}", ref)});
}

CommitId Remote::commit(const std::string& message, const CommitId& parent) const {
  const auto tree = std::string(trim(git({"mktree"})));  // the empty tree
  auto words = identity();
  words.insert(words.end(), {"commit-tree", tree, "-m", message});
  if (!parent.empty()) words.insert(words.end(), {"-p", parent.text()});
  return CommitId(std::string(trim(git(std::move(words)))));
}

}  // namespace greenwave::promote
