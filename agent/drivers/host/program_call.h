#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/fd.h"
#include "base/process.h"

namespace greenwave::drivers::host {

/// What listens for requests.
inline constexpr std::string_view programs_unit = "greenwave-programs.socket";

/// Runs a program as base's run() does, but not in the agent's sandbox: greenwave-programs.service, which
/// listens on `socket`, starts it in its own. Each connection is one run. The agent sends a request and the
/// service an answer, each as CBOR up to the end of what it sends; an agent that hangs up before has its
/// program killed. Throws Error: what run() throws, or transient where nobody answers.
CommandResult run_elsewhere(const std::filesystem::path& socket, const Command& command);

/// A request as the service reads it.
struct ProgramRequest {
  Command command;
  Fd directory;  ///< what command.directory is
};

/// The directory goes by its path; the service has a view of the file system of its own. Throws Error.
std::string request_of(const Command& command);
/// Throws Error, also when the directory is not the one that the agent has open.
ProgramRequest read_request(std::string_view bytes);

std::string answer_of(const CommandResult& result);
std::string answer_of(const Error& error);
/// Throws the Error that it is, or one where it is none of both.
CommandResult read_answer(std::string_view bytes);

}  // namespace greenwave::drivers::host
