#pragma once

#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/process.h"
#include "base/text.h"
#include "model/commit_id.h"
#include "support/temporary_directory.h"

namespace greenwave::test {

/// Bytes that no compression makes smaller; the same for the same seed.
inline std::string noise(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (auto& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

/// A real repository with a work tree, driven by the git program.
class GitRepository {
 public:
  GitRepository() {
    git({"init", "-q", "-b", "main"});
    git({"config", "uploadpack.allowAnySHA1InWant", "true"});
    git({"config", "uploadpack.allowFilter", "true"});
  }

  std::filesystem::path path() const { return directory_.path(); }
  std::string url() const { return "file://" + path().native(); }

  /// Writes the files over what is there.
  void write(const std::map<std::string, std::string>& files) const {
    for (const auto& [name, content] : files) directory_.write(name, content);
  }

  /// The same, commits everything, and returns the commit.
  CommitId commit(const std::map<std::string, std::string>& files,
                  const std::string& message = "Change things") {
    write(files);
    git({"add", "-A"});
    git({"commit", "-q", "--allow-empty", "-m", message});
    return CommitId(git({"rev-parse", "HEAD"}));
  }

  /// The same for thousands of files: they go straight into a pack, without a work tree.
  CommitId import(const std::map<std::string, std::string>& files) {
    std::string stream =
        "commit refs/heads/main\ncommitter Ana <ana@city.example> 1700000000 +0000\ndata 6\nImport\n";
    const bool first = git({"for-each-ref", "refs/heads/main"}).empty();
    if (!first) stream += "from refs/heads/main^0\n";
    for (const auto& [name, content] : files) {
      stream +=
          "M 100644 inline " + name + "\ndata " + std::to_string(content.size()) + "\n" + content + "\n";
    }
    directory_.write(".git/import", stream);
    run_in(path(), {"sh", "-c", "exec git fast-import --quiet < .git/import"});
    return CommitId(git({"rev-parse", "refs/heads/main"}));
  }

  /// A commit of empty files with these names in one directory, which may be more than git adds one by one.
  CommitId commit_names(const std::string& directory, const std::vector<std::string>& names) {
    const auto empty = git({"hash-object", "-w", "/dev/null"});
    std::string list;
    for (const auto& name : names) list += "100644 blob " + empty + "\t" + name + "\n";
    const auto made = tree_of(list);
    const auto root = tree_of("040000 tree " + made + "\t" + directory + "\n");
    const auto commit = git({"commit-tree", "-m", "Grow", root});
    git({"update-ref", "refs/heads/main", commit});
    return CommitId(commit);
  }

  /// Adds many branches, other/0 and so on, at one commit.
  void add_branches(int count, const CommitId& commit) {
    std::set<std::string> lines;
    for (int i = 0; i < count; ++i) {
      lines.insert(commit.text() + " refs/heads/other/" + std::to_string(i) + "\n");
    }
    std::string text = "# pack-refs with: peeled fully-peeled sorted \n";
    for (const auto& line : lines) text += line;
    directory_.write(".git/packed-refs", text);
  }

  /// Runs git in the repository and returns its output without the trailing newline. Throws if git fails.
  std::string git(std::vector<std::string> words) const {
    words.insert(words.begin(), "git");
    return run_in(path(), std::move(words));
  }

 private:
  std::string tree_of(const std::string& list) const {
    directory_.write(".git/list", list);
    return run_in(path(), {"sh", "-c", "exec git mktree < .git/list"});
  }

  static std::string run_in(const std::filesystem::path& directory, std::vector<std::string> words) {
    words.insert(words.begin(), {"env", "-C", directory.native()});
    Command command;
    command.argv = std::move(words);
    command.output_cap = 4 << 20;
    command.environment = {{"GIT_CONFIG_NOSYSTEM", "1"},        {"GIT_CONFIG_GLOBAL", "/dev/null"},
                           {"GIT_AUTHOR_NAME", "Ana Operator"}, {"GIT_AUTHOR_EMAIL", "ana@city.example"},
                           {"GIT_COMMITTER_NAME", "Ana"},       {"GIT_COMMITTER_EMAIL", "ana@city.example"},
                           {"GIT_TERMINAL_PROMPT", "0"}};
    const auto result = run(command);
    if (result.status != 0) throw std::runtime_error(command.argv[4] + ": " + result.output);
    return std::string(trim(result.output));
  }

  TemporaryDirectory directory_;
};

}  // namespace greenwave::test
