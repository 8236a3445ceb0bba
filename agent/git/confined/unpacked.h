#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <set>

#include "git/kept_objects.h"
#include "git/landing.h"
#include "sandbox/channel.h"
#include "sandbox/wire.h"

namespace greenwave::git::confined {

/// Where a fetcher's fetch lands: packs are unpacked in its working directory, with the agent's help where a
/// delta refers to what that has, and objects go to the agent. One thread.
class Unpacked : private ObjectSink {
 public:
  /// Everything outlives this. Throws Error.
  Unpacked(sandbox::Channel& channel, const std::atomic<bool>& stop, const FetchLimits& limits,
           const Fetched& so_far, FetchProgress* progress);
  ~Unpacked() override;

  Landing& landing() { return landing_; }
  /// Sends what the packs had in them.
  void hand_over();

 private:
  struct Bases;

  void expect(std::uint32_t objects) override;
  void add(git_object_t type, std::string_view content) override;
  void finish() override;
  void send();

  sandbox::Channel& channel_;
  std::set<git_oid, OidLess> bases_;  ///< that the agent has sent
  Odb odb_;
  Landing landing_;
  sandbox::Writer batch_;
  std::uint32_t in_batch_ = 0;
};

}  // namespace greenwave::git::confined
