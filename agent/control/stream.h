#pragma once

#include <atomic>
#include <memory>

#include "control/mhd.h"
#include "daemon/agent.h"

namespace greenwave::control {

/// Shared by all streams of one server.
struct Streams {
  std::atomic<bool> stopping{false};
  std::atomic<int> open{0};
};

/// A reply with the run's events as lines of JSON, as they happen, until after "done". An empty line every
/// few seconds keeps an idle connection open (and detects a client that is gone). `streams`, which must
/// outlive the response, may end it early with a "done" event of its own.
Response stream_of(std::shared_ptr<daemon::Run> run, Streams& streams);

}  // namespace greenwave::control
