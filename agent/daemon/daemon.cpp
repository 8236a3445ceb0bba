#include "daemon/daemon.h"

#include <future>
#include <thread>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "daemon/fetch_teller.h"
#include "git/store.h"
#include "sync/objects.h"

namespace greenwave::daemon {

namespace {

LoopParts with_git(LoopParts parts) {
  git::initialize();
  return parts;
}

/// A fetch on another thread must not vouch for the one that syncs, which this is.
std::function<void()> beat_of_this_thread(std::function<void()> heartbeat) {
  return [heartbeat = std::move(heartbeat), own = std::this_thread::get_id()] {
    if (std::this_thread::get_id() == own) heartbeat();
  };
}

}  // namespace

Daemon::Daemon(std::filesystem::path config_file, std::filesystem::path root, const Log& log,
               const Clock& clock, std::function<void()> heartbeat, bool once)
    : log_(log),
      board_(clock),
      fetch_(clock, beat_of_this_thread(heartbeat)),
      pauses_(state_, clock, log,
              [this](const std::optional<state::Pause>& pause) {
                board_.paused(pause);
                queue_.post([this] { loop_.report(nullptr); });
              }),
      loop_(with_git({.config_file = std::move(config_file),
                      .root = std::move(root),
                      .log = log,
                      .clock = clock,
                      .heartbeat = std::move(heartbeat),
                      .fetch = fetch_,
                      .queue = queue_,
                      .board = board_,
                      .state = state_,
                      .pauses = pauses_,
                      .once = once})) {}

sync::Result Daemon::once(const sync::Request& request) {
  const FetchTeller teller(fetch_, log_);
  auto result = loop_.sync({request, {}}, state::Trigger::once);
  for (const auto& note : loop_.notes()) log_.info(note);
  return result;
}

Status Daemon::status() const {
  auto status = board_.read();
  status.fetch = fetch_.read();
  if (!status.fetch) return status;
  status.phase = "fetching";  // also where it goes on with what an earlier one began, which enters no phase
  if (status.fetch->rate > 0) status.stale = false;
  return status;
}

std::vector<state::SyncRecord> Daemon::history(std::size_t most) const {
  return state_.get()->history(most);
}

std::vector<nlohmann::json> Daemon::evidence(std::int64_t above, std::size_t most) const {
  return state_.get()->evidence(above, most);
}

nlohmann::json Daemon::objects(const std::string& text) const {
  return sync::describe_objects(*state_.get(), text, state_.describe());
}

nlohmann::json Daemon::diff() {
  auto found = std::make_shared<std::promise<nlohmann::json>>();
  auto answer = found->get_future();
  queue_.post([this, found = std::move(found)] { loop_.diff(found); });
  try {
    return answer.get();
  } catch (const std::future_error&) {
    throw Error(Fault::transient, "the agent is shutting down", "try again once it runs");
  }
}

void Daemon::pause(Duration duration, const std::string& who, const std::string& reason) {
  pauses_.begin(duration, who, reason);
}

}  // namespace greenwave::daemon
