#pragma once

#include <cstdint>

namespace greenwave::sim {

/// What connections came to, as their clients see it.
struct Traffic {
  std::uint64_t requests = 0;
  std::uint64_t connections = 0;  ///< made anew, each with a whole TLS handshake
  std::uint64_t sent = 0;         ///< bytes with TLS, without those of TCP and IP
  std::uint64_t received = 0;
  std::uint64_t lost = 0;  ///< requests without an answer
};

/// Of counters that only grow: how much they have grown since `before`.
inline Traffic operator-(Traffic now, const Traffic& before) {
  now.requests -= before.requests;
  now.connections -= before.connections;
  now.sent -= before.sent;
  now.received -= before.received;
  now.lost -= before.lost;
  return now;
}

}  // namespace greenwave::sim
