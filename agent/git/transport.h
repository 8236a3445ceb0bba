#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "config/config.h"
#include "git/store.h"

namespace greenwave::git {

/// How commits reach the device. One thread.
class Transport {
 public:
  virtual ~Transport() = default;

  /// The commit that the followed ref points to, asked of the server. Writes nothing to disk.
  /// Throws Error: transient (unreachable, timed out), untrusted (certificate, host key), invalid
  /// (credentials refused, not a repository, no such branch; the message names the branches there are),
  /// each with a remedy.
  virtual std::string poll() = 0;

  /// Brings `commit`, and what a device needs of it, into the store. A fetch that ends early leaves the
  /// store usable.
  virtual void fetch(const std::string& commit, Store& store) = 0;

  /// Received since the process started, as far as the transport can tell.
  virtual std::uint64_t bytes_received() const = 0;
};

/// Chooses by the URL's scheme. Credentials are read from their files at each use, so rotation needs no
/// restart. Setting `stop` makes a running transfer end soon with a transient Error.
std::unique_ptr<Transport> make_transport(const config::Repository& repository,
                                          const std::atomic<bool>& stop);

}  // namespace greenwave::git
