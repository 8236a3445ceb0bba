#include "git/served_tips.h"

#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "base/text.h"

namespace greenwave::git {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_refs_text = 64 << 20;

Fd locked(const fs::path& directory) {
  make_directories(directory);
  const auto file = directory / ".lock";
  Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!fd || ::flock(fd.get(), LOCK_EX) != 0) throw system_error("lock", file.native());
  return fd;
}

void mark(const fs::path& directory) {
  const auto sign = directory / ".signed";
  if (!fs::exists(sign)) replace_file(sign, "the hook reference-transaction writes no tips here\n");
}

}  // namespace

std::map<std::string, CommitId> branches_of(const fs::path& repository) {
  constexpr const char* remedy =
      "name the city's bare repository on this machine, such as /srv/git/springfield.git";
  std::error_code error;
  if (!fs::is_directory(repository, error)) {
    throw Error(Fault::invalid, fmt::format("there is no directory {}", repository.native()), remedy);
  }
  Command command;
  command.argv = {"git",
                  "-c",
                  "safe.directory=*",
                  "-C",
                  repository.native(),
                  "for-each-ref",
                  "--format=%(objectname) %(refname)",
                  "refs/heads"};
  command.output_cap = most_refs_text;
  const auto result = run(command);
  if (result.status != 0) {
    throw Error(Fault::invalid,
                fmt::format("{}: git cannot list its branches: {}", repository.native(),
                            result.status == 127 ? "it is not installed" : in_one_line(result.output, 300)),
                remedy);
  }
  std::map<std::string, CommitId> branches;
  for (const auto line : split(result.output, '\n')) {
    const auto space = line.find(' ');
    if (space != std::string_view::npos) {
      branches.emplace(line.substr(space + 1), std::string(line.substr(0, space)));
    }
  }
  return branches;
}

ServedTips::ServedTips(fs::path directory) : directory_(std::move(directory)), lock_(locked(directory_)) {
  mark(directory_);
}

void ServedTips::write(const std::string& ref, const std::string& text) const {
  const auto file = file_of(ref);
  struct stat before {};
  const bool was_there = ::stat(file.c_str(), &before) == 0;
  make_directories(file.parent_path());
  replace_file(file, text);
  struct stat after {};
  if (!was_there || ::stat(file.c_str(), &after) != 0 || after.st_mtime > before.st_mtime) return;
  const timespec later[2] = {after.st_atim, {before.st_mtime + 1, 0}};
  ::utimensat(AT_FDCWD, file.c_str(), later, 0);
}

std::vector<std::string> ServedTips::remove_others(const std::map<std::string, CommitId>& branches) const {
  std::error_code error;
  std::vector<std::string> gone;
  const auto heads = directory_ / "refs/heads";
  for (const auto& entry : fs::recursive_directory_iterator(heads, error)) {
    if (!entry.is_regular_file(error) || entry.path().filename().native().starts_with('.')) continue;
    auto ref = entry.path().lexically_relative(directory_).native();
    if (!branches.contains(ref)) gone.push_back(std::move(ref));
  }
  for (const auto& ref : gone) {
    fs::remove(file_of(ref), error);
    for (auto parent = file_of(ref).parent_path(); parent != heads; parent = parent.parent_path()) {
      if (!fs::is_empty(parent, error) || !fs::remove(parent, error)) break;
    }
  }
  return gone;
}

}  // namespace greenwave::git
