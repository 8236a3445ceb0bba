#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/completion.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace greenwave {

class WrappedHelp;

// The options of a program and of its commands. CLI11 parses them and writes --help. Only command_line.cpp
// includes it, because it adds seconds to the compilation of every file that does.

/// What a completion must know of an option's values, and CLI11 does not say.
struct DeclaredValue {
  std::string name;  ///< what --help calls it; empty: by its type
  std::vector<std::string> all;
};
using DeclaredValues = std::map<const CLI::Option*, DeclaredValue>;

/// One option, flag or positional argument.
class CommandOption {
 public:
  CommandOption(CLI::Option* option, DeclaredValue& value) : option_(option), value_(&value) {}

  /// What --help calls the value: "FILE".
  CommandOption& value_name(const std::string& name);
  CommandOption& required();
  /// Shows the variable's current value in --help.
  CommandOption& show_default();
  /// Anything else is wrong usage, with the value that was probably meant.
  CommandOption& one_of(std::vector<std::string> values);
  CommandOption& between(int least, int most);
  CommandOption& needs(const CommandOption& other);
  CommandOption& excludes(const CommandOption& other);

 private:
  CLI::Option* option_;
  DeclaredValue* value_;
};

/// What a program or one of its commands accepts. The variables must outlive the parsing.
class CommandLine {
 public:
  CommandLine(const std::string& name, const std::string& about);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  /// The end of --help.
  void footer(const std::string& text);
  /// Adds --version.
  void version(const std::string& text);
  /// Wraps --help at so many columns; 0, as at first: not at all.
  void wrap_help(std::size_t columns);

  /// `names` as "-o,--output", or "FILE" for a positional argument.
  CommandOption option(const std::string& names, std::string& value, const std::string& help);
  /// An empty path is wrong usage.
  CommandOption option(const std::string& names, std::filesystem::path& value, const std::string& help);
  CommandOption option(const std::string& names, std::size_t& value, const std::string& help);
  /// May be given several times, with one value each time.
  CommandOption option(const std::string& names, std::vector<std::string>& values, const std::string& help);
  CommandOption flag(const std::string& names, bool& value, const std::string& help);

  /// Adds a command, which may have commands too. What has commands requires one; its own options may follow
  /// the command.
  CommandLine& subcommand(const std::string& name, const std::string& about);

  /// For completions: what values may be that --help calls `value_name`.
  void look_up(const std::string& value_name, LookUp look_up);
  /// All that the program accepts.
  CommandShape shape() const;

  /// False when there is nothing more to do: --help or --version was printed, or what completes a line.
  /// Throws Error (invalid) for wrong usage, with the option, command or value that was probably meant.
  bool parse(int argc, char** argv);
  /// --help of the whole program, or of one command. Throws Error when there is no such command.
  std::string help(const std::string& command) const;
  /// The name of the command that was given.
  std::string chosen() const;

 private:
  CommandLine(CLI::App* command, std::shared_ptr<DeclaredValues> values);
  CommandOption declared(CLI::Option* option);
  const CommandLine& innermost() const;
  std::string try_help() const;
  void refuse_leftovers() const;

  std::shared_ptr<WrappedHelp> formatter_;  ///< of the program; its commands use it too
  std::unique_ptr<CLI::App> owned_;         ///< of the program; its commands belong to it
  CLI::App* app_;
  std::shared_ptr<DeclaredValues> values_;  ///< of the program and its commands
  LookUps look_ups_;
  std::vector<std::unique_ptr<CommandLine>> commands_;
};

}  // namespace greenwave
