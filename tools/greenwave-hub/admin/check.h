#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace greenwave::hub {

/// What a check of a configuration found that the service would start with.
struct Checked {
  std::string verdict;                  ///< one line
  std::vector<std::string> warnings{};  ///< what it names, and cannot use
};

// Each reads the file as the service does, and the files that it names, without the network or the database.
// They throw Error (invalid) that lists every problem, one a line, where the service would not start.

Checked check_hub(const std::filesystem::path& file);
Checked check_cities(const std::filesystem::path& file);
Checked check_mirror(const std::filesystem::path& file);

}  // namespace greenwave::hub
