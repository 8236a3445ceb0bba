#include "access/access.h"

#include <algorithm>

#include <fmt/format.h>

#include "access/subject.h"
#include "base/digest.h"
#include "base/text.h"

namespace greenwave::hub {

namespace {

constexpr auto refresh_every = std::chrono::minutes(1);
constexpr auto token_is_good_for = std::chrono::seconds(10);
constexpr std::size_t most_tokens = 1000;

HttpReply no_certificate(std::string_view why) {
  return refusal(401, fmt::format("no valid client certificate: {}", printable(why)),
                 "enrol the device: greenwave enroll --hub URL");
}

HttpReply not_enough(const Person& person, Role needed) {
  return refusal(
      403,
      fmt::format("{} may {}, and this needs {}", person.name, to_string(person.level), to_string(needed)),
      "ask for a token of that level: greenwave-hub token add NAME --level LEVEL");
}

/// The proxy's sign-in may be a cookie, which a browser sends along with what another site makes it ask.
bool is_from_another_site(const HttpRequest& request) {
  const auto site = request.header("sec-fetch-site");
  const bool changes = request.method != "GET" && request.method != "HEAD";
  return changes && !site.empty() && site != "same-origin" && site != "none";
}

}  // namespace

std::string hash_of(std::string_view token) {
  return to_hex(sha256(token));
}

std::optional<std::string> user_of(const HttpRequest& request) {
  const auto user = request.header("x-remote-user");
  return user.empty() ? std::nullopt : std::optional<std::string>(user);
}

std::optional<Role> level_of(const std::string& user, const std::map<std::string, Role>& users) {
  auto level = users.find(user);
  if (level == users.end()) level = users.find("*");
  return level == users.end() ? std::nullopt : std::optional(level->second);
}

HttpReply unknown_user(std::string_view user) {
  return refusal(403, fmt::format("{} is not among the hub's users", printable(user)),
                 "add them to users in its configuration");
}

std::optional<std::string_view> token_of(const HttpRequest& request) {
  constexpr std::string_view scheme = "Bearer ";
  const auto authorization = request.header("authorization");
  if (!authorization.starts_with(scheme)) return {};
  return trim(authorization.substr(scheme.size()));
}

HttpReply no_person() {
  auto reply = refusal(401, "who is asking is not known", "send a token: Authorization: Bearer TOKEN");
  reply.headers.emplace_back("WWW-Authenticate", "Bearer");
  return reply;
}

Access::Access(const HubConfig& config, Loop& loop, Connection& database)
    : config_(config), loop_(loop), database_(database) {}

Access::~Access() {
  loop_.cancel(timer_);
}

void Access::refresh() {
  loop_.cancel(timer_);
  timer_ = loop_.after(refresh_every, [this] { refresh(); });
  database_.ask({.name = "revoked",
                 .sql = "SELECT serial FROM greenwave.certificates WHERE city = $1 AND revoked IS NOT NULL "
                        "AND not_after > now()",
                 .values = {config_.city}},
                [this](const Answer& answer) {
                  if (answer.failure()) return;  // what is known stays
                  revoked_.clear();
                  for (int row = 0; row < answer.rows(); ++row) revoked_.emplace(answer.text(row, 0));
                });
}

std::optional<DeviceCaller> Access::device(const HttpRequest& request, HttpReply& refused) const {
  const auto verified = request.header("x-client-verify");
  if (verified != "SUCCESS") {
    refused = no_certificate(verified.empty() || verified == "NONE" ? "none was sent" : verified);
    return {};
  }
  const auto subject = read_subject(request.header("x-client-subject"));
  DeviceCaller caller{.name = only(subject, "CN")};
  if (caller.name.empty()) {
    refused = no_certificate("its subject names no device as CN");
    return {};
  }
  if (config_.enrols && only(subject, "O") != config_.city) {
    refused = refusal(403, "the certificate is of another city", "enrol the device with this city's hub");
    return {};
  }
  if (revoked_.contains(in_lower_case(request.header("x-client-serial")))) {
    refused =
        refusal(403, "the certificate was revoked", "enrol the device again: greenwave enroll --hub URL");
    return {};
  }
  caller.is_relay = std::ranges::find(config_.relays, caller.name) != config_.relays.end();
  return caller;
}

void Access::person(const HttpRequest& request, Role needed, Then then) {
  const std::string address(request.header("x-real-ip"));
  if (const auto user = user_of(request); user && !config_.users.empty()) {
    const auto level = level_of(*user, config_.users);
    if (!level) {
      then({}, unknown_user(*user));
      return;
    }
    if (is_from_another_site(request)) {
      then({}, refusal(403, "another site asked for this in your name", "do it on the hub's own page"));
      return;
    }
    Person person{.name = in_one_line(*user, 100), .level = *level, .address = address};
    if (person.level < needed) {
      then({}, not_enough(person, needed));
    } else {
      then(std::move(person), {});
    }
    return;
  }
  const auto token = token_of(request);
  if (!token) {
    then({}, no_person());
    return;
  }
  look_up(hash_of(*token), needed, address, std::move(then));
}

void Access::look_up(const std::string& hash, Role needed, const std::string& address, Then then) {
  const auto decide = [needed, address](Person person, const Then& tell) {
    person.address = address;
    if (person.level < needed) {
      tell({}, not_enough(person, needed));
    } else {
      tell(std::move(person), {});
    }
  };
  const auto known = tokens_.find(hash);
  if (known != tokens_.end() && known->second.until > std::chrono::steady_clock::now()) {
    decide(known->second.person, then);
    return;
  }
  database_.ask({.name = "token",
                 .sql = "SELECT name, level FROM greenwave.tokens WHERE city = $1 AND hash = $2 AND (expires "
                        "IS NULL OR expires > now())",
                 .values = {config_.city, hash}},
                [this, hash, decide, then = std::move(then)](const Answer& answer) {
                  if (answer.failure()) {
                    then({}, unavailable("the database is away"));
                    return;
                  }
                  const auto level = answer.rows() == 1 ? role_from(answer.text(0, 1)) : std::nullopt;
                  if (!level) {
                    then({}, no_person());
                    return;
                  }
                  Person person{.name = std::string(answer.text(0, 0)), .level = *level, .address = {}};
                  if (tokens_.size() >= most_tokens) tokens_.clear();
                  tokens_[hash] = {person, std::chrono::steady_clock::now() + token_is_good_for};
                  decide(std::move(person), then);
                });
}

}  // namespace greenwave::hub
