#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace greenwave {

// The command line that a program accepts, as plain values, and completions of a partly typed one. Pure,
// except for the values that the program looks up.

/// An option, a flag, or a positional argument.
struct OptionShape {
  std::vector<std::string> names;  ///< "-o", "--output"; empty: positional
  std::string help;
  std::string value;                ///< what --help calls its value: "FILE"; empty: it takes none
  std::vector<std::string> values;  ///< all that it takes; empty: anything
  bool repeats = false;
};

struct CommandShape {
  std::string name;
  std::string about;
  std::vector<OptionShape> options;
  std::vector<CommandShape> commands;
};

/// A partly typed line.
struct Begun {
  std::map<std::string, std::string> options;  ///< the last value of each, by its longest name without dashes
  std::string word;                            ///< that is being typed
};

/// Returns the values that an option may have. May throw; then nothing is offered. LookUps has them by what
/// --help calls the value.
using LookUp = std::function<std::vector<std::string>(const Begun& begun)>;
using LookUps = std::map<std::string, LookUp>;

struct Candidate {
  std::string text;  ///< replaces the whole word that is being typed
  std::string help;  ///< one line; may be empty
};

struct Offer {
  enum class Paths { none, files, directories };
  Paths paths = Paths::none;  ///< that the shell adds itself
  std::vector<Candidate> candidates;
};

/// Completes the last of `words`, which follow the program's name. Values called FILE or PATH are completed
/// as files, and DIR as directories, unless `look_ups` has an entry. Never throws on a malformed line: the
/// rest of it is completed as if it were correct.
Offer complete(const CommandShape& program, std::span<const std::string> words, const LookUps& look_ups);

/// The output that the scripts of packaging/completions read: "none", "files" or "directories", then one line
/// per candidate: TEXT, a tab, HELP. Unprintable candidates are left out.
std::string completion_lines(const Offer& offer);

/// The script that makes a shell ask `program` for completions. Throws Error (invalid) for an unknown shell.
std::string completion_script(std::string_view shell, std::string_view program);
/// "bash", "zsh" and "fish".
std::vector<std::string> completion_shells();

/// The first argument of such a request; the words of the line follow.
inline constexpr const char* completion_request = "__complete";

}  // namespace greenwave
