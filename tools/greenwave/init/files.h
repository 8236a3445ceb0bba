#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace greenwave::cli {

struct NewCity {
  std::string name;       ///< "san-francisco"
  std::string inventory;  ///< of devices.geojson
  bool has_canary = false;
  bool github = false;
  bool gitlab = false;
};

/// The files of a new city repository, by path.
std::map<std::string, std::string> files_of(const NewCity& city);

/// Writes them. Throws Error (conflict) and writes nothing if one of them already exists.
void write_city(const std::filesystem::path& directory, const std::map<std::string, std::string>& files);

}  // namespace greenwave::cli
