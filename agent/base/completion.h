#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace greenwave {

// What a program accepts, as plain values, and what fits at the end of a line that somebody is typing. Pure,
// but for the values that the program looks up itself.

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

/// A line as far as it is written: the options with their last values, by their longest name without dashes,
/// and the word that is being typed.
struct Begun {
  std::map<std::string, std::string> options;
  std::string word;
};

/// Looks up what a value may be; by what --help calls the value. May throw: then nothing is offered.
using LookUp = std::function<std::vector<std::string>(const Begun& begun)>;
using LookUps = std::map<std::string, LookUp>;

struct Candidate {
  std::string text;  ///< takes the place of the whole word that is being typed
  std::string help;  ///< one line; empty: it says all itself
};

struct Offer {
  enum class Paths { none, files, directories };
  Paths paths = Paths::none;  ///< the shell's own names of files fit as well
  std::vector<Candidate> candidates;
};

/// What may take the place of the last of `words`, which follow the program's name. Values called FILE or
/// PATH are files, and those called DIR directories, unless `look_ups` knows better. Never throws for what
/// people write: of a line that is wrong, the rest is completed as if it was right.
Offer complete(const CommandShape& program, std::span<const std::string> words, const LookUps& look_ups);

/// The lines that the scripts of packaging/completions read: "none", "files" or "directories", then a line a
/// candidate: TEXT, a tab, HELP. Candidates that are not printable are left out.
std::string completion_lines(const Offer& offer);

/// A script that makes a shell ask `program` what fits. `shell` is bash, zsh or fish; throws Error (invalid).
std::string completion_script(std::string_view shell, std::string_view program);
/// The shells that there is a script for.
std::vector<std::string> completion_shells();

/// The word before the line, by which a script asks.
inline constexpr const char* completion_request = "__complete";

}  // namespace greenwave
