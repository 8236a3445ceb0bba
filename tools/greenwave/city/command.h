#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/command_line.h"
#include "context.h"
#include "model/device.h"

namespace greenwave::cli {

/// What the commands for those who commit have in common.
struct CityOptions {
  std::string path;                 ///< of the cluster in the repository
  std::vector<std::string> labels;  ///< KEY=VALUE
  std::vector<std::string> allowed;
  std::string format;
};

/// Adds --path, --label, --allow and an -o of more `formats` than other commands have.
void add_city_options(CommandLine& line, CityOptions& options, std::vector<std::string> formats);

/// Of -o, wherever it was given.
std::string format_of(const CityOptions& options, const Context& context);

/// Throws Error (invalid).
Labels labels_of(const CityOptions& options);
/// Those of agent.yaml by default.
std::vector<std::string> allowed_of(const CityOptions& options);

/// Runs `work`; an Error is shown as the format wants it, and gives exit_not_done.
int guarded(bool json, const std::function<int()>& work);

}  // namespace greenwave::cli
