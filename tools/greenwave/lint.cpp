#include "lint/lint.h"

#include <nlohmann/json.hpp>

#include "city/approvals.h"
#include "city/command.h"
#include "city/source.h"
#include "cli.h"

namespace greenwave::cli {

namespace {

struct LintCommandOptions {
  CityOptions city;
  std::string where = ".";
  TrustOptions trust;
};

std::vector<git::PathApproval> approvals_of(const LintCommandOptions& options) {
  const auto approvers = Approvers::from(options.trust);
  if (!approvers) return {};
  const auto named = commit_named(options.where);
  return approvers->judge(*named.repository, options.city.path, {}, named.commit);
}

int run_lint(const LintCommandOptions& options, const Context& context) {
  const auto format = format_of(options.city, context);
  return guarded(format == "json", [&] {
    const auto source = CitySource::open(options.where, options.city.path);
    const auto result = lint(source.tree(), {.rules = rules_of(options.city),
                                             .labels = labels_of(options.city),
                                             .approvals = approvals_of(options)});
    if (format == "json") {
      print(lint_json(result, source.shown_prefix()));
    } else if (format == "github") {
      print(lint_github(result, source.repository_prefix()));
    } else if (format == "sarif") {
      print(lint_sarif(result, source.repository_prefix()));
    } else {
      print(lint_text(result, source.shown_prefix(), context.style));
    }
    return result.count(Severity::error) > 0 ? 1 : 0;
  });
}

Action declare_lint(CommandLine& line) {
  const auto options = std::make_shared<LintCommandOptions>();
  line.option("where", options->where, "DIR, REPOSITORY@REVISION or @REVISION")
      .value_name("WHERE")
      .show_default();
  add_city_options(line, options->city, {"text", "json", "github", "sarif"});
  add_trust_options(line, options->trust);
  return [options](const Context& context) { return run_lint(*options, context); };
}

}  // namespace

const Subcommand lint_command{
    .name = "lint",
    .summary = "Find problems in a city's repository before they reach a device",
    .details =
        R"(Renders every device in the inventory and checks the result as the device would; what several devices share
is checked once. Formats: text, json, github (annotations of a pull request), sarif (code scanning).

Exit codes: 0 no errors (there may be warnings), 1 errors, 2 the repository could not be read.

Examples:
  greenwave lint                            the files in this directory
  greenwave lint @HEAD~1                    a commit of this repository
  greenwave lint /srv/city.git@main --path traffic
  greenwave lint -o github                  in a GitHub workflow
  greenwave lint --allow / --label arch=arm64
  greenwave lint --trust agent.yaml         also: is HEAD approved, as trust.paths asks?)",
    .declare = declare_lint,
};

}  // namespace greenwave::cli
