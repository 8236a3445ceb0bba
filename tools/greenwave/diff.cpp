#include <nlohmann/json.hpp>

#include "cli.h"
#include "text.h"

namespace greenwave::cli {

namespace {

int show_diff(const Context& context) {
  const auto diff = context.client().diff();
  if (context.json) {
    print(diff);
  } else {
    print(diff_text(diff, context.style));
  }
  return diff.value("changes", nlohmann::json::array()).empty() ? 0 : 1;
}

}  // namespace

const Subcommand diff_command{
    .name = "diff",
    .summary = "What a sync would change, as unified diffs; changes nothing",
    .details =
        R"(Secret contents are never shown. Exit codes: 0 nothing would change, 1 something would, 2 the diff
failed.

Examples:
  greenwave diff
  greenwave diff -o json | jq -r '.changes[].object')",
    .declare = [](CommandLine&) -> Action { return show_diff; },
};

}  // namespace greenwave::cli
