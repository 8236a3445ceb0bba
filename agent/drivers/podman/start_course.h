#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "drivers/podman/service.h"

namespace greenwave::drivers::podman {

/// How a pod with init containers comes up, as Kubernetes has it: one after the other, each to its end, and
/// sidecars in their turn; then the rest. One that fails is started again after a pause, twice as long each
/// time, or never where the pod's restartPolicy is Never. What ran before, under another agent, counts. Pure.
class StartCourse {
 public:
  struct Next {
    enum class What {
      start,  ///< these containers, and look again
      wait,   ///< and look again
      done,
      lost,  ///< it will not come up
    } what = What::wait;
    std::vector<std::string> ids{};
    std::string why{};  ///< wait and lost: in words
  };

  /// `pod` has all of its containers as podman lists them now.
  Next next(const std::vector<Container>& pod, Instant now);

  /// A container that was to start did not, because of `why`.
  void fail(const std::string& why, Instant now);
  /// Nobody knows whether it did.
  void ask_again();

  /// How often an init container has failed in a row.
  unsigned failures() const { return failures_; }

 private:
  std::optional<Next> step(const Container& member, Instant now);
  Next start_rest(const std::vector<Container>& pod);

  std::optional<std::size_t> at_{};  ///< whose turn it is
  bool launched_ = false;
  bool launched_rest_ = false;
  unsigned failures_ = 0;
  Instant again_{};
  std::string failure_;
  std::string lost_;
};

/// Whether a pod has containers that start in turns.
bool has_turns(const std::vector<Container>& pod);

}  // namespace greenwave::drivers::podman
