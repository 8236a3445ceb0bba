#pragma once

#include <optional>
#include <string_view>

#include <sys/types.h>

#include "drivers/host/confined.h"
#include "yaml/fields.h"

namespace greenwave::drivers::host {

/// What a manifest wants to have at a path.
struct Having {
  std::string_view path;
  mode_t mode = 0;
  std::string_view owner;
  bool is_directory = false;
  bool purges = false;
  std::optional<mode_t> file_mode{};  ///< of what a Directory puts below it
};

/// Reports what would destroy the agent, or let others than root change it: its own files, and directories
/// that they are in, belong to root alone and are not emptied. Pure.
void check_own(const Host& host, const Having& having, yaml::Fields& spec);

}  // namespace greenwave::drivers::host
