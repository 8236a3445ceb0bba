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

/// A reply with the run's events as lines of JSON, as they happen, until after "done". While `agent` fetches,
/// "progress" events say how far it is, at most four a second and at least one; else an empty line every few
/// seconds keeps an idle connection open (and detects a client that is gone). `streams` and
/// `agent` must outlive the response; `streams` may end it early with a "done" event of its own.
Response stream_of(std::shared_ptr<daemon::Run> run, const daemon::Agent& agent, Streams& streams);

}  // namespace greenwave::control
