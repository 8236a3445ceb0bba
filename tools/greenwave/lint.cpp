#include "lint/lint.h"

#include <nlohmann/json.hpp>

#include "city/command.h"
#include "city/source.h"
#include "cli.h"

namespace greenwave::cli {

namespace {

constexpr const char* help =
    R"(Every device of the inventory is rendered, what is equal for several once, and judged as the device itself
would judge it. Formats: text, json, github (annotations of a pull request), sarif (code scanning).

Exit codes: 0 no errors (there may be warnings), 1 errors, 2 it could not be looked at.

Examples:
  greenwave lint                            the files in this directory
  greenwave lint @HEAD~1                    a commit of this repository
  greenwave lint /srv/city.git@main --path traffic
  greenwave lint -o github                  in a GitHub workflow
  greenwave lint --allow / --label arch=arm64)";

struct Asked {
  CityOptions city;
  std::string where = ".";
};

int run_lint(const Asked& asked, const Context& context) {
  const auto format = format_of(asked.city, context);
  return guarded(format == "json", [&] {
    const auto source = CitySource::open(asked.where, asked.city.path);
    LintOptions options;
    options.labels = labels_of(asked.city);
    options.allowed_paths = allowed_of(asked.city);
    const auto report = lint(source.tree(), options);
    if (format == "json") {
      print(lint_json(report, source.shown_prefix()));
    } else if (format == "github") {
      print(lint_github(report, source.repository_prefix()));
    } else if (format == "sarif") {
      print(lint_sarif(report, source.repository_prefix()));
    } else {
      print(lint_text(report, source.shown_prefix(), context.style));
    }
    return report.count(Severity::error) > 0 ? 1 : 0;
  });
}

}  // namespace

void add_lint(CLI::App& app, Action& chosen) {
  auto* command =
      app.add_subcommand("lint", "Finds in a city's repository what would go wrong on any of its devices");
  const auto asked = std::make_shared<Asked>();
  command->add_option("where", asked->where, "DIR, REPOSITORY@REVISION or @REVISION")->capture_default_str();
  add_city_options(*command, asked->city, {"text", "json", "github", "sarif"});
  command->footer(help_of(help));
  command->callback(
      [&chosen, asked] { chosen = [asked](const Context& context) { return run_lint(*asked, context); }; });
}

}  // namespace greenwave::cli
