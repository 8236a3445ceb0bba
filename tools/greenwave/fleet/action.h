#pragma once

#include <functional>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/command_line.h"
#include "context/style.h"
#include "hub/hub_client.h"

namespace greenwave::fleet {

/// What an action found, or did.
struct Outcome {
  std::string json;  ///< for -o json
  std::string text;  ///< for people
  int exit_code = 0;
};

/// Asks the hub. Throws Error.
using Work = std::function<Outcome(cli::HubClient& hub, Time now, const cli::Style& style)>;

/// A word after `greenwave fleet`.
struct Action {
  const char* name;
  const char* summary;
  const char* details;  ///< --help after the options: exit codes and examples
  Work (*declare)(CommandLine& line);
};

/// Those that only read.
std::span<const Action> reading_actions();
/// Those about keys and certificates, and those that ask a device for something.
std::span<const Action> acting_actions();

}  // namespace greenwave::fleet
