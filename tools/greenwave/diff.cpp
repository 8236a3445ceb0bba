#include <nlohmann/json.hpp>

#include "cli.h"
#include "text.h"

namespace greenwave::cli {

namespace {

constexpr const char* help =
    R"(Secret contents are never shown. Exit codes: 0 nothing would change, 1 something would, 2 it could not
be worked out.

Examples:
  greenwave diff
  greenwave diff -o json | jq -r '.changes[].object')";

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

void add_diff(CLI::App& app, Action& chosen) {
  auto* command = app.add_subcommand("diff", "What a sync would change, as unified diffs; changes nothing");
  command->footer(help_of(help));
  command->callback([&chosen] { chosen = show_diff; });
}

}  // namespace greenwave::cli
