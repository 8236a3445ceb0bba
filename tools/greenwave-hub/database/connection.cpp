#include "database/connection.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace greenwave::hub {

namespace {

constexpr auto connect_patience = std::chrono::seconds(10);
constexpr auto look_every = std::chrono::seconds(1);
constexpr std::size_t most_message = 300;

Failure failure_of(const PGresult* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  return {.unavailable = false,
          .state = state == nullptr ? "" : state,
          .message = in_one_line(message == nullptr ? PQresultErrorMessage(result) : message, most_message)};
}

Duration pause_after(unsigned failures) {
  return std::min<Duration>(std::chrono::seconds(5),
                            std::chrono::milliseconds(100) * (1U << std::min(failures, 6U)));
}

/// The server is going, or has no room: as good as away.
bool means_away(const Failure& failure) {
  return failure.state.starts_with("57P") || failure.state.starts_with("53") || failure.state == "25006";
}

}  // namespace

Connection::Connection(Loop& loop, const Log& log, std::string settings, Duration patience)
    : loop_(loop), log_(log), settings_(std::move(settings)), patience_(patience) {
  connect();
  look_at_clock();
}

Connection::~Connection() {
  loop_.cancel(retry_);
  loop_.cancel(watch_);
  if (fd_ >= 0) loop_.unwatch(fd_);
}

void Connection::connect() {
  retry_ = 0;
  raw_.reset(PQconnectStart(settings_.c_str()));
  if (!raw_ || PQstatus(raw_.get()) == CONNECTION_BAD) {
    lose(raw_ ? PQerrorMessage(raw_.get()) : "no memory");
    return;
  }
  state_ = State::connecting;
  go_on_connecting();
}

void Connection::go_on_connecting() {
  const auto step = PQconnectPoll(raw_.get());
  if (step == PGRES_POLLING_OK) {
    become_connected();
    return;
  }
  if (step == PGRES_POLLING_FAILED) {
    lose(PQerrorMessage(raw_.get()));
    return;
  }
  // The descriptor may be another one after each step, when several addresses are tried.
  const int fd = PQsocket(raw_.get());
  if (fd_ >= 0) loop_.unwatch(fd_);
  fd_ = fd;
  loop_.watch(fd_, step == PGRES_POLLING_READING ? Loop::reading : Loop::writing,
              [this] { go_on_connecting(); });
  loop_.cancel(retry_);
  retry_ = loop_.after(connect_patience, [this] { lose("the server does not answer"); });
}

void Connection::become_connected() {
  loop_.cancel(std::exchange(retry_, 0));
  if (fd_ >= 0) loop_.unwatch(fd_);
  fd_ = PQsocket(raw_.get());
  PQsetnonblocking(raw_.get(), 1);
  PQenterPipelineMode(raw_.get());
  state_ = State::connected;
  failures_ = 0;
  prepared_.clear();
  if (!trouble_.empty()) log_.info("the database answers again");
  trouble_.clear();
  loop_.watch(fd_, Loop::reading, [this] { receive(); });
  // Statements here take milliseconds; compiling one first takes fifty.
  ask({.sql = "SET jit = off"}, [](const Answer&) {});
  if (!channel_.empty()) ask({.sql = fmt::format("LISTEN {}", channel_)}, [](const Answer&) {});
  if (connected_) connected_();
}

void Connection::lose(std::string why) {
  loop_.cancel(std::exchange(retry_, 0));
  if (fd_ >= 0) loop_.unwatch(std::exchange(fd_, -1));
  raw_.reset();
  const bool was_connected = std::exchange(state_, State::away) == State::connected;
  why = in_one_line(trim(why), most_message);
  if (why != trouble_) log_.warning(fmt::format("the database is away: {}", why));
  trouble_ = why;
  retry_ = loop_.after(pause_after(failures_++), [this] { connect(); });
  for (auto lost = std::exchange(pending_, {}); auto& one : lost) {
    one.then(Answer(Failure{.unavailable = true, .message = "the database is away"}));
  }
  if (was_connected && lost_) lost_();
}

void Connection::listen(std::string channel, std::function<void(std::string_view)> heard) {
  channel_ = std::move(channel);
  heard_ = std::move(heard);
}

void Connection::ask(Query query, Then then) {
  if (state_ != State::connected) {
    loop_.post([then = std::move(then)] {
      then(Answer(Failure{.unavailable = true, .message = "the database is away"}));
    });
    return;
  }
  Pending pending{.then = std::move(then), .since = std::chrono::steady_clock::now()};
  send(query, pending);
  pending_.push_back(std::move(pending));
  flush();
}

void Connection::send(const Query& query, Pending& pending) {
  std::vector<const char*> values;
  values.reserve(query.values.size());
  for (const auto& value : query.values) values.push_back(value ? value->c_str() : nullptr);
  const int count = static_cast<int>(values.size());
  if (query.name != nullptr) {
    // What is sent after it finds it prepared, or refused as it was.
    if (prepared_.insert(query.name).second) {
      PQsendPrepare(raw_.get(), query.name, query.sql.c_str(), 0, nullptr);
      pending.results = 2;
      pending.name = query.name;
    }
    PQsendQueryPrepared(raw_.get(), query.name, count, values.data(), nullptr, nullptr, 0);
  } else {
    PQsendQueryParams(raw_.get(), query.sql.c_str(), count, nullptr, values.data(), nullptr, nullptr, 0);
  }
  PQpipelineSync(raw_.get());
}

void Connection::flush() {
  const int left = PQflush(raw_.get());
  if (left < 0) {
    // Not from within the caller, whose statement is among those that fail.
    loop_.post([this, raw = raw_.get()] {
      if (raw_.get() == raw) lose("the connection broke");
    });
    return;
  }
  const unsigned interests = left > 0 ? Loop::reading | Loop::writing : Loop::reading;
  loop_.watch(fd_, interests, [this] { receive(); });
}

void Connection::receive() {
  if (PQconsumeInput(raw_.get()) == 0) {
    lose(PQerrorMessage(raw_.get()));
    return;
  }
  hear();
  const auto* const raw = raw_.get();
  while (raw_.get() == raw && !pending_.empty() && PQisBusy(raw_.get()) == 0) {
    RawResult result(PQgetResult(raw_.get()));
    if (result) take(std::move(result));
  }
  if (raw_.get() == raw && state_ == State::connected) flush();
}

void Connection::take(RawResult result) {
  auto& first = pending_.front();
  switch (PQresultStatus(result.get())) {
    case PGRES_PIPELINE_SYNC: {
      auto done = std::move(first);
      pending_.pop_front();
      const auto& failure = done.answer.failure();
      const bool away = failure && means_away(*failure);
      done.then(std::move(done.answer));
      if (away) lose("it is shutting down, or has no room");
      return;
    }
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
      if (--first.results == 0) first.answer = Answer(std::move(result));
      return;
    case PGRES_PIPELINE_ABORTED:
      return;
    default: {
      auto failure = failure_of(result.get());
      if (means_away(failure)) failure.unavailable = true;
      if (!failure.unavailable && !failure.blames_values()) {
        log_.error(fmt::format("the database refused a statement: {} {}", failure.state, failure.message));
      }
      const bool was_refused_whole = first.name != nullptr && first.results == 2;
      if (was_refused_whole) prepared_.erase(first.name);
      first.answer = Answer(std::move(failure));
    }
  }
}

void Connection::hear() {
  while (auto* const raw = PQnotifies(raw_.get())) {
    const std::unique_ptr<PGnotify, Freed<PQfreemem>> notification(raw);
    if (heard_) heard_(notification->extra);
  }
}

void Connection::look_at_clock() {
  watch_ = loop_.after(look_every, [this] { look_at_clock(); });
  if (pending_.empty()) return;
  if (std::chrono::steady_clock::now() - pending_.front().since > patience_) {
    lose(fmt::format("it did not answer within {}", to_words(patience_)));
  }
}

}  // namespace greenwave::hub
