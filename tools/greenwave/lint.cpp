#include "lint/lint.h"

#include <nlohmann/json.hpp>

#include "city/command.h"
#include "city/source.h"
#include "cli.h"

namespace greenwave::cli {

namespace {

struct LintCommandOptions {
  CityOptions city;
  std::string where = ".";
};

int run_lint(const LintCommandOptions& options, const Context& context) {
  const auto format = format_of(options.city, context);
  return guarded(format == "json", [&] {
    const auto source = CitySource::open(options.where, options.city.path);
    const auto report =
        lint(source.tree(), {.allowed_paths = allowed_of(options.city), .labels = labels_of(options.city)});
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

Action declare_lint(CommandLine& line) {
  const auto options = std::make_shared<LintCommandOptions>();
  line.option("where", options->where, "DIR, REPOSITORY@REVISION or @REVISION").show_default();
  add_city_options(line, options->city, {"text", "json", "github", "sarif"});
  return [options](const Context& context) { return run_lint(*options, context); };
}

}  // namespace

const Subcommand lint_command{
    .name = "lint",
    .summary = "Finds in a city's repository what would go wrong on any of its devices",
    .details =
        R"(Every device of the inventory is rendered, what is equal for several once, and judged as the device itself
would judge it. Formats: text, json, github (annotations of a pull request), sarif (code scanning).

Exit codes: 0 no errors (there may be warnings), 1 errors, 2 it could not be looked at.

Examples:
  greenwave lint                            the files in this directory
  greenwave lint @HEAD~1                    a commit of this repository
  greenwave lint /srv/city.git@main --path traffic
  greenwave lint -o github                  in a GitHub workflow
  greenwave lint --allow / --label arch=arm64)",
    .declare = declare_lint,
};

}  // namespace greenwave::cli
