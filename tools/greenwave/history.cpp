#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli.h"
#include "last_state.h"
#include "text.h"

namespace greenwave::cli {

namespace {

std::vector<state::SyncRecord> read_history(const Context& context, std::size_t most) {
  try {
    const auto answer = context.client().get(fmt::format("/v1/history?limit={}", most));
    std::vector<state::SyncRecord> syncs;
    for (const auto& sync : answer.at("syncs")) syncs.push_back(state::sync_record_from_json(sync));
    return syncs;
  } catch (const Unreachable& error) {
    auto syncs = last_history(context, most);
    print_error(error, false);
    return syncs;
  }
}

int show_history(const Context& context, std::size_t most) {
  const auto syncs = read_history(context, most);
  if (!context.json) {
    print(history_text(syncs, SystemClock().now(), context.style));
    return 0;
  }
  auto list = nlohmann::json::array();
  for (const auto& sync : syncs) list.push_back(state::to_json(sync));
  print(nlohmann::json{{"syncs", std::move(list)}});
  return 0;
}

Action declare_history(CommandLine& line) {
  const auto most = std::make_shared<std::size_t>(10);
  line.option("-n", *most, "How many to show").between(1, 1000).show_default();
  return [most](const Context& context) { return show_history(context, *most); };
}

}  // namespace

const Subcommand history_command{
    .name = "history",
    .summary = "The last syncs that changed something or failed, newest first",
    .details =
        R"(Syncs that changed nothing are not recorded. Exit codes: 0 shown, 2 it could not be read.

Examples:
  greenwave history
  greenwave history -n 100 -o json)",
    .declare = declare_history,
};

}  // namespace greenwave::cli
