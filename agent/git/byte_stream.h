#pragma once

#include <cstddef>

namespace greenwave::git {

/// Bytes from a server, as they arrive.
class ByteStream {
 public:
  virtual ~ByteStream() = default;

  /// Waits for at least one byte; 0 at the end. Throws Error (transient) when the server is silent for too
  /// long or the transfer was stopped.
  virtual std::size_t read(char* into, std::size_t most) = 0;
};

}  // namespace greenwave::git
