#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"

namespace greenwave::sandbox {

/// The other process has closed its end, or says nothing for too long.
class Gone : public Error {
 public:
  explicit Gone(const std::string& why) : Error(Fault::transient, why) {}
};

/// One end of a unix socket between the agent and a process of its own: whole messages, each after its length
/// in four bytes. One thread.
class Channel {
 public:
  /// How long to wait for the other side. All members are optional.
  struct Patience {
    Duration silence{};                        ///< of one receive() or send(); zero: without end
    const std::atomic<bool>* stop = nullptr;   ///< ends the waiting with an Error (transient)
    std::function<void()> while_waiting = {};  ///< called about five times a second; may throw
  };

  /// No message that is received is longer than `most` bytes.
  Channel(Fd socket, std::size_t most, Patience patience);

  /// Throws Gone, or Error (transient) when stopped.
  void send(std::string_view message);
  void send(std::string_view message, int descriptor);  ///< with a copy of an open file
  /// Throws the same, and Malformed when the message is too long.
  std::string receive();
  /// The last file that came; none where none did since the last call of this.
  Fd take_descriptor() { return std::move(descriptor_); }
  /// Whether a message, or the end, can be received at once.
  bool has_more() const;

  int raw() const { return socket_.get(); }

 private:
  using Moment = std::chrono::steady_clock::time_point;

  void wait(short events, Moment began) const;
  /// At most `most` bytes, at least one.
  std::size_t read_some(char* into, std::size_t most, Moment began);
  void fill(std::string& text, std::size_t size, Moment began);
  void write(std::string_view bytes, int descriptor, Moment began);

  Fd socket_;
  std::size_t most_;
  Patience patience_;
  std::string buffered_;  ///< read ahead
  std::size_t taken_ = 0;
  Fd descriptor_;
};

/// The two ends.
struct Ends {
  Fd ours;
  Fd theirs;
};
Ends make_ends();

}  // namespace greenwave::sandbox
