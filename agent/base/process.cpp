#include "base/process.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"

namespace greenwave {

namespace {

/// posix_spawn's attributes and file actions, freed together.
struct Spawn {
  posix_spawnattr_t attributes{};
  posix_spawn_file_actions_t actions{};

  Spawn() {
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&actions);
  }
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;
  ~Spawn() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
};

/// In the environment of a command and of what it starts, whatever group, session or parent that has.
constexpr const char* run_variable = "GREENWAVE_RUN";

/// A name that no other run on this machine has.
std::string name_of_run() {
  static std::atomic<unsigned> runs = 0;
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  return fmt::format("{}-{}-{}", ::getpid(), now, ++runs);
}

/// The processes whose environment has `variable`, written as NAME=VALUE.
std::vector<pid_t> processes_with(const std::string& variable) {
  std::vector<pid_t> found;
  std::error_code gone;
  for (std::filesystem::directory_iterator item("/proc", gone), end; !gone && item != end;
       item.increment(gone)) {
    const auto pid = static_cast<pid_t>(std::strtol(item->path().filename().c_str(), nullptr, 10));
    if (pid <= 0) continue;
    std::ifstream file(item->path() / "environ", std::ios::binary);
    std::string one;
    while (std::getline(file, one, '\0')) {
      if (one == variable) found.push_back(pid);
    }
  }
  return found;
}

/// Until none is left, since a process may start another before it is killed.
void kill_run(const std::string& name) {
  constexpr int most_rounds = 10;
  for (int round = 0; round < most_rounds; ++round) {
    const auto pids = processes_with(fmt::format("{}={}", run_variable, name));
    if (pids.empty()) return;
    for (const auto pid : pids) ::kill(pid, SIGKILL);
  }
}

/// The end of what a program writes.
class Tail {
 public:
  explicit Tail(std::size_t cap) : cap_(cap) {}

  void add(std::string_view text) {
    kept_.append(text);
    if (kept_.size() > 2 * cap_) cut();
  }

  std::string take() {
    cut();
    return std::move(kept_);
  }

 private:
  void cut() {
    if (kept_.size() > cap_) kept_.erase(0, kept_.size() - cap_);
  }

  std::size_t cap_;
  std::string kept_;
};

std::vector<std::string> environment_of(const Command& command, const std::string& run) {
  const char* path = std::getenv("PATH");
  const char* home = std::getenv("HOME");
  std::map<std::string, std::string> variables{
      {"PATH", path != nullptr ? path : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
      {"HOME", home != nullptr ? home : "/"},
      {"LANG", "C.UTF-8"}};
  for (const auto& [key, value] : command.environment) variables[key] = value;
  variables[run_variable] = run;
  std::vector<std::string> texts;
  for (const auto& [key, value] : variables) texts.push_back(key + "=" + value);
  return texts;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (auto& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

constexpr int program_descriptor = 3;
constexpr const char* program_path = "/proc/self/fd/3";

/// Those of the program, which has no others. A script's interpreter opens its program once more.
void add_descriptors(const Command& command, int output, posix_spawn_file_actions_t& actions) {
  if (command.input >= 0) {
    posix_spawn_file_actions_adddup2(&actions, command.input, 0);
  } else {
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  }
  posix_spawn_file_actions_adddup2(&actions, output, 1);
  posix_spawn_file_actions_adddup2(&actions, output, 2);
  if (command.directory >= 0) posix_spawn_file_actions_addfchdir_np(&actions, command.directory);
  const bool by_descriptor = command.program >= 0;
  if (by_descriptor) posix_spawn_file_actions_adddup2(&actions, command.program, program_descriptor);
  posix_spawn_file_actions_addclosefrom_np(&actions, program_descriptor + (by_descriptor ? 1 : 0));
}

/// While another thread starts a program, that one has for a moment all files that are open for writing.
Error cannot_run(const std::string& program, int failure) {
  const bool passing = failure == ENOMEM || failure == EAGAIN || failure == ETXTBSY;
  return {passing ? Fault::transient : Fault::invalid,
          fmt::format("cannot run {}: {}", program, std::strerror(failure)),
          failure == ENOENT ? "is the program installed, and is its path right?" : ""};
}

/// A moment after its start, so that what it had by then counts too. Nothing where it has ended.
void limit_memory(pid_t child, std::size_t cap) {
  const rlimit limit{cap, cap};
  ::prlimit(child, RLIMIT_AS, &limit, nullptr);
}

pid_t start(const Command& command, const std::string& run, int output) {
  Spawn spawn;
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setflags(&spawn.attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setpgroup(&spawn.attributes, 0);
  posix_spawnattr_setsigmask(&spawn.attributes, &none);
  posix_spawnattr_setsigdefault(&spawn.attributes, &all);
  const bool by_descriptor = command.program >= 0;
  add_descriptors(command, output, spawn.actions);

  auto arguments = command.argv;
  auto variables = environment_of(command, run);
  const auto argv = pointers(arguments);
  const auto envp = pointers(variables);
  pid_t child = 0;
  const int failure = posix_spawnp(&child, by_descriptor ? program_path : argv[0], &spawn.actions,
                                   &spawn.attributes, argv.data(), envp.data());
  if (failure != 0) throw cannot_run(command.argv[0], failure);
  if (command.memory_cap > 0) limit_memory(child, command.memory_cap);
  return child;
}

}  // namespace

CommandResult run(const Command& command) {
  if (command.argv.empty()) throw Error(Fault::internal, "a command without arguments");
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw system_error("make a pipe for", command.argv[0]);
  Fd reading(ends[0]);
  Fd writing(ends[1]);
  const auto name = name_of_run();
  const pid_t child = start(command, name, writing.get());
  writing = Fd();
  Fd ended(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));

  CommandResult result;
  Tail output(command.output_cap);
  const auto deadline = std::chrono::steady_clock::now() + command.timeout;
  bool output_open = true;
  for (;;) {
    const auto left =
        std::chrono::duration_cast<Duration>(deadline - std::chrono::steady_clock::now()).count();
    if (left <= 0 || (command.given_up && command.given_up())) {
      result.timed_out = true;
      break;
    }
    pollfd waits[2] = {{ended.get(), POLLIN, 0}, {output_open ? reading.get() : -1, POLLIN, 0}};
    const bool is_watched = command.while_waiting || command.given_up;
    const auto slice = static_cast<int>(std::min<long>(left, is_watched ? 1000 : left));
    const int ready = ::poll(waits, 2, slice);
    if (ready < 0 && errno != EINTR) break;
    if (command.while_waiting) command.while_waiting();
    if (ready > 0 && waits[1].revents != 0) {
      char chunk[4096];
      const auto count = ::read(reading.get(), chunk, sizeof chunk);
      if (count <= 0) {
        output_open = false;
      } else {
        output.add({chunk, static_cast<std::size_t>(count)});
      }
      continue;  // output first: what a process wrote before it exited is kept
    }
    if (ready > 0 && waits[0].revents != 0) break;
  }
  ::kill(-child, SIGKILL);
  if (result.timed_out || command.leaves_nothing) kill_run(name);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  result.output = output.take();
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

}  // namespace greenwave
