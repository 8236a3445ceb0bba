#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>

namespace greenwave::test {

/// The files of a directory of the source tree, by path.
inline std::map<std::string, std::string> files_below(const std::filesystem::path& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    std::ostringstream content;
    content << std::ifstream(entry.path()).rdbuf();
    files[entry.path().lexically_relative(directory).generic_string()] = content.str();
  }
  return files;
}

/// What a golden file holds. With GREENWAVE_REWRITE_GOLDEN=1 it is first made what `found` is: look at what
/// git says has changed before you commit it.
inline std::string golden(const std::filesystem::path& file, const std::string& found) {
  const char* rewrite = std::getenv("GREENWAVE_REWRITE_GOLDEN");
  if (rewrite != nullptr && std::string(rewrite) == "1") std::ofstream(file) << found;
  std::ostringstream content;
  content << std::ifstream(file).rdbuf();
  return content.str();
}

}  // namespace greenwave::test
