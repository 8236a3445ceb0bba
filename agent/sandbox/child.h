#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <sys/types.h>

#include "base/error.h"
#include "sandbox/channel.h"

namespace greenwave::sandbox {

/// What a process of the agent's own is for.
enum class Role : std::uint8_t {
  fetcher,   ///< speaks with the git server and unpacks what it sends
  renderer,  ///< reads what is in a commit, with the device's keys
};
std::string_view to_string(Role role);

/// How main() is told that this run is one: --confined ROLE, with its end of the channel as this descriptor.
inline constexpr std::string_view confined_option = "--confined";
inline constexpr int channel_descriptor = 3;

/// A run of this very program that can do nothing but answer (confine.h). It is killed when this goes,
/// whatever it does. One thread; it must outlive no thread that made it.
class Child {
 public:
  /// No answer is longer than so many bytes. Throws Error (transient).
  Child(Role role, std::size_t longest_answer, Channel::Patience patience);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  Channel& channel() { return channel_; }
  /// False once it has ended.
  bool is_there();
  /// Ends it. Says how it had ended ("it was killed by SIGSEGV"), or else that `error` happened.
  Error lost(const Error& error);

 private:
  Child(Role role, Ends ends, std::size_t longest_answer, Channel::Patience patience);
  /// Its wait status; none if it was waited for before.
  std::optional<int> end();

  Role role_;
  Channel channel_;
  pid_t pid_ = -1;
};

}  // namespace greenwave::sandbox
