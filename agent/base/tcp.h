#pragma once

#include <atomic>
#include <string>

#include "base/clock.h"
#include "base/fd.h"

namespace greenwave {

/// A connected, non-blocking socket. Throws Error (transient) that distinguishes: no such name, no answer
/// from DNS, refused, no route, no answer in time, told to stop. `written_in` is where people wrote the host,
/// for the remedy.
Fd connect_tcp(const std::string& host, unsigned port, Duration timeout, const std::atomic<bool>& stop,
               const char* written_in);

/// Waits until `fd` has one of poll(2)'s `events`. False when `timeout` passed; throws when told to stop.
bool wait_for(int fd, short events, Duration timeout, const std::atomic<bool>& stop);

}  // namespace greenwave
