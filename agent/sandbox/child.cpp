#include "sandbox/child.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/error.h"

namespace greenwave::sandbox {

namespace {

constexpr int dying_ms = 200;

/// Of the agent's environment. The fetcher reaches the server through a proxy where there is one.
constexpr const char* inherited[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                     "ALL_PROXY",  "no_proxy",    "NO_PROXY"};

/// A list that posix_spawn takes: it ends with a null pointer.
std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (auto& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

std::vector<std::string> environment_for(Role role) {
  std::vector<std::string> variables{"LANG=C.UTF-8"};
  if (role != Role::fetcher) return variables;
  for (const auto* name : inherited) {
    if (const char* value = std::getenv(name); value != nullptr)
      variables.push_back(fmt::format("{}={}", name, value));
  }
  return variables;
}

pid_t start(Role role, int channel, int directory) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDWR, 0);
  posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDOUT_FILENO);
  if (directory >= 0) posix_spawn_file_actions_addfchdir_np(&actions, directory);
  posix_spawn_file_actions_adddup2(&actions, channel, channel_descriptor);
  posix_spawn_file_actions_addclosefrom_np(&actions, channel_descriptor + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  // A terminal's Ctrl-C is for the agent, which ends it.
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  std::vector<std::string> words{"greenwaved", std::string(confined_option), std::string(to_string(role))};
  auto variables = environment_for(role);
  pid_t pid = -1;
  const int failure = ::posix_spawn(&pid, "/proc/self/exe", &actions, &attributes, pointers(words).data(),
                                    pointers(variables).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) {
    throw Error(Fault::transient,
                fmt::format("cannot start the {}: {}", to_string(role), std::strerror(failure)));
  }
  return pid;
}

std::string in_words(int status) {
  if (WIFSIGNALED(status)) return fmt::format("it was killed by SIG{}", ::sigabbrev_np(WTERMSIG(status)));
  return fmt::format("it ended with status {}", WEXITSTATUS(status));
}

}  // namespace

std::string_view to_string(Role role) {
  switch (role) {
    case Role::fetcher:
      return "fetcher";
    case Role::renderer:
      return "renderer";
    case Role::comparer:
      return "comparer";
  }
  return "process";
}

Child::Child(Role role, std::size_t longest_answer, Channel::Patience patience, int directory)
    : Child(role, make_ends(), longest_answer, std::move(patience), directory) {}

Child::Child(Role role, Ends ends, std::size_t longest_answer, Channel::Patience patience, int directory)
    : role_(role), channel_(std::move(ends.ours), longest_answer, std::move(patience)) {
  std::promise<Fd> started;
  starting_ = started.get_future();
  keeper_ = std::jthread(
      [this, role, directory, started = std::move(started), theirs = std::move(ends.theirs)]() mutable {
        try {
          const auto pid = start(role, theirs.get(), directory);
          theirs = Fd();
          started.set_value(Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))));
          while (::waitpid(pid, &status_, 0) < 0 && errno == EINTR) {
          }
        } catch (...) {
          theirs = Fd();
          started.set_exception(std::current_exception());
        }
        ended_ = true;
      });
}

Child::~Child() {
  end();
}

int Child::process() {
  if (starting_.valid()) process_ = starting_.get();
  return process_.get();
}

void Child::end() {
  if (!keeper_.joinable()) return;
  try {
    ::syscall(SYS_pidfd_send_signal, process(), SIGKILL, nullptr, 0);
  } catch (const Error&) {
    // It was never there.
  }
  keeper_.join();
}

Error Child::lost(const Error& error) {
  bool ended_itself = false;
  try {
    // Its end of the channel closes a moment before it is dead.
    pollfd look{process(), POLLIN, 0};
    ended_itself = ::poll(&look, 1, dying_ms) > 0;
  } catch (const Error& never_started) {
    return never_started;
  }
  end();
  return {Fault::transient,
          fmt::format("the {} is of no use: {}", to_string(role_),
                      ended_itself ? in_words(status_) : error.message()),
          "the next sync starts another; nothing of what this one did is kept"};
}

}  // namespace greenwave::sandbox
