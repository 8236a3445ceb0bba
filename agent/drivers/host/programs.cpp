#include "drivers/host/programs.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/account.h"
#include "base/contains.h"
#include "base/error.h"
#include "base/text.h"
#include "drivers/host/program_call.h"

namespace greenwave::drivers::host {

namespace {

constexpr std::array<std::string_view, 6> shells{"sh", "bash", "dash", "ash", "ksh", "zsh"};
constexpr std::size_t shown_lines = 10;
constexpr std::size_t shown_bytes = 2000;
constexpr std::string_view script_variable = "GREENWAVE_SCRIPT";

bool is_shell(std::string_view program) {
  return contains(shells, program.substr(program.rfind('/') + 1));
}

std::string word_variable(std::size_t number) {
  return fmt::format("GREENWAVE_WORD_{}", number);
}

}  // namespace

bool may_run_as(const Host& host, std::string_view user) {
  return !host.program_users || contains(*host.program_users, user);
}

std::string read_user(const Host& host, yaml::Fields& spec, bool names_program) {
  auto user = spec.text("user").value_or(std::string(root_user));
  const bool plain = !user.empty() && user.front() != '-' && is_text(user) &&
                     user.find_first_of(":/ \t\n") == std::string::npos;
  if (!plain) spec.error("user", fmt::format("user is \"{}\", which is not a user's name", printable(user)));
  if (!plain || !names_program || may_run_as(host, user)) return user;
  const auto& users = *host.program_users;
  spec.error("user",
             users.empty() ? "this device runs no programs of manifests"
                           : fmt::format("this device runs no programs of manifests as {}, only as {}", user,
                                         fmt::join(users, ", ")),
             users.empty()
                 ? "leave it out of this device's layers, or allow it by allowedKinds and commands.users in "
                   "its agent.yaml"
                 : "write one of them as its user, or add to commands.users in the device's agent.yaml");
  return user;
}

Command as_user(Command command, const std::string& user) {
  if (user == root_user) return command;
  const auto account = user_named(user);
  if (!account) {
    throw Error(Fault::invalid, fmt::format("there is no user {} on this device", user),
                "create it before, or name another user");
  }
  command.environment.insert({{"HOME", account->home}, {"USER", user}, {"LOGNAME", user}});
  const std::vector<std::string> becoming{"/usr/bin/setpriv", fmt::format("--reuid={}", account->uid),
                                          fmt::format("--regid={}", account->gid), "--init-groups", "--"};
  command.argv.insert(command.argv.begin(), becoming.begin(), becoming.end());
  return command;
}

CommandResult run_program(const Host& host, const Command& command) {
  return host.programs.empty() ? run(command) : run_elsewhere(host.programs, command);
}

std::string last_lines(const std::string& output) {
  std::string_view text = trim(output);
  const bool cut = text.size() > shown_bytes;
  if (cut) text.remove_prefix(text.size() - shown_bytes);
  auto begin = text.size();
  for (std::size_t lines = 0; lines < shown_lines && begin != 0; ++lines) {
    begin = text.rfind('\n', begin - 1);
    if (begin == std::string_view::npos) begin = 0;
  }
  return printable_lines(trim(text.substr(begin)));
}

std::size_t script_in(const std::vector<std::string>& argv) {
  if (argv.empty() || !is_shell(argv.front())) return 0;
  for (std::size_t i = 1; i + 1 < argv.size(); ++i) {
    const auto& word = argv[i];
    if (word == "-o" || word == "+o" || word == "-O") {
      ++i;  // the name of an option follows
    } else if (word.size() < 2 || (word.front() != '-' && word.front() != '+') || word == "--") {
      return 0;
    } else if (word.front() == '-' && !word.starts_with("--") && word.ends_with('c')) {
      return i + 1;
    }
  }
  return 0;
}

Command with_hidden_script(Command command) {
  const auto at = script_in(command.argv);
  if (at == 0) return command;
  auto& words = command.argv;
  std::string begin = fmt::format("unset {}\n", script_variable);
  std::string values;
  for (std::size_t i = at + 2; i < words.size(); ++i) {
    const auto name = word_variable(i - at - 1);
    values += fmt::format(" \"${}\"", name);
    begin += fmt::format("unset {}\n", name);
    command.environment[name] = std::move(words[i]);
  }
  words.resize(std::min(words.size(), at + 2));
  command.environment[std::string(script_variable)] = std::move(words[at]);
  const auto set = values.empty() ? std::string() : fmt::format("set --{}; ", values);
  words[at] = fmt::format("{}eval \"{}${}\"", set, begin, script_variable);
  return command;
}

}  // namespace greenwave::drivers::host
