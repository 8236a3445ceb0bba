#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <stdlib.h>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "model/commit_id.h"

namespace greenwave::test {

/// A directory of its own with git repositories and SSH keys made by git and ssh-keygen themselves; gone at
/// the end.
class Workshop {
 public:
  Workshop() {
    auto pattern = (std::filesystem::temp_directory_path() / "greenwave-test-XXXXXX").native();
    if (::mkdtemp(pattern.data()) == nullptr) throw system_error("create", pattern);
    directory_ = pattern;
    environment_ = {{"HOME", directory_.native()},
                    {"GIT_CONFIG_NOSYSTEM", "1"},
                    {"GIT_CONFIG_GLOBAL", "/dev/null"},
                    {"GIT_AUTHOR_NAME", "Ana"},
                    {"GIT_AUTHOR_EMAIL", "ana@sf.example"},
                    {"GIT_COMMITTER_NAME", "Ana"},
                    {"GIT_COMMITTER_EMAIL", "ana@sf.example"}};
    run_in(directory_, {"git", "init", "-q", "-b", "main", city().native()});
  }
  ~Workshop() { std::filesystem::remove_all(directory_); }
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;

  const std::filesystem::path& directory() const { return directory_; }
  /// A repository with a work tree.
  std::filesystem::path city() const { return directory_ / "city"; }

  std::string run_in(const std::filesystem::path& where, std::vector<std::string> argv,
                     const std::map<std::string, std::string>& environment = {}) const {
    argv.insert(argv.begin(), {"env", "-C", where.native()});
    Command command;
    command.argv = argv;
    command.environment = environment_;
    for (const auto& [key, value] : environment) command.environment[key] = value;
    command.output_cap = 64 * 1024 * 1024;
    const auto result = run(command);
    if (result.status != 0) throw std::runtime_error(argv[3] + " failed: " + result.output);
    return result.output;
  }

  std::string git(std::vector<std::string> arguments,
                  const std::map<std::string, std::string>& environment = {}) const {
    arguments.insert(arguments.begin(), "git");
    auto output = run_in(city(), std::move(arguments), environment);
    if (output.ends_with('\n')) output.pop_back();
    return output;
  }

  void write(const std::string& name, const std::string& bytes) const {
    const auto path = city() / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
  }

  /// Makes a key pair; its private file's path.
  std::string key(const std::string& name, const std::string& type, const std::string& bits = {}) const {
    const auto file = (directory_ / name).native();
    std::vector<std::string> argv{"ssh-keygen", "-q", "-t", type, "-N", "", "-C", name, "-f", file};
    if (!bits.empty()) argv.insert(argv.end(), {"-b", bits});
    run_in(directory_, argv);
    return file;
  }

  /// "KEYTYPE BASE64", without the comment.
  std::string public_key(const std::string& name) const {
    const auto line = read_file(directory_ / (name + ".pub"), 64 * 1024);
    return line.substr(0, line.find(' ', line.find(' ') + 1));
  }

  /// As ssh-keygen -l shows it.
  std::string fingerprint(const std::string& name) const {
    const auto line = run_in(directory_, {"ssh-keygen", "-l", "-f", name + ".pub"});
    const auto start = line.find("SHA256:");
    return line.substr(start, line.find(' ', start) - start);
  }

  /// Commits what the work tree holds, on the current branch; signed where `key` names a private file.
  CommitId commit(const std::string& message, const std::string& key = {},
                  const std::string& date = "2026-06-01T12:00:00Z") const {
    git({"add", "-A"});
    std::vector<std::string> arguments;
    if (!key.empty()) arguments = {"-c", "gpg.format=ssh", "-c", "user.signingkey=" + key};
    arguments.insert(arguments.end(), {"commit", "-q", "--allow-empty", "-m", message});
    if (!key.empty()) arguments.push_back("-S");
    git(arguments, {{"GIT_AUTHOR_DATE", date}, {"GIT_COMMITTER_DATE", date}});
    return CommitId(git({"rev-parse", "HEAD"}));
  }

  /// The bytes of a commit object.
  std::string object(const CommitId& commit) const {
    return run_in(city(), {"git", "cat-file", "commit", commit.text()});
  }

  /// Whether a repository has an object, of any type.
  bool has_object(const std::filesystem::path& repository, const std::string& oid) const {
    const auto answer = run_in(repository, {"sh", "-c", "echo " + oid + " | git cat-file --batch-check"});
    return !answer.ends_with(" missing\n");
  }

 private:
  std::filesystem::path directory_;
  std::map<std::string, std::string> environment_;
};

}  // namespace greenwave::test
