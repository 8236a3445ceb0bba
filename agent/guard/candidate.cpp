#include "guard/candidate.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/process.h"
#include "base/text.h"

namespace greenwave::guard {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_memory = std::size_t(1) << 30;
constexpr std::size_t most_words = 2048;
constexpr const char* standard_input = "/proc/self/fd/0";

bool holds(const std::string& path, std::string_view content) {
  std::error_code none;
  const auto size = fs::file_size(path, none);
  return !none && size == content.size() && read_file(path, size) == content;
}

/// For file systems without O_TMPFILE. What a power cut leaves of it is empty, and goes with the next one.
Fd open_unnamed(const std::string& path) {
  const auto name = path + ".candidate~";
  ::unlink(name.c_str());
  Fd file(::open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0700));
  if (!file) throw system_error("make", name);
  if (::unlink(name.c_str()) != 0) throw system_error("remove", name);
  return file;
}

/// A file without a name beside `path`, open for reading: one that is open for writing does not run.
Fd unnamed_file(const std::string& path, std::string_view content) {
  const auto directory = fs::path(path).parent_path();
  Fd file(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0700));
  if (!file && errno != EOPNOTSUPP && errno != EISDIR)
    throw system_error("make a file in", directory.native());
  if (!file) file = open_unnamed(path);
  write_all(file.get(), content, path);
  const auto by_descriptor = fmt::format("/proc/self/fd/{}", file.get());
  Fd reading(::open(by_descriptor.c_str(), O_RDONLY | O_CLOEXEC));
  if (!reading) throw system_error("open what was written beside", path);
  return reading;
}

Command trial_of(const Candidate& candidate, const ConfigurationToCome& configuration) {
  Command command;
  command.argv = {candidate.path, "--check-config", "--config",
                  configuration.text ? standard_input : configuration.path};
  // Where agent.yaml says credential:NAME.
  if (const char* directory = std::getenv("CREDENTIALS_DIRECTORY")) {
    command.environment["CREDENTIALS_DIRECTORY"] = directory;
  }
  command.output_cap = most_words;
  command.leaves_nothing = true;
  command.memory_cap = most_memory;
  return command;
}

std::string with_real_name(std::string text, const std::string& path) {
  for (auto at = text.find(standard_input); at != std::string::npos; at = text.find(standard_input, at)) {
    text.replace(at, std::strlen(standard_input), path);
    at += path.size();
  }
  return text;
}

std::string in_words(const CommandResult& result, const ConfigurationToCome& configuration) {
  constexpr int first_signal = 129;
  std::string why = fmt::format("it ended with {}", result.status);
  if (result.status >= first_signal) {
    why = fmt::format("it was ended by a signal: {}", ::strsignal(result.status - first_signal + 1));
  }
  const auto said = trim(result.output);
  if (said.empty() || configuration.is_secret) return why;
  return fmt::format("{}: {}", why, with_real_name(printable_lines(said), configuration.path));
}

Digest name_of(const Candidate& candidate, const ConfigurationToCome& configuration) {
  Hasher hasher;
  hasher.add_field(candidate.content).add_field(configuration.path);
  return hasher.add_field(configuration.text.value_or("")).finish();
}

}  // namespace

std::string Candidates::why_not(const Candidate& candidate, ConfigurationToCome configuration,
                                const std::function<void()>& while_waiting) {
  if (holds(candidate.path, candidate.content)) return {};
  if (configuration.text && holds(configuration.path, *configuration.text)) configuration.text.reset();
  const auto name = name_of(candidate, configuration);
  const auto known = said_.find(name);
  if (known != said_.end()) return known->second;

  const auto program = unnamed_file(candidate.path, candidate.content);
  Fd text;
  if (configuration.text) text = unnamed_file(candidate.path, *configuration.text);
  auto command = trial_of(candidate, configuration);
  command.program = program.get();
  command.input = text.get();
  command.timeout = patience_;
  command.while_waiting = while_waiting;
  std::string why;
  try {
    const auto result = run(command);
    if (result.timed_out) {
      why = fmt::format("it has not answered --check-config within {}", to_words(patience_));
    } else if (result.status != 0) {
      why = fmt::format("it does not answer --check-config with yes: {}", in_words(result, configuration));
    }
  } catch (const Error& error) {
    if (passes(error.fault())) throw;
    why = error.message();
  }
  return said_[name] = why;
}

}  // namespace greenwave::guard
