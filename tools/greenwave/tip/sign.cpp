#include "tip/sign.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "git/sshsig.h"

namespace greenwave::tip {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_refs_text = 64 << 20;
constexpr Duration rounding = std::chrono::seconds(1);  ///< of times in tips
constexpr mode_t for_everybody = 0666;

/// By their full names.
using Branches = std::map<std::string, CommitId>;

CommandResult run_tool(Command command) {
  const auto tool = command.argv.front();
  auto result = run(command);
  if (result.status == 127) {
    throw Error(Fault::invalid, fmt::format("the program {} is missing", tool),
                "install it: apt-get install git openssh-client");
  }
  return result;
}

/// Whoever owns the repository: nothing of it is run, only its refs are read.
Branches branches_of(const fs::path& repository) {
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
  const auto result = run_tool(std::move(command));
  if (result.status != 0) {
    throw Error(Fault::invalid,
                fmt::format("{}: git cannot list its branches: {}", repository.native(),
                            in_one_line(result.output, 300)),
                "name the city's bare repository on this machine, such as /srv/git/springfield.git");
  }
  Branches branches;
  for (const auto line : split(result.output, '\n')) {
    const auto space = line.find(' ');
    if (space != std::string_view::npos) {
      branches.emplace(line.substr(space + 1), std::string(line.substr(0, space)));
    }
  }
  return branches;
}

Fd file_with(std::string_view text) {
  Fd file(::memfd_create("statement", MFD_CLOEXEC));
  if (!file) throw system_error("make", "a file in memory");
  write_all(file.get(), text, "a file in memory");
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

/// By ssh-keygen, which knows every kind of key and ssh's agent.
std::string signature_of(const std::string& statement, const fs::path& key) {
  const auto input = file_with(statement);
  Command command;
  command.argv = {"ssh-keygen", "-q", "-Y", "sign", "-n", std::string(git::tip_space), "-f", key.native()};
  command.input = input.get();
  if (const char* agent = std::getenv("SSH_AUTH_SOCK")) command.environment["SSH_AUTH_SOCK"] = agent;
  const auto result = run_tool(std::move(command));
  const auto begins = result.output.find("-----BEGIN SSH SIGNATURE-----");
  if (result.status != 0 || begins == std::string::npos) {
    throw Error(Fault::invalid, fmt::format("ssh-keygen cannot sign: {}", in_one_line(result.output, 300)),
                fmt::format("make a key for tips alone: ssh-keygen -t ed25519 -N '' -f {}", key.native()));
  }
  auto signature = result.output.substr(begins);
  if (!git::verifies(git::parse_ssh_signature(signature), statement)) {
    throw Error(Fault::internal, "ssh-keygen made a signature that does not verify");
  }
  return signature;
}

/// The whole directory is this process's alone meanwhile; the hook waits too.
Fd lock(const fs::path& directory) {
  make_directories(directory);
  const auto file = directory / ".lock";
  Fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!fd || ::flock(fd.get(), LOCK_EX) != 0) throw system_error("lock", file.native());
  return fd;
}

/// Tells the hook that tips are signed, and gives it what it touches to say that something has changed.
void take_charge(const fs::path& directory) {
  const auto mark = directory / ".signed";
  if (!fs::exists(mark)) replace_file(mark, "by greenwave tip sign\n");
  const auto changed = directory / ".changed";
  const Fd fd(::open(changed.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, for_everybody));
  if (!fd) throw system_error("create", changed.native());
  ::fchmod(fd.get(), for_everybody);  // as far as it is ours
}

std::optional<git::SignedTip> last_tip(const fs::path& file) {
  try {
    return git::read_signed_tip(read_file(file, git::most_tip)).tip;
  } catch (const Error&) {
    return {};  // none, or an unsigned one
  }
}

/// Web servers make an ETag of size and time in seconds: two of one second must differ in time.
void write_tip(const fs::path& file, const std::string& text) {
  struct stat before {};
  const bool was_there = ::stat(file.c_str(), &before) == 0;
  make_directories(file.parent_path());
  replace_file(file, text);
  struct stat after {};
  if (!was_there || ::stat(file.c_str(), &after) != 0 || after.st_mtime > before.st_mtime) return;
  const timespec later[2] = {after.st_atim, {before.st_mtime + 1, 0}};
  ::utimensat(AT_FDCWD, file.c_str(), later, 0);
}

Signed sign_branch(const SignOptions& options, const fs::path& directory, const std::string& ref,
                   const CommitId& commit, Time now) {
  Signed result{.ref = ref, .commit = commit};
  const auto file = directory / ref;
  const auto last = last_tip(file);
  const auto next = next_tip(last ? &*last : nullptr, options.name, ref, commit, now, options.life);
  result.expires = next ? next->expires : last->expires;
  if (!next) return result;
  const auto statement = git::statement_of(*next);
  const auto text = statement + signature_of(statement, options.key);
  git::read_signed_tip(text);  // as devices do
  write_tip(file, text);
  result.did = Signed::Did::signed_now;
  return result;
}

/// Of branches that are gone; they make room for others: refs/heads/wave for refs/heads/wave/canary.
void remove_others(const fs::path& directory, const Branches& branches, std::vector<Signed>& results) {
  std::error_code error;
  std::vector<fs::path> gone;
  for (const auto& entry : fs::recursive_directory_iterator(directory / "refs/heads", error)) {
    if (!entry.is_regular_file(error) || entry.path().filename().native().starts_with('.')) continue;
    if (!branches.contains(entry.path().lexically_relative(directory).native())) gone.push_back(entry.path());
  }
  for (const auto& file : gone) {
    fs::remove(file, error);
    results.push_back({.ref = file.lexically_relative(directory).native(), .did = Signed::Did::removed});
    for (auto parent = file.parent_path(); parent != directory / "refs/heads";
         parent = parent.parent_path()) {
      if (!fs::is_empty(parent, error) || !fs::remove(parent, error)) break;
    }
  }
}

}  // namespace

std::optional<git::SignedTip> next_tip(const git::SignedTip* last, const std::string& name,
                                       const std::string& ref, const CommitId& commit, Time now,
                                       Duration life) {
  const auto issued = std::chrono::floor<std::chrono::seconds>(now);
  const bool is_known = last != nullptr && last->repository == name && last->ref == ref;
  const bool is_same = is_known && last->commit == commit;
  const auto left = is_same ? last->expires - now : Duration::zero();
  // One that holds for longer was signed with another life, or by another clock.
  if (left > life / 2 && left <= life + rounding && last->issued <= now) return {};
  auto sequence = static_cast<std::uint64_t>(issued.time_since_epoch().count());
  if (is_same) {
    sequence = last->sequence;
  } else if (is_known) {
    sequence = std::max(sequence, last->sequence + 1);
  }
  return git::SignedTip{.repository = name,
                        .ref = ref,
                        .commit = commit,
                        .sequence = sequence,
                        .issued = issued,
                        .expires = std::chrono::ceil<std::chrono::seconds>(now + life)};
}

std::vector<Signed> sign_tips(const SignOptions& options, Time now) {
  if (now < clock_is_set) {
    throw Error(Fault::transient, "the clock of this machine is not set",
                "tips say when they were issued: set it");
  }
  const auto repository = fs::absolute(options.repository);
  branches_of(repository);  // before anything is written
  const auto directory = git::tips_beside(repository);
  const auto locked = lock(directory);
  take_charge(directory);
  const auto branches = branches_of(repository);
  std::vector<Signed> results;
  remove_others(directory, branches, results);
  for (const auto& [ref, commit] : branches) {
    try {
      results.push_back(sign_branch(options, directory, ref, commit, now));
    } catch (const Error& error) {
      results.push_back({.ref = ref, .commit = commit, .did = Signed::Did::failed, .error = error.what()});
    }
  }
  return results;
}

}  // namespace greenwave::tip
