#include "fleet/reports.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/backoff.h"
#include "base/error.h"
#include "base/version.h"
#include "daemon/schedule.h"
#include "report/answer.h"
#include "report/report.h"

namespace greenwave::sim {

namespace {

constexpr Duration patience = std::chrono::seconds(60);

}  // namespace

Reports::Reports(World& world, City& city, const std::string& device, std::uint32_t source,
                 const std::optional<ClientIdentity>& identity, std::function<daemon::Status()> status)
    : world_(world),
      city_(city),
      device_(device),
      status_(std::move(status)),
      connection_(world.loop, city.hub, source, city.hub_traffic, *this),
      reports_(identity.has_value()) {
  if (identity) connection_.identify(*identity);
}

Reports::~Reports() {
  power_off();
}

void Reports::power_on() {
  if (!reports_) return;
  is_on_ = true;
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(world_.clock.now().time_since_epoch());
  boot_ = std::max<std::int64_t>(boot_ + 1, seconds.count());
  sequence_ = 0;
  acknowledged_.clear();
  failures_ = 0;
  not_before_ = {};
  plan_heartbeat(true);
  plan();
}

void Reports::power_off() {
  is_on_ = false;
  has_news_ = false;
  world_.loop.cancel(std::exchange(timer_, 0));
  connection_.close();
}

void Reports::look_again() {
  if (is_on_ && !connection_.is_busy()) plan();
}

void Reports::news(std::optional<state::SyncRecord> record) {
  if (!reports_) return;
  if (record) {
    record->number = ++last_record_;
    unsent_.push_back(std::move(*record));
  }
  if (!std::exchange(has_news_, true)) news_since_ = world_.clock.tick();
  if (is_on_ && !connection_.is_busy()) plan();
}

void Reports::plan() {
  world_.loop.cancel(std::exchange(timer_, 0));
  const auto now = world_.clock.tick();
  const auto due = std::max(not_before_, has_news_ ? now : heartbeat_);
  const auto wait = std::max<Duration>(std::chrono::ceil<Duration>(due - now), Duration::zero());
  timer_ = world_.loop.after(world_.clock.real(wait), [this] {
    timer_ = 0;
    report();
  });
}

void Reports::report() {
  const auto now = world_.clock.tick();
  if (!std::exchange(has_news_, false)) news_since_ = heartbeat_;
  const auto state = report::state_of(status_(), {}, world_.clock.boot_time());
  sent_fingerprint_ = report::fingerprint_of(state);
  nlohmann::json body{
      {"device", device_}, {"boot", boot_}, {"sequence", ++sequence_}, {"at", to_iso(world_.clock.now())}};
  const bool has_state = sent_fingerprint_ != acknowledged_;
  if (!has_state && unsent_.empty() && now < heartbeat_) return plan();
  if (has_state) body["state"] = state;
  sent_records_ = std::min(unsent_.size(), report::most_listed);
  for (std::size_t i = 0; i < sent_records_; ++i) body["syncs"].push_back(report::record_of(unsent_[i]));
  const auto text = report::text_of(body);
  connection_.send(
      fmt::format("POST /v1/reports HTTP/1.1\r\nHost: {}:{}\r\nUser-Agent: greenwaved/{}\r\nAccept: */*\r\n"
                  "Accept-Encoding: gzip\r\n"
                  "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
                  city_.hub.host, city_.hub.port, program_version, text.size(), text),
      patience, report::most_answer_bytes);
}

void Reports::answered(Connection& /*by*/, Response& response) {
  try {
    if (response.status == 200) {
      acknowledge(response.body);
    } else if (response.status == 409) {
      boot_ = std::max(boot_, report::read_known_boot(response.body)) + 1;
      sequence_ = 0;
      acknowledged_.clear();
      has_news_ = true;
    } else {
      ++city_.tally.refused_reports;
      wait_longer(response.retry_after > Duration::zero() ? std::optional(response.retry_after)
                                                          : std::nullopt);
    }
  } catch (const Error&) {
    ++city_.tally.refused_reports;
    wait_longer({});
  }
  plan();
}

void Reports::acknowledge(std::string_view body) {
  const auto answer = report::read_acknowledgement(body);
  failures_ = 0;
  ++city_.tally.reports;
  city_.tally.report_took.add(std::chrono::duration_cast<Duration>(world_.clock.tick() - news_since_));
  acknowledged_ = answer.wants_state ? "" : sent_fingerprint_;
  unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<std::ptrdiff_t>(sent_records_));
  if (!unsent_.empty() || answer.wants_state) has_news_ = true;
  if (answer.heartbeat) interval_ = *answer.heartbeat;
  plan_heartbeat(false);
}

void Reports::lost(Connection& /*by*/) {
  ++city_.tally.failed_reports;
  wait_longer({});
  plan();
}

void Reports::wait_longer(std::optional<Duration> retry_after) {
  not_before_ = world_.clock.tick() + backoff(++failures_, retry_after, random());
  has_news_ = true;
}

void Reports::plan_heartbeat(bool first) {
  const auto now = world_.clock.now();
  const auto at = first ? daemon::first_poll(now, interval_, device_)
                        : daemon::next_poll(now, interval_, device_, random());
  heartbeat_ = world_.clock.tick() + (at - now);
}

double Reports::random() {
  return std::uniform_real_distribution<>(0, 1)(world_.random);
}

}  // namespace greenwave::sim
