#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/problem.h"
#include "config/role.h"
#include "yaml/fields.h"

namespace greenwave::hub {

/// A city's hub, as it is asked.
struct CityHub {
  std::string city;
  std::string url;                      ///< no slash at its end
  std::filesystem::path token_file;     ///< read for each question: it may be replaced
  std::filesystem::path authorities{};  ///< PEM; empty: the system's
  Duration deadline = std::chrono::seconds(10);
};

/// cities.yaml, checked, with defaults filled in.
struct CitiesConfig {
  std::filesystem::path socket = "/run/greenwave-cities/cities.sock";
  std::filesystem::path state_directory = "/var/lib/greenwave-cities";
  Duration interval = std::chrono::seconds(30);            ///< between two questions to a city
  std::map<std::string, std::filesystem::path> readers{};  ///< the files of their tokens
  std::map<std::string, Role> users{};                     ///< as in hub.yaml
  std::vector<CityHub> cities{};                           ///< at least one; no two of one name
};

/// The member "cities" of hub.yaml or cities.yaml; empty where it is absent.
std::vector<CityHub> read_cities(yaml::Fields& fields, Problems& problems);

/// Reads and checks the file. Throws Error (invalid) that lists every problem, one a line.
CitiesConfig load_cities_config(const std::filesystem::path& file);
/// The part of it that parses. Use the result only if `problems` has no errors.
CitiesConfig parse_cities_config(std::string_view text, const std::string& name, Problems& problems);

}  // namespace greenwave::hub
