#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace greenwave {

// The options of a program and of its commands. CLI11 parses them and writes --help. Only command_line.cpp
// includes it, because it adds seconds to the compilation of every file that does.

/// One option, flag or positional argument.
class CommandOption {
 public:
  explicit CommandOption(CLI::Option* option) : option_(option) {}

  /// What --help calls the value: "FILE".
  CommandOption& value_name(const std::string& name);
  CommandOption& required();
  /// Shows the variable's current value in --help.
  CommandOption& show_default();
  CommandOption& one_of(std::vector<std::string> values);
  CommandOption& between(int least, int most);
  CommandOption& needs(const CommandOption& other);
  CommandOption& excludes(const CommandOption& other);

 private:
  CLI::Option* option_;
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

  /// `names` as "-o,--output", or "FILE" for a positional argument.
  CommandOption option(const std::string& names, std::string& value, const std::string& help);
  CommandOption option(const std::string& names, std::filesystem::path& value, const std::string& help);
  CommandOption option(const std::string& names, std::size_t& value, const std::string& help);
  /// May be given several times, with one value each time.
  CommandOption option(const std::string& names, std::vector<std::string>& values, const std::string& help);
  CommandOption flag(const std::string& names, bool& value, const std::string& help);

  /// Adds a command. A program with commands requires one; its own options may follow the command.
  CommandLine& subcommand(const std::string& name, const std::string& about);

  /// Returns the exit status when there is nothing more to do: --help was printed, or what is wrong.
  std::optional<int> parse(int argc, char** argv);
  /// The name of the command that was given.
  std::string chosen() const;

 private:
  explicit CommandLine(CLI::App* command);

  std::unique_ptr<CLI::App> owned_;  ///< of the program; its commands belong to it
  CLI::App* app_;
  std::vector<std::unique_ptr<CommandLine>> commands_;
};

}  // namespace greenwave
