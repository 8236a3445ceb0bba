#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "http/message.h"
#include "loop/loop.h"

namespace greenwave::hub {

/// Tells everyone who listens (server-sent events) what changes, whichever hub took it. A listener that was
/// away for a moment gets what it missed; one that missed more is told to ask for everything again. On the
/// loop's thread.
class Events {
 public:
  /// `loop` outlives this.
  explicit Events(Loop& loop);
  ~Events();
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;

  /// `last_id` is the id of the last event that the listener had; empty: it has none.
  void add(std::shared_ptr<HttpStream> listener, std::string_view last_id);
  /// `kind` is the event's name, `data` one line.
  void publish(std::string_view kind, std::string_view data);
  /// Everything may have changed: what was told is no longer enough.
  void publish_reset();
  /// Nothing is heard for now: who listens is to ask again, and is told so.
  void end_all();
  /// The id of the last event: with it, add() continues from here.
  std::string last_id() const;
  std::size_t listeners() const { return listeners_.size(); }

 private:
  struct Told {
    std::uint64_t number;
    std::string text;
  };
  void send(std::string_view text);
  void keep_alive();
  std::string text_of(std::string_view kind, std::string_view data);

  Loop& loop_;
  std::string run_;  ///< of this process: numbers of another are not ours
  std::uint64_t last_ = 0;
  std::deque<Told> told_;
  std::size_t told_bytes_ = 0;
  std::list<std::shared_ptr<HttpStream>> listeners_;
  Loop::Timer timer_ = 0;
};

}  // namespace greenwave::hub
