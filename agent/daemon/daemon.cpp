#include "daemon/daemon.h"

#include <algorithm>
#include <future>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/version.h"
#include "daemon/backoff.h"
#include "daemon/schedule.h"
#include "daemon/wiring.h"
#include "git/store.h"
#include "sync/objects.h"

namespace greenwave::daemon {

using state::Trigger;

namespace {

constexpr Duration pause_look = std::chrono::seconds(1);
constexpr Duration look_ahead = std::chrono::seconds(20);
constexpr auto longest_sleep = std::chrono::seconds(30);  ///< well within the watchdog's patience

}  // namespace

Daemon::Daemon(std::filesystem::path config_file, std::filesystem::path root, const Log& log,
               const Clock& clock, std::function<void()> heartbeat)
    : config_file_(std::move(config_file)),
      root_(std::move(root)),
      log_(log),
      clock_(clock),
      heartbeat_(std::move(heartbeat)),
      process_(fmt::format("{:08x}{:08x}", std::random_device{}(), std::random_device{}())),
      random_(std::random_device{}()) {
  git::initialize();
  open(config::load_config(config_file_, root_), nullptr);
}

Daemon::~Daemon() = default;

const config::Config& Daemon::config() const {
  return wiring_->config;
}

/// With the state that is open already, where there is one. What was there before stays when this throws.
void Daemon::open(config::Config config, std::shared_ptr<state::State> opened) {
  if (!config.identity_files.empty()) {
    for (const auto& undone : guard_memory()) log_.warning(undone);
  }
  if (!opened) opened = open_state(config, log_);
  wiring_ = std::make_unique<Wiring>(std::move(config), opened, log_, clock_, stop_, process_, heartbeat_);

  const auto& settings = wiring_->config;
  const Lock lock(mutex_);
  state_ = std::move(opened);
  describe_ = wiring_->describe();
  status_.version = program_version;
  status_.device = settings.device;
  status_.repository = settings.repository.url;
  status_.branch = settings.repository.branch;
  status_.phase = "idle";
  status_.notes = wiring_->notes();
  status_.pause = state_->pause();
  status_.unreachable_since = wiring_->sync.unreachable_since();
  const auto past = state_->history(recent_syncs);
  if (const auto last = std::ranges::find_if(past, state::is_sync); last != past.end()) {
    status_.last_sync = last->started;
    status_.last_result = last->result;
    status_.last_error = last->error;
  }
}

void Daemon::replace_config() {
  try {
    auto config = config::load_config(config_file_, root_);
    const bool same_state = wiring_->config.database() == config.database();
    open(std::move(config), same_state ? state() : nullptr);
    log_.info(fmt::format("read {} again", config_file_.native()));
  } catch (const Error& error) {
    log_.error(fmt::format("the configuration stays as it was: {}", error.what()));
  }
}

std::shared_ptr<state::State> Daemon::state() const {
  const Lock lock(mutex_);
  return state_;
}

void Daemon::run() {
  struct Ending {
    Daemon& agent;
    ~Ending() { agent.end_jobs(); }
  };
  const Ending ending{
      *this};  // of an error too: else a control request waits for ever, and the daemon for it
  make_busy_directory();
  wiring_->start(log_);
  plan_next(nullptr);
  while (!stop_) {
    const auto [waiting, job, reload] = wait_for_work();
    heartbeat_();
    if (stop_) break;
    if (reload) {
      replace_config();
      plan_next(nullptr);
    }
    if (job) job();
    const auto pause = waiting && !waiting->request.force ? standing_pause() : std::nullopt;
    if (pause) {
      refuse(*waiting, *pause);
    } else if (waiting) {
      const auto result =
          sync(waiting->request, waiting->request.bundle ? Trigger::bundle : Trigger::request, waiting->runs);
      plan_next(&result);
    } else if (has_opened()) {
      go_on();
    } else if (clock_.tick() >= next_ && !standing_pause()) {
      const auto result = sync({}, Trigger::interval, {});
      plan_next(&result);
    } else if (clock_.tick() >= next_) {
      plan_next(nullptr);
    }
  }
  log_.info("stopped");
}

Daemon::Work Daemon::wait_for_work() {
  const auto wake = next_wake();
  Work work;
  const Lock lock(mutex_);
  while (!stop_ && !reload_ && waiting_.empty() && jobs_.empty()) {
    if (!wake_.wait_until(mutex_, wake)) break;
  }
  if (!waiting_.empty()) {
    work.waiting = std::move(waiting_.front());
    waiting_.pop_front();
  }
  work.reload = std::exchange(reload_, false);
  if (!jobs_.empty()) {
    work.job = std::move(jobs_.front());
    jobs_.pop_front();
  }
  return work;
}

/// Who waits for one is told so.
void Daemon::end_jobs() {
  const Lock lock(mutex_);
  ended_ = true;
  jobs_.clear();
}

/// A sync that was asked for while a pause holds: who paused may be working on the device.
void Daemon::refuse(const Waiting& waiting, const state::Pause& pause) {
  const auto text = fmt::format("paused until {} by {} ({}); run greenwave resume first, or sync --force",
                                to_iso(pause.until), pause.who, pause.reason);
  for (const auto& run : waiting.runs)
    run->add({.kind = "done", .text = text, .object = {}, .ok = false, .exit_code = 2});
}

/// Where programs say "not now"; the installed one comes from tmpfiles, with the group that may.
void Daemon::make_busy_directory() const {
  try {
    make_directories(wiring_->config.busy(), 0775);
  } catch (const Error& error) {
    log_.warning(error.what());
  }
}

/// Slept through in pieces, since the wall clock that windows go by may jump: at the first answer of NTP for
/// one, which is waited for with a closer eye.
Instant Daemon::next_wake() const {
  const auto now = clock_.now();
  const auto tick = clock_.tick();
  if (!opening_) return std::min(next_, tick + longest_sleep);
  const Duration piece = now < clock_is_set ? std::chrono::seconds(1) : longest_sleep;
  return std::min({next_, tick + piece, tick + std::max(*opening_ - now, Duration::zero())});
}

/// With what waited, though not during a pause.
void Daemon::go_on() {
  if (standing_pause()) {
    opening_ = clock_.now() + pause_look;
    return;
  }
  sync::Request request;
  request.poll = false;  // fetched and verified ahead of it
  opening_ = sync(request, Trigger::window, {}).standing.waiting_until;
}

bool Daemon::has_opened() const {
  return opening_ && clock_.now() >= *opening_;
}

void Daemon::plan_next(const sync::Result* last) {
  const auto& device = wiring_->config.device;
  const auto interval = wiring_->config.repository.interval;
  const auto now = clock_.now();
  const double random = std::uniform_real_distribution<double>(0, 1)(random_);
  Duration wait{};
  if (last != nullptr) {
    wait = next_poll(now, interval, device, random) - now;
  } else if (!wiring_->sync.applied().empty()) {
    wait = first_poll(now, interval, device) - now;
  }
  if (last != nullptr) opening_ = last->standing.waiting_until;
  // A last look at the repository shortly before a window opens: what came meanwhile is fetched and verified.
  if (opening_ && now + look_ahead < *opening_) wait = std::min(wait, *opening_ - look_ahead - now);
  if (last != nullptr && last->again) wait = Duration::zero();
  // A commit that is refused is no reason to leave the server alone: the next one may come any minute.
  failures_ = last != nullptr && last->exit_code == 2 && !last->answered ? failures_ + 1 : 0;
  if (failures_ > 0) wait = std::max(wait, backoff(failures_, wiring_->transport->retry_after(), random));
  next_ = clock_.tick() + wait;
  const Lock lock(mutex_);
  status_.next_sync = now + wait;
}

std::optional<state::Pause> Daemon::standing_pause() {
  try {
    {
      const Lock lock(mutex_);  // a new pause must not end with the old one
      const auto pause = state_->pause();
      if (!pause) return {};
      if (auto now = state::standing(*pause, clock_)) return now;
      state_->set_pause({});
    }
    record_pause(Trigger::resume, "", "the pause ended by itself");
  } catch (const Error& error) {
    if (error.fault() != Fault::transient) throw;
    log_.error(error.what());  // a full disk makes no pause longer
  }
  return {};
}

sync::Result Daemon::once(const sync::Request& request) {
  auto result = sync(request, Trigger::once, {});
  for (const auto& note : wiring_->notes()) log_.info(note);
  return result;
}

sync::Result Daemon::sync(const sync::Request& request, Trigger trigger,
                          const std::vector<std::shared_ptr<Run>>& runs) {
  const auto received = wiring_->transport->bytes_received();
  sync::Result result;
  try {
    result =
        sync_or_recover(request, trigger, [this, &runs](const sync::Event& event) { tell(event, runs); });
  } catch (const Error& error) {
    result.exit_code = 2;
    result.record.started = clock_.now();
    result.record.result = state::SyncResult::error;
    result.record.error = error.what();
  }
  const auto& record = result.record;
  if (!record.error.empty()) log_.error(record.error, {{"COMMIT", record.commit}});
  publish(result);
  {
    const Lock lock(mutex_);
    // A transport that was replaced meanwhile counts from zero.
    const auto now = wiring_->transport->bytes_received();
    status_.bytes_last_sync = now < received ? now : now - received;
    status_.bytes_received += status_.bytes_last_sync;
  }
  report_(wiring_->config, status(), &result);
  const auto text = record.error.empty() ? fmt::format("{}: {}", to_string(record.result),
                                                       count_of(result.standing.objects, "object"))
                                         : record.error;
  const sync::Event done{
      .kind = "done", .text = text, .object = {}, .ok = result.exit_code == 0, .exit_code = result.exit_code};
  for (const auto& run : runs) run->add(done);
  return result;
}

sync::Result Daemon::sync_or_recover(const sync::Request& request, Trigger trigger,
                                     const sync::Observer& observer) {
  try {
    return wiring_->sync.run(request, trigger, observer);
  } catch (const Error& error) {
    if (error.fault() != Fault::damaged) throw;
    log_.error(error.what());
  }
  // The configuration stays the one that it was: what the file says by now may be wrong.
  auto kept = state();
  if (!kept->sound()) {
    // Who still reads the file that is moved away, through the control API, reads it to the end.
    state::State::set_aside(wiring_->config.database());
    kept.reset();
  }
  open(wiring_->config, std::move(kept));
  return wiring_->sync.run(request, trigger, observer);
}

void Daemon::tell(const sync::Event& event, const std::vector<std::shared_ptr<Run>>& runs) {
  heartbeat_();
  if (event.kind == "step") {
    const LogFields fields{{"OBJECT", event.object}, {"STEP", event.text}, {"COMMIT", event.commit}};
    event.ok ? log_.info(event.text, fields) : log_.error(event.text, fields);
  } else if (event.kind == "problem") {
    event.ok ? log_.warning(event.text) : log_.error(event.text);
  } else {
    log_.debug(event.text);
  }
  if (event.kind == "phase") {
    const Lock lock(mutex_);
    status_.phase = event.text.substr(0, event.text.find(' '));
  }
  for (const auto& run : runs) run->add(event);
}

void Daemon::publish(const sync::Result& result) {
  const auto& standing = result.standing;
  const Lock lock(mutex_);
  status_.phase = "idle";
  status_.last_sync = result.record.started;
  status_.last_result = result.record.result;
  status_.last_took = result.record.took;
  status_.last_error = result.record.error;
  status_.cluster = standing.cluster;
  status_.followed = standing.followed;
  status_.unreachable_since = standing.unreachable_since;
  status_.commit = standing.commit;
  status_.signer = standing.signer;
  status_.objects = standing.objects;
  status_.in_sync = standing.in_sync;
  status_.drifted = standing.repaired;
  status_.failed = standing.failed;
  status_.problems = standing.problems;
  status_.waiting = standing.waiting;
  status_.waiting_why = standing.waiting_why;
  status_.waiting_until = standing.waiting_until;
  status_.rejected = standing.rejected;
  status_.notes = wiring_->notes();
}

void Daemon::stop() {
  {
    const Lock lock(mutex_);  // else run() may look just before it, and sleep just after
    stop_ = true;
  }
  wake_.notify_all();
}

void Daemon::reload() {
  {
    const Lock lock(mutex_);
    reload_ = true;
  }
  wake_.notify_all();
}

Status Daemon::status() const {
  const Lock lock(mutex_);
  auto status = status_;
  if (status.pause) status.pause = state::standing(*status.pause, clock_);
  return status;
}

std::vector<state::SyncRecord> Daemon::history(std::size_t most) const {
  return state()->history(most);
}

std::shared_ptr<Run> Daemon::request_sync(const sync::Request& request) {
  auto run = std::make_shared<Run>();
  {
    const Lock lock(mutex_);
    const auto same = [&](const Waiting& one) {
      return (one.request.bundle == nullptr) == (request.bundle == nullptr);
    };
    auto waiting = std::ranges::find_if(waiting_, same);
    if (waiting == waiting_.end()) {
      waiting = waiting_.insert(waiting_.end(), Waiting{request, {}});
    } else if (request.bundle) {
      throw Error(Fault::conflict, "a sync from a bundle waits already", "try again when it has ended");
    }
    waiting->request.force |= request.force;
    waiting->request.allow_empty |= request.allow_empty;
    if (request.now) {
      waiting->request.now = true;
      waiting->request.who = request.who;
      waiting->request.reason = request.reason;
    }
    waiting->runs.push_back(run);
  }
  wake_.notify_all();
  return run;
}

nlohmann::json Daemon::objects(const std::string& text) const {
  sync::Describe more;
  {
    const Lock lock(mutex_);
    more = describe_;
  }
  return sync::describe_objects(*state(), text, more);
}

nlohmann::json Daemon::diff() {
  auto task = std::make_shared<std::packaged_task<nlohmann::json()>>([this] { return wiring_->sync.diff(); });
  auto answer = task->get_future();
  {
    const Lock lock(mutex_);
    if (!ended_) jobs_.emplace_back([task] { (*task)(); });
  }
  task.reset();  // from here on it lives as long as the job does
  wake_.notify_all();
  try {
    return answer.get();
  } catch (const std::future_error&) {
    throw Error(Fault::transient, "the agent stops", "ask again when it runs");
  }
}

void Daemon::pause(Duration duration, const std::string& who, const std::string& reason) {
  if (duration <= Duration::zero() || duration > state::longest_pause) {
    throw Error(Fault::invalid, "a pause lasts from 1s to 7d", "write --for 2h, for example");
  }
  const auto pause = state::pause_for(duration, who, reason, clock_);
  {
    const Lock lock(mutex_);
    state_->set_pause(pause);
  }
  record_pause(Trigger::pause, who, fmt::format("for {}: {}", to_words(duration), reason));
}

void Daemon::resume(const std::string& who) {
  {
    const Lock lock(mutex_);
    if (!state_->pause()) throw Error(Fault::conflict, "the agent is not paused");
    state_->set_pause({});
  }
  record_pause(Trigger::resume, who, "");
}

void Daemon::record_pause(Trigger trigger, const std::string& who, const std::string& reason) {
  {
    const Lock lock(mutex_);
    status_.pause = state_->pause();
    if (!ended_) jobs_.emplace_back([this] { report_(wiring_->config, status(), nullptr); });
  }
  wake_.notify_all();
  state::SyncRecord record;
  record.started = clock_.now();
  record.trigger = trigger;
  record.who = who;
  record.result = trigger == Trigger::pause ? state::SyncResult::paused : state::SyncResult::resumed;
  record.error = reason;
  state()->record(record, clock_.now());
  log_.info(fmt::format("{} {}{}", to_string(record.result), who.empty() ? "" : "by " + who,
                        reason.empty() ? "" : ": " + reason));
}

}  // namespace greenwave::daemon
