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
#include "daemon/trusted.h"
#include "daemon/wiring.h"

namespace greenwave::daemon {

using state::Trigger;

namespace {

/// How long systemd may take to stop the agent.
constexpr Duration longest_restart = std::chrono::minutes(1);

/// A server that tells of so many changes without a pause is not listened to for an interval.
constexpr unsigned most_changes = 10;

/// Who may open a file in busy.d may lock it, and hold up every restart.
constexpr mode_t busy_mode = 0770;

/// Where programs say "not now"; the installed one comes from tmpfiles, with the group that may.
void make_busy_directory(const config::Config& config, const Log& log) {
  try {
    make_directories(config.busy(), busy_mode);
    // One of an older version let everyone in.
    std::filesystem::permissions(config.busy(), std::filesystem::perms::others_all,
                                 std::filesystem::perm_options::remove);
  } catch (const std::exception& error) {
    log.warning(error.what());
  }
}

/// A sync that was asked for while a pause holds: who paused may be working on the device.
void refuse(const Asked& asked, const state::Pause& pause, state::State& state, Time now) {
  const auto text = fmt::format("paused until {} by {} ({}); run greenwave resume first, or sync --force",
                                to_iso(pause.until), pause.who, pause.reason);
  for (const auto& run : asked.runs)
    run->add({.kind = "done", .text = text, .object = {}, .ok = false, .exit_code = 2});
  if (asked.request.who.empty()) return;
  state::SyncRecord record;
  record.started = now;
  record.trigger = asked.request.bundle ? Trigger::bundle : Trigger::request;
  record.who = asked.request.who;
  record.reason = asked.request.reason;
  record.result = state::SyncResult::error;
  record.error = text;
  state.note(record);
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

}  // namespace

SyncLoop::SyncLoop(LoopParts parts) : parts_(std::move(parts)), timetable_(parts_.clock) {
  open(config::load_config(parts_.config_file, parts_.root), nullptr, new_name());
}

SyncLoop::~SyncLoop() = default;

const config::Config& SyncLoop::config() const {
  return wiring_->config;
}

Pace SyncLoop::pace() const {
  return {config().device, config().repository.interval};
}

std::vector<std::string> SyncLoop::notes() const {
  return wiring_->notes();
}

/// With the state that is open already, where there is one. What was there before stays when this throws.
void SyncLoop::open(config::Config config, std::shared_ptr<state::State> opened, std::string process) {
  if (!config.identity_files.empty()) {
    for (const auto& undone : guard_memory()) parts_.log.warning(undone);
  }
  if (!opened) opened = open_state(config, parts_.log, parts_.clock);
  watch_.reset();
  fetcher_.reset();
  const Surroundings around{.log = parts_.log,
                            .clock = parts_.clock,
                            .stop = parts_.queue.stopped(),
                            .heartbeat = parts_.heartbeat,
                            .fetch = parts_.fetch,
                            .once = parts_.once};
  wiring_ = std::make_unique<Wiring>(std::move(config), opened, process, around);
  note_trusted(*opened, trusted(wiring_->config, wiring_->trust), parts_.clock.now());
  received_ = 0;
  parts_.queue.stops_too(wiring_->give_up);
  fetcher_.emplace(wiring_->intake, parts_.queue.stopped(), *wiring_->give_up,
                   [this] { parts_.queue.post([this] { arrive(); }); });
  watch_.emplace(wiring_->intake, parts_.queue.stopped(), *wiring_->give_up,
                 [this] { parts_.queue.post([this] { watched(); }); });
  process_ = std::move(process);
  parts_.state.replace(opened, wiring_->describe());
  standing_ = wiring_->sync.standing();
  parts_.board.opened(wiring_->config, *opened, wiring_->notes(), standing_);
  ask_again();
}

void SyncLoop::replace_config() {
  try {
    auto config = config::load_config(parts_.config_file, parts_.root);
    const bool same_state = wiring_->config.database() == config.database();
    open(std::move(config), same_state ? parts_.state.get() : nullptr, new_name());
    parts_.log.info(fmt::format("read {} again", parts_.config_file.native()));
    report(nullptr);
  } catch (const Error& error) {
    parts_.log.error(fmt::format("the configuration stays as it was: {}", error.what()));
  }
}

void SyncLoop::run() {
  struct Ending {
    SyncLoop& loop;
    ~Ending() {
      loop.watch_.reset();
      loop.fetcher_.reset();
      loop.fetching_.reset();
      loop.parts_.queue.close();
    }
  };
  // Of an error too: otherwise a control request would never end, and the daemon would wait for it.
  const Ending ending{*this};
  make_busy_directory(wiring_->config, parts_.log);
  wiring_->start(parts_.log);
  start_timetable();
  const auto& stopped = parts_.queue.stopped();
  while (!stopped) {
    watch();
    parts_.board.planned(timetable_.next_sync());
    const auto work = parts_.queue.next(timetable_.wake(), fetching_ ? Give::from_bundles : Give::all);
    parts_.heartbeat();
    if (!stopped) take(work);
  }
  parts_.log.info("stopped");
}

/// What was changed itself shows at once whether it is well.
void SyncLoop::renew() {
  if (is_own_service()) return restart("a commit changed what the agent starts with");
  replace_config();
  start_timetable();
}

/// A package that brings a new program asks for no more than this: nothing that runs for a sync is ended.
void SyncLoop::reload() {
  if (is_own_service() && was_upgraded()) return restart("the agent, or a library of it, was upgraded");
  replace_config();
  start_timetable();
}

void SyncLoop::restart(const std::string& reason) {
  try {
    restart_own_service();
    parts_.log.info(fmt::format("restarting: {}", reason));
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
  if (fetching_ && fetching_->sync) {
    timetable_.asked(pace());
  } else if (wiring_->sync.applied().empty() || wiring_->sync.answers_for_change()) {
    timetable_.start(pace());
  } else {
    timetable_.pass(pace());
  }
}

void SyncLoop::take(const Work& work) {
  if (work.reload) reload();
  if (work.job) work.job();
  work.sync ? take_request(*work.sync) : look_at_clock();
}

/// A bundle is there already: it waits for no server.
void SyncLoop::take_request(const Asked& asked) {
  const auto& request = asked.request;
  const auto pause = request.force ? std::nullopt : parts_.pauses.standing();
  if (pause) return refuse(asked, *pause, *parts_.state.get(), parts_.clock.now());
  if (!request.bundle) return fetch(asked, Trigger::request);
  fetcher_->interrupt();
  const auto result = sync(asked, Trigger::bundle);
  plan_after(result);
  if (result.renews) return renew();
  ask_again();
}

void SyncLoop::look_at_clock() {
  const bool has_opened = timetable_.has_opened();
  if (!has_opened && timetable_.is_poll_due()) {
    if (fetching_ || parts_.pauses.standing()) return timetable_.pass(pace());
    return fetch({}, Trigger::interval);
  }
  if (!has_opened && !timetable_.is_repair_due()) return;
  if (parts_.pauses.standing()) return has_opened ? timetable_.look_again() : timetable_.repaired(pace());
  // What waited was fetched and verified ahead of it.
  auto trigger = Trigger::interval;
  if (has_opened) trigger = timetable_.has_window() ? Trigger::window : Trigger::retry;
  const auto result = sync({{.poll = false}, {}}, trigger);
  timetable_.goes_on(result.standing);
  timetable_.repaired(pace());
  if (result.renews) renew();
}

void SyncLoop::fetch(const Asked& asked, Trigger trigger) {
  fetching_.reset(new Fetching{UnderWay(parts_.queue, "another sync"), asked, trigger});
  timetable_.asked(pace());
  ask();
}

/// Where nothing is to be done for a while, and the server can say that there is something. During a pause
/// nobody wants to know.
void SyncLoop::watch() {
  if (fetching_ || watch_->is_on() || !wiring_->intake.can_hold()) return;
  if (parts_.clock.tick() < deaf_until_) return;
  const auto time = timetable_.time_to_hold();
  if (time && !parts_.pauses.standing()) watch_->begin(*time);
}

void SyncLoop::watched() {
  const auto held = watch_->take();
  if (!held || fetching_) return;
  parts_.log.debug(held == git::Held::changed ? "the server says that the ref has changed"
                                              : "the server said nothing new");
  changes_ = held == git::Held::changed ? changes_ + 1 : 0;
  if (changes_ == most_changes) {
    changes_ = 0;
    deaf_until_ = parts_.clock.tick() + pace().interval;
  }
  timetable_.held(*held, pace());
}

void SyncLoop::ask() {
  watch_->end();
  fetcher_->ask(wiring_->sync.question(), [this](const std::string& text) {
    const sync::Event phase{.kind = "phase", .text = text};
    parts_.log.debug(text);
    parts_.board.entered(text);
    if (fetching_->sync) {
      for (const auto& run : fetching_->sync->runs) run->add(phase);
    }
    parts_.queue.tell(phase);
  });
}

/// The server is not being asked.
void SyncLoop::plan_after(const sync::Result& result) {
  timetable_.ended(result, pace(), wiring_->transport->retry_after());
}

/// What was interrupted.
void SyncLoop::ask_again() {
  if (!fetching_) return;
  if (fetching_->sync) timetable_.asked(pace());
  ask();
}

/// It may be that what arrived was interrupted meanwhile.
void SyncLoop::arrive() {
  if (!fetching_ || !fetcher_->has_arrived()) return;
  auto delivery = fetcher_->take();
  const auto fetched = std::move(fetching_);
  go_on(*fetched, std::move(delivery));
}

void SyncLoop::go_on(Fetching& fetched, sync::Delivery delivery) {
  if (!fetched.sync) return answer(fetched.diffs, {}, std::move(delivery));
  const auto& asked = *fetched.sync;
  const auto pause = asked.request.force ? std::nullopt : parts_.pauses.standing();
  if (pause) {
    refuse(asked, *pause, *parts_.state.get(), parts_.clock.now());
    timetable_.pass(pace());
    return answer(fetched.diffs, {}, std::move(delivery));
  }
  const auto result = sync(asked, fetched.trigger, std::move(delivery));
  plan_after(result);
  if (!fetched.diffs.empty()) answer(fetched.diffs, {.poll = false}, {});
  if (result.renews) renew();
}

/// From the commit that is being fetched, if one is.
void SyncLoop::diff(Diff answer) {
  const bool is_new = fetching_ == nullptr;
  if (is_new) fetching_.reset(new Fetching{UnderWay(parts_.queue, "a diff")});
  fetching_->diffs.push_back(std::move(answer));
  if (is_new) ask();
}

void SyncLoop::answer(const std::vector<Diff>& diffs, const sync::Request& request,
                      std::optional<sync::Delivery> delivery) {
  if (diffs.empty()) return;
  try {
    const auto found = wiring_->sync.diff(request, std::move(delivery));
    for (const auto& diff : diffs) diff->set_value(found);
  } catch (...) {
    for (const auto& diff : diffs) diff->set_exception(std::current_exception());
  }
}

sync::Result SyncLoop::sync(const Asked& asked, Trigger trigger, std::optional<sync::Delivery> delivery) {
  const UnderWay under_way(parts_.queue, "another sync");
  watched();
  watch_->end();  // a sync may need the server
  const auto observer = [this, &asked](const sync::Event& event) {
    parts_.heartbeat();
    write_to(parts_.log, event, repeats_);
    if (event.kind == "phase") parts_.board.entered(event.text);
    for (const auto& run : asked.runs) run->add(event);
    if (!fetching_) parts_.queue.tell(event);
  };
  sync::Result result;
  try {
    result = sync_or_recover(asked.request, trigger, observer, std::move(delivery));
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
  parts_.board.ended(result, wiring_->notes(), bytes_since_last_sync());
  const auto status = parts_.board.read();
  result.exit_code = std::max(result.exit_code, judge_sync(status, result.record).exit_code);
  report(&result);
  const auto done = last_word(result, status);
  for (const auto& run : asked.runs) run->add(done);
  if (!fetching_) parts_.queue.tell(done);
  return result;
}

/// None while the server is being asked: they are those of the sync that takes the answer.
std::uint64_t SyncLoop::bytes_since_last_sync() {
  if (fetching_) return 0;
  const auto now = wiring_->transport->bytes_received();
  return now - std::exchange(received_, now);
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
                                       const sync::Observer& observer,
                                       std::optional<sync::Delivery> delivery) {
  auto kept = parts_.state.get();
  try {
    return wiring_->sync.run(request, trigger, observer, std::move(delivery));
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
