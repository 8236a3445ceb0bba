#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <future>
#include <string_view>
#include <thread>

#include "base/error.h"
#include "base/fd.h"
#include "sandbox/channel.h"

namespace greenwave::sandbox {

/// What a process of the agent's own is for.
enum class Role : std::uint8_t {
  fetcher,   ///< speaks with the git server and unpacks what it sends
  renderer,  ///< reads what is in a commit, with the device's keys
  comparer,  ///< reads what is in two commits, for a city's hub
};
std::string_view to_string(Role role);

/// How main() is told that this run is one: --confined ROLE, with its end of the channel as this descriptor.
inline constexpr std::string_view confined_option = "--confined";
inline constexpr int channel_descriptor = 3;

/// Another process, as who asks it knows it. One thread.
class Peer {
 public:
  virtual ~Peer() = default;
  virtual Channel& channel() = 0;
  virtual bool has_ended() const = 0;
  /// Ends it. Says how it had ended ("it was killed by SIGSEGV"), or else that `error` happened.
  virtual Error lost(const Error& error) = 0;
};

/// A run of this very program that can do nothing but answer (confine.h). It is killed when this goes,
/// whatever it does. One thread.
class Child : public Peer {
 public:
  /// No answer is longer than `longest_answer` bytes. It starts in `directory`, which stays open; -1: in the
  /// agent's own. Waits for nothing: where it cannot be started its channel ends, and lost() says why.
  Child(Role role, std::size_t longest_answer, Channel::Patience patience, int directory = -1);
  ~Child() override;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  Channel& channel() override { return channel_; }
  bool has_ended() const override { return ended_; }
  Error lost(const Error& error) override;

 private:
  Child(Role role, Ends ends, std::size_t longest_answer, Channel::Patience patience, int directory);
  void end();
  /// A pidfd. Throws Error when it could not be started.
  int process();

  Role role_;
  Channel channel_;
  std::future<Fd> starting_;
  Fd process_;
  std::atomic<bool> ended_ = false;
  int status_ = 0;  ///< valid once it has ended
  /// Starts it and waits for its end: it leaves no zombie, and the kernel ends it with the thread that
  /// started it.
  std::jthread keeper_;
};

}  // namespace greenwave::sandbox
