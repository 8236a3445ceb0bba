#pragma once

#include <atomic>
#include <functional>
#include <future>

#include "sync/pass.h"

namespace greenwave::daemon {

/// Asks for the newest commit on a thread of its own, so that a slow server holds up nothing else. One
/// question at a time; used by one thread.
class Fetcher {
 public:
  /// `give_up` ends a transfer soon, and is false otherwise, unless `stop` is true. `arrived` is called on
  /// the thread that fetches when there is something to take. Everything outlives this.
  Fetcher(sync::Intake& intake, const std::atomic<bool>& stop, std::atomic<bool>& give_up,
          std::function<void()> arrived)
      : intake_(intake), stop_(stop), give_up_(give_up), arrived_(std::move(arrived)) {}
  ~Fetcher() { interrupt(); }
  Fetcher(const Fetcher&) = delete;
  Fetcher& operator=(const Fetcher&) = delete;

  /// Not while another question is being asked. `phase` is called on the thread that fetches.
  void ask(sync::Question question, sync::Phase phase);
  bool has_arrived() const { return has_arrived_; }
  /// Once it has arrived, and once only.
  sync::Delivery take();
  /// Ends it, and waits for that; the next fetch goes on with what has come. Nothing happens where nothing is
  /// asked.
  void interrupt();

 private:
  sync::Intake& intake_;
  const std::atomic<bool>& stop_;
  std::atomic<bool>& give_up_;
  std::function<void()> arrived_;
  std::atomic<bool> has_arrived_ = false;
  std::future<sync::Delivery> answer_;
};

}  // namespace greenwave::daemon
