#pragma once

#include <deque>
#include <functional>
#include <set>
#include <string>

#include "base/log.h"
#include "database/answer.h"
#include "database/query.h"
#include "loop/loop.h"

namespace greenwave::hub {

/// One connection to PostgreSQL, which is made again when it is lost, in libpq's pipeline mode: statements
/// are sent without waiting for the answers before them, each in a transaction of its own. On the loop's
/// thread.
class Connection {
 public:
  using Then = std::function<void(Answer answer)>;

  /// `settings` is a libpq connection string, with any password in it or in a pgpass file. `patience`: a
  /// server that takes longer for a statement counts as away. Begins to connect.
  Connection(Loop& loop, const Log& log, std::string settings, Duration patience);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// `then` is called once, never from within this call; at once with an unavailable failure while there is
  /// no connection.
  void ask(Query query, Then then);

  /// Listens to a channel of NOTIFY, from each connection on.
  void listen(std::string channel, std::function<void(std::string_view payload)> heard);
  /// Called after each connection, before anything else is asked.
  void on_connected(std::function<void()> connected) { connected_ = std::move(connected); }
  /// Called when a connection is lost: from then on nothing is heard, until the next.
  void on_lost(std::function<void()> lost) { lost_ = std::move(lost); }

  bool is_connected() const { return state_ == State::connected; }
  /// Statements that wait for an answer.
  std::size_t waiting() const { return pending_.size(); }

 private:
  enum class State { away, connecting, connected };
  struct Pending {
    Then then;
    Instant since;
    int results = 1;             ///< still to come before the end
    const char* name = nullptr;  ///< that this prepares: the first of two results
    Answer answer{Failure{}};
  };

  void connect();
  void go_on_connecting();
  void become_connected();
  void lose(std::string why);
  void send(const Query& query, Pending& pending);
  void flush();
  void receive();
  void take(RawResult result);
  void hear();
  void look_at_clock();

  Loop& loop_;
  const Log& log_;
  std::string settings_;
  Duration patience_;
  State state_ = State::away;
  RawConnection raw_;
  int fd_ = -1;
  std::deque<Pending> pending_;
  std::set<const char*> prepared_;
  std::string channel_;
  std::function<void(std::string_view)> heard_;
  std::function<void()> connected_;
  std::function<void()> lost_;
  unsigned failures_ = 0;
  std::string trouble_;  ///< the last that was logged
  Loop::Timer retry_ = 0;
  Loop::Timer watch_ = 0;
};

}  // namespace greenwave::hub
