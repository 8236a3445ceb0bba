#include <algorithm>
#include <filesystem>
#include <iostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "city/command.h"
#include "city/disk_tree.h"
#include "cli.h"
#include "init/devices.h"
#include "init/files.h"
#include "lint/lint.h"
#include "render/inventory.h"

namespace greenwave::cli {

namespace {

struct InitOptions {
  std::string directory = ".";
  std::string name;
  std::string devices;
  std::string ci;
};

/// The user's reply; `otherwise` when it is empty or there is no terminal.
std::string ask(const std::string& question, const std::string& otherwise) {
  if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDERR_FILENO) == 0) return otherwise;
  print_note(otherwise.empty() ? question : fmt::format("{} [{}]", question, otherwise));
  std::string answer;
  std::getline(std::cin, answer);
  answer = std::string(trim(answer));
  return answer.empty() ? otherwise : answer;
}

std::string name_from(const std::filesystem::path& directory) {
  auto name = std::filesystem::weakly_canonical(directory).filename().native();
  std::ranges::transform(name, name.begin(), [](unsigned char c) {
    return std::isalnum(c) != 0 ? static_cast<char>(std::tolower(c)) : '-';
  });
  return name.empty() ? "city" : name;
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 63 && std::ranges::all_of(name, [](unsigned char c) {
    return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '-';
  });
}

std::string inventory_of(const std::string& file, const std::string& name) {
  constexpr double equator = 0;
  if (file.empty()) return sample_inventory(name, equator, equator);
  const auto text = read_file(file, render::most_inventory_bytes);
  const auto begin = trim(std::string_view(text).substr(0, 4096));
  return begin.starts_with('{') ? inventory_from_geojson(text, file, name)
                                : inventory_from_csv(text, file, name);
}

int run_init(InitOptions options, const Context& context) {
  return guarded(context.json, [&] {
    if (options.name.empty()) options.name = ask("What is the city called?", name_from(options.directory));
    if (!is_name(options.name)) {
      throw Error(Fault::invalid, fmt::format("\"{}\" is not a valid city name", printable(options.name)),
                  "use lowercase letters, digits and dashes: --name san-francisco");
    }
    if (options.devices.empty()) {
      options.devices = ask("A GeoJSON or CSV file with its intersections? (empty: one sample device)", "");
    }
    if (options.ci.empty()) options.ci = ask("A CI workflow for github, gitlab, both or none?", "none");
    NewCity city{.name = options.name, .inventory = inventory_of(options.devices, options.name)};
    city.has_canary = city.inventory.find("\"role\":\"canary\"") != std::string::npos;
    city.github = options.ci == "github" || options.ci == "both";
    city.gitlab = options.ci == "gitlab" || options.ci == "both";
    const auto files = files_of(city);
    write_city(options.directory, files);

    const auto result = lint(DiskTree(options.directory), {});
    if (context.json) {
      auto paths = nlohmann::json::array();
      for (const auto& [path, content] : files) paths.push_back(path);
      print(nlohmann::json{
          {"name", city.name}, {"files", std::move(paths)}, {"devices", result.devices.size()}});
    } else {
      std::string text;
      for (const auto& [path, content] : files) text += fmt::format("  {}\n", path);
      print(fmt::format(
          "{} is ready, with {}:\n{}\n{}\nNext: git init, commit, and greenwave render --device {}\n",
          city.name, count_of(result.devices.size(), "device"), text, lint_text(result, "", context.style),
          result.devices.empty() ? "ID" : printable(result.devices.front())));
    }
    return result.count(Severity::error) > 0 ? 1 : 0;
  });
}

Action declare_init(CommandLine& line) {
  const auto options = std::make_shared<InitOptions>();
  line.option("directory", options->directory, "Where to write it").value_name("DIR").show_default();
  line.option("--name", options->name, "The city's name").value_name("NAME");
  line.option("--devices", options->devices, "Its intersections, as GeoJSON or CSV").value_name("FILE");
  line.option("--ci", options->ci, "A workflow for github, gitlab, both or none")
      .one_of({"github", "gitlab", "both", "none"});
  return [options](const Context& context) { return run_init(*options, context); };
}

}  // namespace

const Subcommand init_command{
    .name = "init",
    .summary = "Make a new city repository that lints clean",
    .details =
        R"(Writes greenwave.yaml, devices.geojson, a first manifest and, with --ci, a workflow that runs lint and impact.
Their first line tells an editor with a YAML language server which schema they follow, where Greenwave is installed.
On a terminal it asks for what is not given as an option. It never overwrites a file.

The first line of a CSV names its columns: longitude and latitude; optionally id, name, district, corridor, model
and role, and "label.KEY" for other labels. Any other column becomes a property of the device.

Exit codes: 0 done, 1 the new repository does not lint clean, 2 it could not be written.

Examples:
  greenwave init                                    asks
  greenwave init city --name springfield --ci github
  greenwave init city --name springfield --devices intersections.csv --ci gitlab)",
    .declare = declare_init,
};

}  // namespace greenwave::cli
