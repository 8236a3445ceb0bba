#include "sandbox/child.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>

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

pid_t start(Role role, int channel) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDWR, 0);
  posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDOUT_FILENO);
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
  return role == Role::fetcher ? "fetcher" : "renderer";
}

Child::Child(Role role, std::size_t longest_answer, Channel::Patience patience)
    : Child(role, make_ends(), longest_answer, std::move(patience)) {}

Child::Child(Role role, Ends ends, std::size_t longest_answer, Channel::Patience patience)
    : role_(role),
      channel_(std::move(ends.ours), longest_answer, std::move(patience)),
      pid_(start(role, ends.theirs.get())) {}

Child::~Child() {
  end();
}

std::optional<int> Child::end() {
  if (pid_ < 0) return {};
  ::kill(pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return status;
}

bool Child::is_there() {
  if (pid_ < 0) return false;
  siginfo_t about{};
  return ::waitid(P_PID, static_cast<id_t>(pid_), &about, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         about.si_pid == 0;
}

Error Child::lost(const Error& error) {
  const bool ended = !is_there();
  const auto status = end();
  return {Fault::transient,
          fmt::format("the {} is of no use: {}", to_string(role_),
                      ended && status ? in_words(*status) : error.message()),
          "it is started again with the next sync; the agent itself is not affected"};
}

}  // namespace greenwave::sandbox
