#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/command_line.h"
#include "context/context.h"
#include "kinds/table.h"
#include "model/device.h"

namespace greenwave::cli {

/// The options that lint, render and impact share.
struct CityOptions {
  std::string path;                 ///< of the cluster in the repository
  std::vector<std::string> labels;  ///< KEY=VALUE
  std::vector<std::string> allowed;
  bool allow_privileged = false;
  bool allow_host_network = false;
  std::vector<std::string> host_ports;  ///< empty: agent.yaml's default
  std::string format;
};

/// Adds --path, --label, what devices allow, and an -o that accepts `formats`.
void add_city_options(CommandLine& line, CityOptions& options, std::vector<std::string> formats);

/// The value of -o, given before or after the command.
std::string format_of(const CityOptions& options, const Context& context);

/// Throws Error (invalid).
Labels labels_of(const CityOptions& options);
/// What devices allow, as the options say, or agent.yaml's defaults. Throws Error (invalid).
kinds::Rules rules_of(const CityOptions& options);

/// Runs `work`; prints an Error, as JSON if `json`, and then returns exit_not_done.
int guarded(bool json, const std::function<int()>& work);

}  // namespace greenwave::cli
