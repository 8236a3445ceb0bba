#include "guard/unit_inputs.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "systemd/unit_name.h"
#include "systemd/unit_paths.h"
#include "systemd/unit_text.h"

namespace greenwave::guard {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_of_unit = 1024 * 1024;
constexpr std::size_t most_inputs = 256;

bool is_known_path(std::string_view path) {
  return path.starts_with('/') && path.find_first_of("%*?[") == std::string_view::npos;
}

/// "-/etc/default/agent"
void add_environment_file(std::string_view value, std::vector<UnitInput>& inputs) {
  const bool optional = value.starts_with('-');
  if (optional) value.remove_prefix(1);
  if (is_known_path(value)) inputs.push_back({"EnvironmentFile", std::string(value), !optional});
}

/// "token:/etc/greenwave/token"; `set` has the names of credentials that the unit has a value for itself.
void add_credential(const std::string& setting, std::string_view value, const std::set<std::string>& set,
                    std::vector<UnitInput>& inputs) {
  const auto colon = value.find(':');
  if (colon == std::string_view::npos || !is_known_path(value.substr(colon + 1))) return;
  const bool needed = !set.contains(std::string(value.substr(0, colon)));
  inputs.push_back({setting, std::string(value.substr(colon + 1)), needed});
}

void add_inputs(const fs::path& file, std::vector<UnitInput>& inputs) {
  std::error_code none;
  if (!fs::is_regular_file(file, none)) return;
  try {
    const auto more = inputs_of(read_file(file, most_of_unit));
    if (inputs.size() + more.size() <= most_inputs) inputs.insert(inputs.end(), more.begin(), more.end());
  } catch (const Error&) {
    // What cannot be read now is not known.
  }
}

}  // namespace

std::vector<UnitInput> inputs_of(std::string_view unit_file) {
  const auto lines = systemd::unit_lines(unit_file);
  std::set<std::string> set;
  for (const auto& line : lines) {
    if (line.key.starts_with("SetCredential")) set.insert(line.value.substr(0, line.value.find(':')));
  }
  std::vector<UnitInput> inputs;
  for (const auto& line : lines) {
    if (line.key == "EnvironmentFile") add_environment_file(line.value, inputs);
    if (line.key == "LoadCredential" || line.key == "LoadCredentialEncrypted") {
      add_credential(line.key, line.value, set, inputs);
    }
  }
  return inputs;
}

std::vector<UnitInput> inputs_on_device(std::string_view unit) {
  std::vector<UnitInput> inputs;
  for (const auto directory : systemd::unit_search_path) {
    for (const auto& name : systemd::definition_names(unit)) {
      const auto file = fs::path(directory) / name;
      add_inputs(file, inputs);
      std::error_code none;
      for (const auto& inside : fs::directory_iterator(file.native() + ".d", none)) {
        if (inside.path().extension() == ".conf") add_inputs(inside.path(), inputs);
      }
    }
  }
  return inputs;
}

}  // namespace greenwave::guard
