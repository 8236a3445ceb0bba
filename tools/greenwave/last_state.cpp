#include "last_state.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "daemon/saved_status.h"
#include "state/evidence.h"
#include "state/state.h"
#include "sync/objects.h"

namespace greenwave::cli {

namespace {

std::unique_ptr<state::State> open(const Context& context) {
  auto state = state::State::open_read_only(context.database);
  if (state) return state;
  throw Error(Fault::invalid, fmt::format("there is no saved state at {}", context.database.native()),
              "check --config and --root, or start the daemon: sudo systemctl start greenwaved");
}

constexpr const char* unfinished = "unknown: an apply did not finish";

}  // namespace

daemon::Status last_status(const Context& context) {
  const auto state = open(context);
  return daemon::saved_status(context.config ? &*context.config : nullptr, *state, SystemClock());
}

std::vector<state::SyncRecord> last_history(const Context& context, std::size_t most) {
  return open(context)->history(most);
}

std::vector<nlohmann::json> last_evidence(const Context& context, std::int64_t above) {
  return open(context)->evidence(above, state::most_lines);
}

nlohmann::json last_objects(const Context& context, const std::string& name) {
  auto objects = sync::describe_objects(*open(context), name);
  for (auto& object : objects) {
    auto& state = object["state"];
    if (state == "unfinished") state = unfinished;
    if (state == "in sync") state = "in sync when the daemon last ran";
  }
  return objects;
}

}  // namespace greenwave::cli
