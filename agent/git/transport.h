#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "git/store.h"

namespace greenwave::git {

/// Reads from a commit's files whatever this device needs of them. It is called again and again while objects
/// come, and may find files empty or absent that have not come yet: what it throws then does not count.
using Visit = std::function<void(const SourceTree&)>;

/// Reads nothing: the commit itself is wanted, to be judged before any of its files come.
inline const Visit commit_alone = [](const SourceTree&) {};

/// How commits reach the device. One thread.
class Transport {
 public:
  virtual ~Transport() = default;

  /// From now on poll() asks for the first of these refs (full names) that there is. At first it is the one
  /// that the transport was made with.
  void follow(std::vector<std::string> refs) { refs_ = std::move(refs); }
  /// Which of them the last poll found.
  const std::string& found() const { return found_; }

  /// The commit that the followed ref points to, asked of the server. Writes nothing to disk.
  /// Throws Error: transient (unreachable, timed out), untrusted (certificate, host key), invalid
  /// (credentials refused, not a repository, no such branch; the message names the branches there are),
  /// each with a remedy.
  virtual std::string poll() = 0;

  /// Brings `commit`, and those of its files that `visit` reads, into the store: a server that can filter
  /// sends no others. An empty `visit` stands for all files. Asks nobody when everything is there, so it is
  /// to be called before each render. A fetch that ends early leaves the store usable, and the next one goes
  /// on.
  virtual void fetch(const std::string& commit, Store& store, const Visit& visit) = 0;
  void fetch(const std::string& commit, Store& store) { fetch(commit, store, {}); }

  /// How long the server wants to be left alone after the last failure (HTTP's Retry-After); zero: it didn't
  /// say.
  virtual Duration retry_after() const { return {}; }

  /// Received since the process started, as far as the transport can tell.
  virtual std::uint64_t bytes_received() const = 0;

 protected:
  std::vector<std::string> refs_;
  std::string found_;
};

/// Chooses by the URL's scheme. Credentials are read from their files at each use, so rotation needs no
/// restart. Setting `stop` makes a running transfer end soon with a transient Error.
std::unique_ptr<Transport> make_transport(const config::Repository& repository,
                                          const std::atomic<bool>& stop);

}  // namespace greenwave::git
