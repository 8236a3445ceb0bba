#include "daemon/sync_loop.h"

#include <algorithm>
#include <random>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "daemon/own_service.h"
#include "daemon/situation.h"
#include "daemon/wiring.h"

namespace greenwave::daemon {

using state::Trigger;

namespace {

/// How long systemd may take to stop the agent.
constexpr Duration longest_restart = std::chrono::minutes(1);

/// Where programs say "not now"; the installed one comes from tmpfiles, with the group that may.
void make_busy_directory(const config::Config& config, const Log& log) {
  try {
    make_directories(config.busy(), 0775);
  } catch (const Error& error) {
    log.warning(error.what());
  }
}

/// A sync that was asked for while a pause holds: who paused may be working on the device.
void refuse(const Asked& asked, const state::Pause& pause) {
  const auto text = fmt::format("paused until {} by {} ({}); run greenwave resume first, or sync --force",
                                to_iso(pause.until), pause.who, pause.reason);
  for (const auto& run : asked.runs)
    run->add({.kind = "done", .text = text, .object = {}, .ok = false, .exit_code = 2});
}

void complain(const Log& log, Repeats& repeats, const std::string& text, const LogFields& fields) {
  if (const auto due = repeats.due(text)) log.error(*due, fields);
}

void write_to(const Log& log, const sync::Event& event, Repeats& repeats) {
  if (event.kind == "step") {
    const LogFields fields{{"OBJECT", event.object}, {"STEP", event.text}, {"COMMIT", event.commit.text()}};
    event.ok ? log.info(event.text, fields) : complain(log, repeats, event.text, fields);
  } else if (event.kind == "problem") {
    event.ok ? log.warning(event.text) : complain(log, repeats, event.text, {});
  } else {
    log.debug(event.text);
  }
}

sync::Event last_word(const sync::Result& result, const Status& status) {
  const auto& error = result.record.error;
  const auto first = judge_sync(status, result.record).first();
  auto text = error.empty() ? sentence(first, status) : error;
  if (first == Situation::in_sync) text += fmt::format(": {}", count_of(status.objects, "object"));
  return {
      .kind = "done", .text = text, .object = {}, .ok = result.exit_code == 0, .exit_code = result.exit_code};
}

std::string new_name() {
  return fmt::format("{:08x}{:08x}", std::random_device{}(), std::random_device{}());
}

Pace pace_of(const config::Config& config) {
  return {config.device, config.repository.interval};
}

}  // namespace

SyncLoop::SyncLoop(LoopParts parts) : parts_(std::move(parts)), timetable_(parts_.clock) {
  open(config::load_config(parts_.config_file, parts_.root), nullptr, new_name());
}

SyncLoop::~SyncLoop() = default;

const config::Config& SyncLoop::config() const {
  return wiring_->config;
}

std::vector<std::string> SyncLoop::notes() const {
  return wiring_->notes();
}

nlohmann::json SyncLoop::diff() {
  const UnderWay under_way(parts_.queue, "a diff");
  return wiring_->sync.diff();
}

/// With the state that is open already, where there is one. What was there before stays when this throws.
void SyncLoop::open(config::Config config, std::shared_ptr<state::State> opened, std::string process) {
  if (!config.identity_files.empty()) {
    for (const auto& undone : guard_memory()) parts_.log.warning(undone);
  }
  if (!opened) opened = open_state(config, parts_.log, parts_.clock);
  const Surroundings around{.log = parts_.log,
                            .clock = parts_.clock,
                            .stop = parts_.queue.stopped(),
                            .heartbeat = parts_.heartbeat,
                            .fetch = parts_.fetch};
  wiring_ = std::make_unique<Wiring>(std::move(config), opened, process, around);
  process_ = std::move(process);
  parts_.state.replace(opened, wiring_->describe());
  standing_ = wiring_->sync.standing();
  parts_.board.opened(wiring_->config, *opened, wiring_->notes(), standing_);
}

void SyncLoop::replace_config() {
  try {
    auto config = config::load_config(parts_.config_file, parts_.root);
    const bool same_state = wiring_->config.database() == config.database();
    open(std::move(config), same_state ? parts_.state.get() : nullptr, new_name());
    parts_.log.info(fmt::format("read {} again", parts_.config_file.native()));
  } catch (const Error& error) {
    parts_.log.error(fmt::format("the configuration stays as it was: {}", error.what()));
  }
}

void SyncLoop::run() {
  struct Ending {
    RequestQueue& queue;
    ~Ending() { queue.close(); }
  };
  // Of an error too: otherwise a control request would never end, and the daemon would wait for it.
  const Ending ending{parts_.queue};
  make_busy_directory(wiring_->config, parts_.log);
  wiring_->start(parts_.log);
  start_timetable();
  const auto& stopped = parts_.queue.stopped();
  while (!stopped) {
    parts_.board.planned(timetable_.next_poll());
    const auto work = parts_.queue.next(timetable_.wake());
    parts_.heartbeat();
    if (!stopped) take(work);
  }
  parts_.log.info("stopped");
}

/// What was changed itself shows at once whether it is well.
void SyncLoop::renew() {
  if (!is_own_service()) {
    replace_config();
    return start_timetable();
  }
  try {
    restart_own_service();
    parts_.log.info("restarting, since a commit changed what the agent starts with");
  } catch (const Error& error) {
    return parts_.log.error(fmt::format("cannot restart: {}", error.what()));
  }
  const auto deadline = parts_.clock.tick() + longest_restart;
  while (!parts_.queue.stops_within(std::chrono::seconds(1)) && parts_.clock.tick() < deadline) {
    parts_.heartbeat();
  }
}

/// A device that was never brought to a commit waits for nothing, nor does an agent that was changed.
void SyncLoop::start_timetable() {
  if (wiring_->sync.applied().empty() || wiring_->sync.answers_for_change()) {
    timetable_.start();
  } else {
    timetable_.pass(pace_of(config()));
  }
}

void SyncLoop::take(const Work& work) {
  if (work.reload) {
    replace_config();
    start_timetable();
  }
  if (work.job) work.job();
  if (!work.sync) return look_at_clock();
  const auto& request = work.sync->request;
  const auto pause = request.force ? std::nullopt : parts_.pauses.standing();
  if (pause) return refuse(*work.sync, *pause);
  const auto result = sync(*work.sync, request.bundle ? Trigger::bundle : Trigger::request);
  timetable_.ended(result, pace_of(config()), wiring_->transport->retry_after());
  if (result.renews) renew();
}

void SyncLoop::look_at_clock() {
  if (timetable_.has_opened()) {
    if (parts_.pauses.standing()) return timetable_.look_again();
    // What waited was fetched and verified ahead of it.
    const auto trigger = timetable_.has_window() ? Trigger::window : Trigger::retry;
    const auto result = sync({{.poll = false}, {}}, trigger);
    timetable_.goes_on(result.standing);
    if (result.renews) renew();
  } else if (timetable_.is_poll_due()) {
    if (parts_.pauses.standing()) return timetable_.pass(pace_of(config()));
    const auto result = sync({}, Trigger::interval);
    timetable_.ended(result, pace_of(config()), wiring_->transport->retry_after());
    if (result.renews) renew();
  }
}

sync::Result SyncLoop::sync(const Asked& asked, Trigger trigger) {
  const UnderWay under_way(parts_.queue, "another sync");
  const auto observer = [this, &asked](const sync::Event& event) {
    parts_.heartbeat();
    write_to(parts_.log, event, repeats_);
    if (event.kind == "phase") parts_.board.entered(event.text);
    for (const auto& run : asked.runs) run->add(event);
    parts_.queue.tell(event);
  };
  const auto before = wiring_->transport->bytes_received();
  sync::Result result;
  try {
    result = sync_or_recover(asked.request, trigger, observer);
    standing_ = result.standing;
  } catch (const Error& error) {
    // The state cannot be read or written. Nothing waits for a moment that may be over.
    result.standing = standing_ = known_standing();
    result.standing.waiting_until.reset();
    result.exit_code = 2;
    result.record.started = parts_.clock.now();
    result.record.result = state::SyncResult::error;
    result.record.error = error.what();
  }
  const auto& record = result.record;
  if (!record.error.empty()) complain(parts_.log, repeats_, record.error, {{"COMMIT", record.commit.text()}});
  repeats_.end_sync();
  // A transport that was replaced meanwhile counts from zero.
  const auto after = wiring_->transport->bytes_received();
  parts_.board.ended(result, wiring_->notes(), after < before ? after : after - before);
  const auto status = parts_.board.read();
  result.exit_code = std::max(result.exit_code, judge_sync(status, result.record).exit_code);
  report(&result);
  const auto done = last_word(result, status);
  for (const auto& run : asked.runs) run->add(done);
  parts_.queue.tell(done);
  return result;
}

void SyncLoop::report(const sync::Result* result) {
  const auto status = parts_.board.read();
  for (auto* const sink : sinks_) sink->take({wiring_->config, status, result});
}

/// As much as can still be read.
sync::Standing SyncLoop::known_standing() {
  try {
    return wiring_->sync.standing();
  } catch (const Error&) {
    return standing_;
  }
}

sync::Result SyncLoop::sync_or_recover(const sync::Request& request, Trigger trigger,
                                       const sync::Observer& observer) {
  auto kept = parts_.state.get();
  try {
    return wiring_->sync.run(request, trigger, observer);
  } catch (const Error& error) {
    if (error.fault() != Fault::damaged) throw;
    // Who still reads the file that is moved away, through the control API, reads it to the end.
    if (kept->sound()) {
      parts_.log.error(error.what());
    } else {
      kept = begin_state_again(wiring_->config, error, parts_.log, parts_.clock);
    }
  }
  // The configuration stays the one that it was: what the file says by now may be wrong.
  open(wiring_->config, std::move(kept), process_);
  return wiring_->sync.run(request, trigger, observer);
}

}  // namespace greenwave::daemon
