#include "hub.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "base/version.h"
#include "database/migrations.h"
#include "intake/batch.h"
#include "inventory/keep.h"
#include "metrics/exposition.h"

namespace greenwave::hub {

namespace {

constexpr auto writer_patience = std::chrono::seconds(15);
constexpr auto reader_patience = std::chrono::seconds(30);
constexpr auto longest_drain = std::chrono::seconds(10);
constexpr std::size_t most_trouble = 2000;

std::optional<Authority> open_authority(const HubConfig& config) {
  if (!config.enrols) return {};
  return std::make_optional<Authority>(config.authority(), config.city, SystemClock().now());
}

}  // namespace

Hub::Hub(HubConfig config, const Log& log)
    : config_(std::move(config)),
      log_(log),
      authority_(open_authority(config_)),
      writer_(loop_, log_, config_.database, writer_patience),
      reader_(loop_, log_, config_.database, reader_patience),
      events_(loop_),
      intake_(loop_, log_, writer_, config_.city),
      access_(config_, loop_, reader_),
      shared_(reader_, events_),
      upkeep_(config_, loop_, log_, writer_, reader_),
      outbound_(loop_),
      notifier_(config_, loop_, log_, writer_, reader_, outbound_),
      changes_([this](const CommitPair& pair) { follower_->compare(pair); }),
      api_{config_,
           log_,
           loop_,
           writer_,
           reader_,
           intake_,
           limits_,
           access_,
           events_,
           shared_,
           changes_,
           trouble_,
           authority_ ? &*authority_ : nullptr,
           nullptr,
           [this] { return metrics(); }} {
  if (!config_.cities.empty()) {
    neighbours_.emplace(
        CitiesConfig{.state_directory = config_.state_directory / "cities", .cities = config_.cities}, loop_,
        log_, outbound_);
    api_.neighbours = &*neighbours_;
  }
  make_directories(config_.socket.parent_path(), 0755);
  server_ = std::make_unique<HttpServer>(loop_, log_, listen_for_proxy(config_.socket),
                                         [this](HttpRequest request, std::shared_ptr<Responder> responder) {
                                           answer(api_, std::move(request), std::move(responder));
                                         });
  reader_.listen(channel, [this](std::string_view payload) { hear(payload); });
  // Who follows events believes that none is missing.
  reader_.on_connected([this] { events_.publish_reset(); });
  reader_.on_lost([this] { events_.end_all(); });
}

Hub::~Hub() {
  stopping_ = true;
  if (preparing_.joinable()) preparing_.join();
}

void Hub::run() {
  if (neighbours_) neighbours_->begin();
  preparing_ = std::thread([this] { prepare_database(); });
  loop_.run();
  follower_.reset();
}

void Hub::stop() {
  stopping_ = true;
  loop_.post([this] { drain(); });
}

/// On a thread of its own: the database may be away for hours.
void Hub::prepare_database() {
  std::string trouble;
  while (!stopping_) {
    try {
      migrate(config_.database, log_);
      loop_.post([this] {
        intake_.open();
        const auto refresh = [this] {
          access_.refresh();
          upkeep_.begin();
          notifier_.begin();
          events_.publish_reset();
        };
        writer_.on_connected(refresh);
        if (writer_.is_connected()) refresh();
        follow_repository();
      });
      return;
    } catch (const Error& error) {
      if (error.what() != trouble) log_.error(error.what());
      trouble = error.what();
    }
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
}

void Hub::follow_repository() {
  if (config_.follow.empty()) return;
  try {
    auto config = config::load_config(config_.follow, "/");
    follower_ = std::make_unique<Follower>(
        std::move(config), config_.state_directory / "repository", log_,
        Follower::Listener{.told =
                               [this](Followed followed) {
                                 loop_.post([this, followed = std::move(followed)] { keep(followed); });
                               },
                           .compared =
                               [this](Compared compared) {
                                 loop_.post(
                                     [this, compared = std::move(compared)] { changes_.told(compared); });
                               },
                           .troubled =
                               [this](RepositoryTrouble trouble) {
                                 loop_.post([this, trouble = std::move(trouble)] { note(trouble); });
                               }});
  } catch (const Error& error) {
    log_.error(fmt::format("there is no inventory: {}", error.what()));
    note({.why = in_lines(error.what(), most_trouble), .since = SystemClock().now()});
  }
}

/// Pages show it beside the rollout, which is as of the last time that it was read.
void Hub::note(const RepositoryTrouble& trouble) {
  trouble_ = trouble;
  events_.publish("rollout", "{}");
}

void Hub::keep(const Followed& followed) {
  std::set<std::string> commits;
  for (const auto& ref : followed.refs) commits.insert(ref.commit);
  changes_.allow(std::move(commits));
  log_.info(fmt::format("the inventory is that of commit {}: {} devices", followed.commit.substr(0, 12),
                        followed.inventory.devices.size()));
  for (auto& query : keep_inventory(config_.city, followed)) {
    writer_.ask(std::move(query), [this, followed](const Answer& answer) {
      const auto& failure = answer.failure();
      if (!failure) return;
      if (!failure->unavailable) {
        log_.error(fmt::format("the inventory cannot be kept: {}", failure->message));
        return;
      }
      loop_.after(std::chrono::seconds(5), [this, followed] { keep(followed); });
    });
  }
}

void Hub::hear(std::string_view payload) {
  events_.publish(payload.starts_with('[') ? "states" : "rollout", payload);
}

void Hub::drain() {
  server_->drain();
  log_.info(fmt::format("stopping: {} requests are under way", server_->under_way()));
  loop_.after(longest_drain, [this] { loop_.stop(); });
  finish();
}

/// What is under way gets its answer; nothing new is taken.
void Hub::finish() {
  const auto pause = std::chrono::milliseconds(50);
  if (intake_.waiting() == 0 && notifier_.under_way() == 0) {
    loop_.after(pause, [this] { loop_.stop(); });
  } else {
    loop_.after(pause, [this] { finish(); });
  }
}

std::string Hub::metrics() const {
  return exposition({.version = program_version,
                     .city = config_.city,
                     .intake = intake_.counts(),
                     .reports_limited = limits_.reports.refused(),
                     .devices = upkeep_.counts(),
                     .database_is_up = writer_.is_connected(),
                     .reports_waiting = intake_.waiting(),
                     .requests_under_way = server_->under_way(),
                     .connections = server_->connections(),
                     .listeners = events_.listeners(),
                     .waves_halted = notifier_.halted(),
                     .notices_waiting = static_cast<std::size_t>(notifier_.waiting())});
}

}  // namespace greenwave::hub
