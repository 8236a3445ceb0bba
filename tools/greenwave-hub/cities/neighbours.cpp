#include "cities/neighbours.h"

#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "http/credentials.h"

namespace greenwave::hub {

namespace {

constexpr std::size_t most_kept = 64 * 1024 * 1024;
constexpr std::size_t most_authorities = 1024 * 1024;
constexpr auto keep_after = std::chrono::seconds(2);  // together with what other cities say
constexpr const char* kept_file = "figures.json";

// Causes besides the statuses of HTTP, which are positive.
constexpr long bad_token = -1;
constexpr long bad_answer = -2;
constexpr long no_answer = -100;  // less http::Trouble

/// Why an answer that is no success is none.
std::string refusal_in(const Reply& reply) {
  if (reply.status == 401) return "HTTP 401: it does not accept the token";
  if (reply.status == 403) return "HTTP 403: the token may not read";
  return fmt::format("it answered HTTP {}", reply.status);
}

}  // namespace

Neighbours::Neighbours(CitiesConfig config, Loop& loop, const Log& log, Outbound& outbound)
    : config_(std::move(config)),
      loop_(loop),
      log_(log),
      outbound_(outbound),
      causes_(config_.cities.size()),
      timers_(config_.cities.size()) {
  for (const auto& hub : config_.cities) {
    known_.push_back({.city = hub.city, .url = hub.url, .error = "it was not asked yet"});
  }
  make_directories(config_.state_directory, 0750);
  const auto kept = config_.state_directory / kept_file;
  std::error_code failure;
  if (!std::filesystem::exists(kept, failure)) return;
  try {
    read_kept(read_file(kept, most_kept), known_);
  } catch (const Error& error) {
    log_.warning(fmt::format("the cities' last figures are lost: {}", error.what()));
  }
}

Neighbours::~Neighbours() {
  for (const auto timer : timers_) loop_.cancel(timer);
  if (keeping_ != 0) keep();
  loop_.cancel(keeping_);
}

void Neighbours::begin() {
  for (std::size_t city = 0; city < known_.size(); ++city) ask(city);
}

void Neighbours::ask(std::size_t city) {
  const auto& hub = config_.cities[city];
  timers_[city] = loop_.after(config_.interval + hub.deadline, [this, city] { ask(city); });
  try {
    const auto token = http::read_token(
        hub.token_file, "put the token there that greenwave-hub token add printed in that city");
    Call call{.url = hub.url + "/v1/cities",
              .headers = {"Authorization: Bearer " + token, "Accept: application/json"},
              .timeout = hub.deadline};
    if (!hub.authorities.empty()) call.authorities = read_file(hub.authorities, most_authorities);
    outbound_.send(std::move(call), [this, city](const Reply& reply) { hear(city, reply); });
  } catch (const Error& error) {
    fail(city, bad_token, error.what());
  }
}

void Neighbours::hear(std::size_t city, const Reply& reply) {
  loop_.cancel(timers_[city]);
  timers_[city] = loop_.after(config_.interval, [this, city] { ask(city); });
  if (reply.failure) {
    fail(city, no_answer - static_cast<long>(reply.failure->trouble()), reply.failure->what());
    return;
  }
  if (!reply.success()) {
    fail(city, reply.status, refusal_in(reply));
    return;
  }
  auto& known = known_[city];
  try {
    known.figures = read_figures(reply.body, known.city);
  } catch (const Error& error) {
    fail(city, bad_answer, error.what());
    return;
  }
  known.at = SystemClock().now();
  if (!known.error.empty()) log_.info(fmt::format("{}: its hub answers", known.city));
  known.error.clear();
  causes_[city] = 0;
  keep_soon();
}

void Neighbours::fail(std::size_t city, long cause, std::string_view why) {
  auto& known = known_[city];
  known.error = in_one_line(why, 300);
  if (std::exchange(causes_[city], cause) == cause) return;
  log_.warning(fmt::format("{}: {}", known.city, known.error));
}

void Neighbours::keep_soon() {
  if (keeping_ == 0) {
    keeping_ = loop_.after(keep_after, [this] {
      keeping_ = 0;
      keep();
    });
  }
}

void Neighbours::keep() {
  try {
    replace_file(config_.state_directory / kept_file, write_kept(known_), 0640);
    trouble_.clear();
  } catch (const Error& error) {
    if (error.what() != trouble_)
      log_.warning(fmt::format("the cities' figures cannot be kept: {}", error.what()));
    trouble_ = error.what();
  }
}

}  // namespace greenwave::hub
