#pragma once

#include <atomic>
#include <memory>

#include "control/mhd.h"
#include "daemon/agent.h"

namespace greenwave::control {

/// What the streams of one server share.
struct Streams {
  std::atomic<bool> stopping{false};
  std::atomic<int> open{0};
};

/// A reply that gives the run's events as lines of JSON as they come, and ends after "done". While nothing
/// happens an empty line every few seconds keeps the connection (and finds out when the client is gone).
/// `streams`, which must outlive the response, may end it early with a "done" of its own.
Response stream_of(std::shared_ptr<daemon::Run> run, Streams& streams);

}  // namespace greenwave::control
