#include "report/reporter.h"

#include <algorithm>
#include <random>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/backoff.h"
#include "base/file.h"
#include "daemon/schedule.h"
#include "daemon/wiring.h"
#include "report/report.h"

namespace greenwave::report {

namespace {

constexpr Duration longest_backoff = std::chrono::minutes(10);
/// Of reports that the hub does not take: they must not hold up those that it does.
constexpr Duration longest_detour = std::chrono::minutes(1);
constexpr Duration between_renewals = std::chrono::hours(1);

}  // namespace

Reporter::Reporter(ReporterParts parts, const config::Config& config)
    : parts_(std::move(parts)),
      facts_(daemon::device_facts()),
      wanted_(settings_of(config)),
      trouble_(parts_.log, parts_.remark),
      thread_([this] { run(); }) {}

Reporter::~Reporter() {
  {
    const Lock lock(mutex_);
    stop_ = true;
  }
  woken_.notify_all();
  thread_.join();
}

Reporter::Settings Reporter::settings_of(const config::Config& config) const {
  auto labels = facts_;
  for (const auto& [key, value] : config.labels) labels[key] = value;
  return {.hub = config.hub, .device = config.device, .labels = std::move(labels)};
}

void Reporter::take(const daemon::Outcome& outcome) {
  auto settings = settings_of(outcome.config);
  {
    const Lock lock(mutex_);
    wanted_ = std::move(settings);
    news_ = true;
  }
  woken_.notify_all();
}

void Reporter::run() {
  while (wait()) {
    try {
      report();
    } catch (const http::TransferError& error) {
      fail(error.what(), longest_backoff);
    } catch (const Error& error) {
      if (stop_) return;
      trouble_.blocked(fmt::format("cannot report to the hub: {}", error.what()));
      wait_longer({}, longest_backoff);
    }
  }
}

/// Until there is something to do; false: this ends.
bool Reporter::wait() {
  const Lock lock(mutex_);
  while (!stop_) {
    if (wanted_ != settings_) {
      if (wanted_.hub.url != settings_.hub.url) outbox_.begin_again();
      settings_ = wanted_;
      failures_ = 0;
      not_before_ = {};
      plan_heartbeat(true);
    }
    if (settings_.hub.url.empty()) {
      trouble_.forget();
      woken_.wait(mutex_);
      continue;
    }
    const auto now = parts_.clock.tick();
    const auto due = std::max(not_before_, news_ || go_on_ ? now : heartbeat_);
    if (due <= now) break;
    woken_.wait_until(mutex_, due);
  }
  news_ = false;
  return !stop_;
}

void Reporter::report() {
  go_on_ = false;
  const bool beat = parts_.clock.tick() >= heartbeat_;
  if (!link_.refresh(settings_.hub)) {
    trouble_.blocked(
        fmt::format("this device does not report to the hub {0}, since it is not enrolled: "
                    "sudo greenwave enroll --hub {0}",
                    settings_.hub.url));
    return plan_heartbeat(false);
  }
  renew_certificate();
  const auto state = parts_.state.get();
  outbox_.open(state, parts_.clock.now());
  const auto parcel =
      outbox_.next({.device = settings_.device,
                    .now = parts_.clock.now(),
                    .state = state_of(parts_.agent.status(), settings_.labels, parts_.clock.boot_time())},
                   beat);
  if (parcel) hear(link_.send(post_of("/v1/reports", parcel->body, most_answer_bytes)));
}

void Reporter::hear(const http::Response& response) {
  const auto refusal = [&] { return read_refusal(response.status, response.body); };
  switch (response.status) {
    case 200:
      return acknowledge(read_acknowledgement(response.body));
    case 400:
      // A proxy answers so too, to a certificate that it does not like: that is about no report.
      if (!is_refusal(response.body)) break;
      [[fallthrough]];
    case 413:
      trouble_.mention(fmt::format("a report was not taken, and is left out: {}", refusal()));
      outbox_.refused();
      return wait_longer({}, longest_detour);
    case 401:
    case 403:
      trouble_.blocked(fmt::format("the hub {} refuses this device: {}", settings_.hub.url, refusal()));
      not_before_ = parts_.clock.tick() + longest_backoff;
      go_on_ = true;
      return;
    case 409:
      outbox_.known_boot(read_known_boot(response.body));
      go_on_ = true;
      if (std::exchange(answered_conflict_, true)) wait_longer({}, longest_backoff);
      return;
    default:
      break;
  }
  const bool names_time = response.retry_after > Duration::zero();
  trouble_.unreachable(settings_.hub.url, refusal(), parts_.clock.now());
  wait_longer(names_time ? std::optional(response.retry_after) : std::nullopt, longest_backoff);
}

void Reporter::acknowledge(const Acknowledgement& answer) {
  failures_ = 0;
  answered_conflict_ = false;
  trouble_.over(settings_.hub.url);
  if (answer.heartbeat) interval_ = *answer.heartbeat;
  plan_heartbeat(false);
  go_on_ = true;
  outbox_.acknowledged(answer.wants_state);
  if (!answer.sync) return;
  const auto& [who, reason] = *answer.sync;
  sync::Request request;
  request.who = who.empty() ? "hub" : fmt::format("{} (hub)", who);
  request.reason = reason;
  parts_.agent.request_sync(request);
}

void Reporter::fail(const std::string& text, Duration most) {
  if (stop_) return;
  const auto now = parts_.clock.now();
  const auto& ends = link_.certificate().ends;
  const bool has_expired = now >= clock_is_set && now >= ends;
  trouble_.unreachable(settings_.hub.url,
                       has_expired
                           ? fmt::format("{} (this device's certificate expired on {}: sudo greenwave "
                                         "enroll --hub {})",
                                         text, to_iso(ends), settings_.hub.url)
                           : text,
                       now);
  wait_longer({}, most);
}

void Reporter::wait_longer(std::optional<Duration> retry_after, Duration most) {
  const auto wait = backoff(++failures_, retry_after, random());
  not_before_ = parts_.clock.tick() + (retry_after ? wait : std::min(wait, most));
  go_on_ = true;
}

/// At the device's own moment in each interval, as it polls.
void Reporter::plan_heartbeat(bool first) {
  const auto now = parts_.clock.now();
  const auto at = first ? daemon::first_poll(now, interval_, settings_.device)
                        : daemon::next_poll(now, interval_, settings_.device, random());
  heartbeat_ = parts_.clock.tick() + (at - now);
}

/// While the old one is valid. One that somebody else has stored is theirs to renew.
void Reporter::renew_certificate() {
  const auto now = parts_.clock.now();
  const auto& old = link_.certificate();
  if (!settings_.hub.enrolled || now < clock_is_set || parts_.clock.tick() < renewal_) return;
  if (now < old.renewal(stored_at(settings_.hub.certificate)) || now >= old.ends) return;
  renewal_ = parts_.clock.tick() + between_renewals;
  try {
    const nlohmann::json body{{"csr", certificate_request(link_.files().key, settings_.device)}};
    const auto response = link_.send(post_of("/v1/renew", body.dump(), most_chain_bytes));
    if (response.status != 200) throw Error(Fault::transient, read_refusal(response.status, response.body));
    const auto issued = read_issued(response.body);
    const auto about = check_certificate(issued.certificate, link_.files().key, settings_.device);
    replace_file(settings_.hub.certificate, issued.certificate, 0644);
    parts_.log.info(fmt::format("renewed the certificate for the hub: valid until {}", to_iso(about.ends)));
    link_.refresh(settings_.hub);
  } catch (const Error& error) {
    if (stop_) return;
    trouble_.mention(fmt::format("cannot renew the certificate for the hub, valid until {}: {}",
                                 to_iso(old.ends), error.what()));
  }
}

double Reporter::random() {
  return std::uniform_real_distribution<>(0, 1)(random_);
}

}  // namespace greenwave::report
