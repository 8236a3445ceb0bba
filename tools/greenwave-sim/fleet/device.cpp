#include "fleet/device.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "base/version.h"
#include "fleet/body_stream.h"
#include "git/protocol_v2.h"
#include "http/preference.h"
#include "model/wave.h"

namespace greenwave::sim {

namespace {

// As the agent's HTTP has them.
constexpr Duration grace = std::chrono::seconds(6);
constexpr Duration freshness = std::chrono::seconds(12);
constexpr Duration silence = std::chrono::seconds(60);

/// How long a device takes to apply a commit: from one to four times this.
constexpr Duration quickest_apply = std::chrono::milliseconds(250);
/// config::Health::settle.
constexpr Duration settle = std::chrono::seconds(10);

constexpr std::size_t objects = 30;
constexpr std::size_t longest_tip = 64;
constexpr std::size_t longest_list = std::size_t{64} * 1024;

constexpr const char* process = "simulated";

/// 127.1.0.0 and what follows: an address for each device.
constexpr std::uint32_t first_source = 0x7f010001;

std::uint32_t source_of(std::size_t number) {
  return first_source + static_cast<std::uint32_t>(number);
}

state::SyncRecord record_of(const git::Commit& commit, Time now) {
  state::SyncRecord record;
  record.started = now;
  record.took = settle;
  record.trigger = state::Trigger::interval;
  record.commit = commit.id;
  record.subject = commit.subject;
  record.author = commit.author;
  record.result = state::SyncResult::in_sync;
  auto& action = record.actions.emplace_back();
  action.verb = "update";
  action.object = "File/coordination";
  return record;
}

/// As its city's inventory has it: without labels.
greenwave::Device as_listed(const std::string& id) {
  greenwave::Device device;
  device.id = id;
  device.in_inventory = true;
  return device;
}

}  // namespace

Device::Device(World& world, City& city, std::size_t number, std::string id,
               const std::optional<ClientIdentity>& identity)
    : world_(world),
      city_(city),
      id_(std::move(id)),
      timetable_(world.clock, world.random()),
      git_(world.loop, city.git, source_of(number), city.git_traffic, *this),
      following_{.branch = city.address.branch},
      reports_(world, city, id_, source_of(number), identity, [this] { return status(); }) {}

Device::~Device() {
  power_off();
}

void Device::install(const std::shared_ptr<const Fetched>& fetched) {
  commit_ = good_ = fetched->commit;
  target_ = known_ = fetched->commit.id;
  course_ = sync::proved({}, commit_.id, {}, {});
  following_ = sync::decided(following_, fetched->cluster, as_listed(id_));
  following_.arrived_by = following_.refs().front();
}

void Device::power_on() {
  is_on_ = true;
  commit_.id.empty() ? timetable_.start(pace()) : timetable_.pass(pace());
  reports_.power_on();
  if (course_.trial) {
    course_ = sync::resumed(std::move(course_), target_, process, world_.clock.now());
    working_ = world_.loop.after(world_.clock.real(settle), [this] { judge(); });
  }
  plan();
}

void Device::power_off() {
  is_on_ = false;
  world_.loop.cancel(std::exchange(timer_, 0));
  world_.loop.cancel(std::exchange(working_, 0));
  git_.close();
  doing_ = Doing::nothing;
  // What a process of the agent's knew.
  has_tip_file_ = true;
  can_hold_ = knows_greeting_ = false;
  tip_ = {};
  fresh_until_ = {};
  hold_length_ = {};
  reports_.power_off();
}

void Device::look_again() {
  if (!is_on_) return;
  plan();
  reports_.look_again();
}

/// Holds a question where there is time for it, and looks again when something is due.
void Device::plan() {
  world_.loop.cancel(std::exchange(timer_, 0));
  const auto now = world_.clock.tick();
  if (doing_ == Doing::nothing && can_hold_ && !coming_) {
    if (const auto time = timetable_.time_to_hold()) hold(std::min(*time, hold_length_.next()));
  }
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(timetable_.wake() - now);
  timer_ = world_.loop.after(world_.clock.real(std::max<Duration>(wait, Duration::zero())), [this] {
    timer_ = 0;
    look();
  });
}

void Device::look() {
  if (timetable_.is_poll_due()) return poll();
  if (timetable_.is_repair_due()) timetable_.repaired(pace());
  plan();
}

void Device::ended(bool was_answered, Duration retry_after) {
  doing_ = Doing::nothing;
  sync::Result result;
  result.answered = was_answered;
  result.exit_code = was_answered ? 0 : 2;
  timetable_.ended(result, pace(), retry_after);
  was_answered ? ++city_.tally.polls : ++city_.tally.failed_polls;
  city_.tally.poll_took.add(std::chrono::duration_cast<Duration>(world_.clock.tick() - due_));
  plan();
}

void Device::ask(Doing what, const std::string& path, const std::string& headers, const std::string& body,
                 Duration patience) {
  doing_ = what;
  const auto& address = city_.address;
  // The words, and their order, are libcurl's.
  auto request = fmt::format("{} {}{} HTTP/1.1\r\nHost: {}:{}\r\n{}", body.empty() ? "GET" : "POST",
                             address.path, path, address.host, address.port, headers);
  if (!body.empty()) request += fmt::format("Content-Length: {}\r\n", body.size());
  request += "\r\n" + body;
  git_.send(std::move(request), patience, what == Doing::listing ? longest_list : longest_tip);
}

void Device::poll() {
  if (coming_) {  // a commit is being tried: the device does one thing at a time
    timetable_.pass(pace());
    return plan();
  }
  if (doing_ == Doing::holding) git_.close();
  timetable_.asked(pace());
  due_ = world_.clock.tick();
  if (!has_tip_file_) return list_refs();
  if (world_.clock.tick() < std::exchange(fresh_until_, {})) return found(following_.refs().front(), tip_);
  ask(Doing::polling, ".tip/" + following_.refs().front(),
      tip_.empty() ? "" : fmt::format("If-None-Match: {}\r\n", tip_tag_), "", silence);
  plan();
}

void Device::list_refs() {
  if (!knows_greeting_) {
    return ask(Doing::greeting, "/info/refs?service=git-upload-pack", "Git-Protocol: version=2\r\n", "",
               silence);
  }
  ask(Doing::listing, "/git-upload-pack",
      "Content-Type: application/x-git-upload-pack-request\r\nGit-Protocol: version=2\r\n",
      git::v2::ls_refs_request(following_.refs()), silence);
}

void Device::hold(Duration most) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(most);
  held_for_ = seconds;
  held_since_ = world_.clock.tick();
  ++city_.tally.holds;
  ask(Doing::holding, ".tip/" + following_.refs().front(),
      fmt::format("Prefer: wait={}\r\nIf-None-Match: {}\r\n", seconds.count(), tip_tag_), "",
      world_.clock.real(seconds + grace));
}

void Device::answered(Connection& /*by*/, Response& response) {
  switch (doing_) {
    case Doing::polling:
      return took_tip(response);
    case Doing::greeting:
      return took_greeting(response);
    case Doing::listing:
      return took_refs(response);
    case Doing::holding:
      return took_held(response);
    case Doing::fetching:
      if (response.status != 200) return lost(git_);
      return send_next();
    case Doing::nothing:
      return;
  }
}

void Device::took_tip(Response& response) {
  can_hold_ = response.varies_by_preference;
  if (response.status == 404) {
    has_tip_file_ = false;
    return list_refs();
  }
  if (response.status == 200) {
    tip_ = CommitId(std::string(trim(response.body)));
    tip_tag_ = response.etag;
  } else if (response.status != 304 || tip_.empty()) {
    return ended(false, response.retry_after);
  }
  found(following_.refs().front(), tip_);
}

void Device::took_greeting(const Response& response) {
  knows_greeting_ = response.status == 200;
  knows_greeting_ ? list_refs() : ended(false, response.retry_after);
}

void Device::took_refs(const Response& response) {
  if (response.status != 200) {
    knows_greeting_ = false;
    return ended(false, response.retry_after);
  }
  try {
    BodyStream stream(response.body);
    git::PacketReader reader(stream);
    git::RefSearch refs(following_.refs());
    git::v2::read_ls_refs(reader, refs);
    found(refs.found(), refs.result());
  } catch (const Error&) {
    knows_greeting_ = false;
    ended(false, {});
  }
}

void Device::took_held(Response& response) {
  doing_ = Doing::nothing;
  can_hold_ = response.varies_by_preference;
  fresh_until_ = world_.clock.tick() + freshness;
  const bool has_changed = response.status == 200;
  if (has_changed) {
    tip_ = CommitId(std::string(trim(response.body)));
    tip_tag_ = response.etag;
  } else if (response.applied_wait) {
    hold_length_.lasted(held_for_);
  } else {
    can_hold_ = false;  // until the next poll
  }
  timetable_.held(has_changed ? git::Held::changed : git::Held::same, pace());
  plan();
}

void Device::lost(Connection& /*by*/) {
  if (doing_ == Doing::holding) {
    doing_ = Doing::nothing;
    ++city_.tally.lost_holds;
    const auto after = std::chrono::duration_cast<Duration>(world_.clock.tick() - held_since_);
    hold_length_.lost(std::min(after, held_for_));
    can_hold_ = false;
    timetable_.held(git::Held::lost, pace());
    return plan();
  }
  if (doing_ == Doing::fetching) ++city_.tally.failed_fetches;
  coming_.reset();
  ended(false, {});
}

void Device::found(const std::string& ref, const CommitId& target) {
  target_ = target;
  if (std::exchange(known_, target) != target) city_.tally.commits[target].known.add(SystemClock().now());
  const bool is_rejected = course_.rejected && course_.rejected->commit == target;
  if (target == commit_.id || is_rejected) {
    following_.arrived_by = target == commit_.id ? ref : following_.arrived_by;
    return ended(true, {});
  }
  fetch(target);
}

void Device::fetch(const CommitId& target) {
  doing_ = Doing::fetching;
  const Step step{.city = city_.number, .from = commit_.id, .to = target, .wave_ref = following_.wave_ref};
  world_.rehearsals.ask(step, id_, following_, [this](const std::shared_ptr<const Fetched>& fetched) {
    if (!is_on_ || doing_ != Doing::fetching) return;
    if (!fetched) return ended(false, {});
    coming_ = fetched;
    sent_ = 0;
    send_next();
  });
}

void Device::send_next() {
  if (sent_ == coming_->requests.size()) return has_fetched();
  const auto& next = coming_->requests[sent_++];
  const auto* type = next.body.empty() ? "" : "Content-Type: application/x-git-upload-pack-request\r\n";
  ask(Doing::fetching, next.path, fmt::format("{}Git-Protocol: version=2\r\n", type), next.body, silence);
}

void Device::has_fetched() {
  ++city_.tally.fetches;
  const auto& fetched = *coming_;
  if (fetched.commit.id.empty() || fetched.commit.id == commit_.id) {
    if (!fetched.why_not.empty()) ++city_.tally.refused_commits;
    coming_.reset();
    return ended(true, {});
  }
  city_.tally.commits[fetched.commit.id].fetched.add(SystemClock().now());
  following_ = sync::decided(following_, fetched.cluster, as_listed(id_));
  following_.arrived_by = fetched.ref;
  apply();
}

/// By nothing but time.
void Device::apply() {
  course_ = sync::begun(
      std::move(course_),
      {.commit = coming_->commit.id, .process = process, .changes = true, .acts = true, .reached = true});
  commit_ = coming_->commit;
  const auto takes =
      quickest_apply +
      Duration(static_cast<std::int64_t>(random() * 3 * static_cast<double>(quickest_apply.count())));
  working_ = world_.loop.after(world_.clock.real(takes + settle), [this] { judge(); });
  ended(true, {});
  reports_.news();
}

/// Whether the commit on trial is kept.
void Device::judge() {
  working_ = 0;
  coming_.reset();
  auto record = record_of(commit_, world_.clock.now());
  if (!breaks(commit_)) {
    course_ = sync::proved(std::move(course_), commit_.id, {}, {});
    good_ = commit_;
    city_.tally.commits[commit_.id].well.add(SystemClock().now());
  } else {
    const auto bad = commit_.id;
    course_ = sync::found_unwell(std::move(course_), "SystemdUnit/signal failed: exit status 1");
    if (course_.is_reverting()) {
      course_ = sync::reverted(sync::turning_back(std::move(course_), process), {}, world_.clock.now());
      commit_ = good_;
    }
    city_.tally.commits[bad].taken_back.add(SystemClock().now());
    record.result = state::SyncResult::reverted;
  }
  reports_.news(record);
  plan();
}

/// What a commit does to a device is said by its subject: "… (breaks)".
bool Device::breaks(const git::Commit& commit) const {
  return commit.subject.ends_with("(breaks)");
}

daemon::Status Device::status() const {
  daemon::Status status;
  status.version = program_version;
  status.device = id_;
  status.cluster = city_.address.name;
  status.branch = city_.address.branch;
  status.followed = {.wave = following_.wave, .ref = following_.arrived_by, .target = target_};
  if (!commit_.id.empty()) status.commit = commit_;
  status.phase = "idle";
  status.last_sync = world_.clock.now();
  status.last_result = course_.rejected ? state::SyncResult::reverted : state::SyncResult::in_sync;
  status.interval = city_.interval;
  status.objects = status.in_sync = objects;
  status.rejected = course_.rejected;
  status.trial = sync::trial_of(course_);
  status.bytes_received = city_.git_traffic.received;
  return status;
}

double Device::random() {
  return std::uniform_real_distribution<>(0, 1)(world_.random);
}

}  // namespace greenwave::sim
