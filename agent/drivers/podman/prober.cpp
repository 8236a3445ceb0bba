#include "drivers/podman/prober.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/tcp.h"
#include "base/text.h"
#include "drivers/podman/host_paths.h"
#include "drivers/podman/stop.h"
#include "http/grpc_health.h"
#include "http/status.h"

namespace greenwave::drivers::podman {

namespace {

using std::chrono::steady_clock;

constexpr auto longest_rest = std::chrono::hours(1);
constexpr int most_looks = 10;
constexpr auto between_looks = std::chrono::milliseconds(500);

/// Init containers have had their turn.
void start_again(Service& service, const Container& known, const std::vector<Container>& containers) {
  const auto in_turns = [&](const Container& one) {
    return one.pod == known.pod && one.role != Container::Role::main;
  };
  if (std::ranges::none_of(containers, in_turns)) {
    service.start_pod(known.pod);
  } else {
    service.start_container(known.id);
  }
}

}  // namespace

std::map<std::string, std::string> ProbeBoard::unready() const {
  const Lock lock(mutex_);
  return unready_;
}

bool ProbeBoard::restarts(const std::string& id) const {
  const Lock lock(mutex_);
  return restarting_.contains(id);
}

Prober::Prober(const workload::Rules& rules, std::filesystem::path socket,
               std::function<void(std::string_view)> tell)
    : rules_(rules), socket_(std::move(socket)), tell_(std::move(tell)) {}

Prober::~Prober() {
  {
    const Lock lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

workload::ProbeCourse Prober::course_of(const Container& container) {
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  const auto age =
      std::chrono::duration_cast<std::chrono::seconds>(wall) - std::chrono::seconds(container.started);
  const auto known = std::clamp<std::chrono::seconds>(age, std::chrono::seconds(0), std::chrono::hours(24));
  return {workload::probes_from(container.probes, container.short_name()), steady_clock::now() - known};
}

void Prober::watch(const std::vector<Container>& containers) {
  std::map<std::string, Target> now;
  const Lock lock(mutex_);
  for (const auto& container : containers) {
    const auto known = targets_.find(container.id);
    const bool is_known = known != targets_.end();
    const bool restarts = is_known && board_->restarts(container.id);
    const bool runs = container.is_running();
    const bool lives_on = is_known && runs && known->second.container.started == container.started;
    if (restarts || lives_on) {
      now.insert(targets_.extract(known));
    } else if (runs && workload::probes_from(container.probes, container.short_name()).any()) {
      now.emplace(container.id, Target{container, course_of(container), {}, {}});
    }
  }
  targets_ = std::move(now);
  publish();
  if (!targets_.empty() && !thread_.joinable()) thread_ = std::thread([this] { run(); });
  wake_.notify_all();
}

std::set<std::string> Prober::take_restarted() {
  const Lock lock(mutex_);
  return std::exchange(restarted_, {});
}

void Prober::publish() {
  const Lock lock(board_->mutex_);
  board_->unready_.clear();
  for (const auto& [id, target] : targets_) {
    if (auto why = target.course.unready()) board_->unready_[id] = std::move(*why);
  }
}

void Prober::run() {
  Service service(socket_, stop_);
  const Lock lock(mutex_);
  while (!stop_) round(service);
}

/// Waits for the next probe that is due, runs it, and acts on the result. Holds the lock except while it
/// runs.
void Prober::round(Service& service) {
  const auto next =
      std::ranges::min_element(targets_, {}, [](const auto& one) { return one.second.course.next(); });
  const auto now = steady_clock::now();
  if (next == targets_.end() || next->second.course.next() > now) {
    const auto until = next == targets_.end() ? now + longest_rest
                                              : std::min(next->second.course.next(), now + longest_rest);
    wake_.wait_until(mutex_, until);
    return;
  }
  auto asked = next->second;
  const auto kind = asked.course.due();
  ProbeResult result;
  {
    const Unlock meanwhile(mutex_);
    result = ask(service, asked, kind);
  }
  const auto found = targets_.find(asked.container.id);
  if (found == targets_.end() || found->second.container.started != asked.container.started) return;
  auto& target = found->second;
  target.address = asked.address;
  target.sessions = asked.sessions;
  if (!result.known) {
    target.course.postpone(kind, steady_clock::now());
    return;
  }
  const bool lost = target.course.note(kind, result.failure, steady_clock::now());
  const auto why = target.course.unready().value_or("");
  publish();
  if (!lost || stop_) return;
  {
    const Lock board(board_->mutex_);
    board_->restarting_.insert(asked.container.id);
  }
  std::optional<Container> restarted;
  {
    const Unlock meanwhile(mutex_);
    restarted = restart(service, asked.container, why);
  }
  restarted_.insert(asked.container.pod);
  {
    const Lock board(board_->mutex_);
    board_->restarting_.erase(asked.container.id);
  }
  const auto again = targets_.find(asked.container.id);
  if (again == targets_.end()) return;
  targets_.erase(again);
  if (restarted && restarted->is_running())
    targets_.emplace(restarted->id, Target{*restarted, course_of(*restarted), {}, {}});
  publish();
}

/// Returns true if the prober must stop.
bool Prober::rest(Duration time) {
  const auto deadline = steady_clock::now() + time;
  const Lock lock(mutex_);
  while (!stop_ && wake_.wait_until(mutex_, deadline)) {
  }
  return stop_;
}

/// Restarts the container, unless it has changed since the probe ran. Returns it as it is afterwards.
std::optional<Container> Prober::restart(Service& service, const Container& known, const std::string& why) {
  const auto look = [&]() -> std::optional<Container> {
    for (auto& container : service.containers()) {
      if (container.id == known.id) return std::move(container);
    }
    return {};
  };
  try {
    auto now = look();
    if (!now || !now->is_running() || now->started != known.started) return now;
    if (known.restart == "Never") {
      tell_(fmt::format("{} {}: it is stopped", printable(known.name), why));
      service.stop_container(known.id, run_stop_hook(service, known, known.grace));
      return {};
    }
    check_mounts(rules_, service, known.id);
    tell_(fmt::format("{} {}: it is restarted", printable(known.name), why));
    try {
      service.restart_container(known.id, run_stop_hook(service, known, known.grace));
    } catch (const Error&) {
      // The loop below starts it.
    }
    // Podman stops a pod when its last container stops. It may do so late, after the restart.
    int looks_up = 0;
    for (int tries = 0; tries < most_looks && looks_up < 2; ++tries) {
      if (rest(between_looks)) return {};
      now = look();
      if (!now) return {};
      looks_up = now->is_running() ? looks_up + 1 : 0;
      if (looks_up == 0) start_again(service, known, service.containers());
    }
    return now;
  } catch (const Error& error) {
    tell_(fmt::format("{} cannot be restarted: {}", printable(known.name), error.what()));
    return known;
  }
}

Prober::ProbeResult Prober::ask(Service& service, Target& target, workload::ProbeCourse::Kind kind) {
  const auto& probe = target.course.probe(kind);
  try {
    if (probe.how == workload::Probe::How::exec) return ask_command(service, target, kind);
    if (probe.host.empty() && target.address.empty())
      target.address = service.network(target.container.id).address;
    const auto& host = probe.host.empty() ? target.address : probe.host;
    if (host.empty()) return {false, {}};
    try {
      if (probe.how == workload::Probe::How::tcp) {
        connect_tcp(host, static_cast<unsigned>(probe.port), probe.timeout, stop_, "the probe");
        return {};
      }
      const auto shown = host.find(':') == std::string::npos ? host : fmt::format("[{}]", host);
      if (probe.how == workload::Probe::How::grpc)
        return {true,
                http::grpc_failure(fmt::format("{}:{}", shown, probe.port), probe.service, probe.timeout)};
      const auto status = http::get_status(
          fmt::format("{}://{}:{}{}", probe.tls ? "https" : "http", shown, probe.port, probe.path),
          probe.headers, probe.timeout, http::Certificate::any);
      if (status >= 200 && status < 400) return {};
      return {true, fmt::format("it answers with status {}", status)};
    } catch (const Error& error) {
      return {true, error.message()};
    }
  } catch (const Error&) {
    return {false, {}};  // podman does not answer, which says nothing about the container
  }
}

/// A command that did not end in time cannot be killed from here: no second one is started beside it.
Prober::ProbeResult Prober::ask_command(Service& service, Target& target, workload::ProbeCourse::Kind kind) {
  const auto& probe = target.course.probe(kind);
  if (const auto last = target.sessions.find(kind); last != target.sessions.end()) {
    if (!service.exec_status(last->second)) return {true, "its last run has not ended yet"};
    target.sessions.erase(last);
  }
  const auto session = service.create_exec(target.container.id, probe.command);
  const auto status = service.run_exec(session, probe.timeout);
  if (!status) {
    target.sessions[kind] = session;
    return {true, fmt::format("it did not end within {}", to_words(probe.timeout))};
  }
  if (*status == 0) return {};
  return {true, fmt::format("it ended with exit status {}", *status)};
}

}  // namespace greenwave::drivers::podman
