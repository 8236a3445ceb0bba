#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "git/fetch_progress.h"
#include "git/hold.h"
#include "git/store.h"
#include "git/upstream.h"

namespace greenwave::git {

/// Reads the commit's files that this device needs. It is called repeatedly while objects arrive, and files
/// that have not arrived yet may be empty or absent. Exceptions are ignored then.
using Visit = std::function<void(const SourceTree&)>;

/// Reads nothing: fetches only the commit, to judge it before any of its files arrive.
inline const Visit commit_alone = [](const SourceTree&) {};

/// What a device makes of a signed tip that it accepts.
struct JudgedTip {
  CommitId commit;
  bool has_expired = false;  ///< who serves it may keep newer ones back
};

/// How commits get to the device. One thread.
class Transport {
 public:
  virtual ~Transport() = default;

  /// From now on fetches show in `progress`, which outlives this.
  virtual void show_in(FetchProgress& progress) { progress_ = &progress; }

  /// From now on poll() asks for the first of these refs (full names) that exists. Initially that is the ref
  /// given to the constructor.
  void follow(std::vector<std::string> refs) { refs_ = std::move(refs); }
  /// Which of the refs the last poll found.
  const std::string& found() const { return found_; }

  /// From now on poll() asks for signed tips alone, and returns the commit of what this makes of one, or
  /// throws what it throws.
  using TipJudge = std::function<JudgedTip(const StatedTip&)>;
  virtual void believe(TipJudge judge) { judge_ = std::move(judge); }
  /// Whether the signed tip that the last poll found has expired.
  bool has_expired() const { return has_expired_; }

  /// Asks the server for the commit that the followed ref points to. Writes nothing to disk. Throws
  /// Error: transient (unreachable, timed out), untrusted (certificate, host key), invalid (credentials
  /// rejected, not a repository, no such branch; the message lists the existing branches), each with a
  /// remedy.
  virtual CommitId poll() = 0;

  /// Whether the server would answer the next poll as late as the ref changes, as the last poll found.
  virtual bool can_hold() const { return false; }
  /// Waits until the ref that was found points elsewhere, or there is no more reason to. Writes nothing to
  /// disk, and throws nothing: the next poll tells what is wrong.
  virtual Held hold(const Hold& /*hold*/) { return Held::refused; }

  /// Brings `commit`, and the files of it that `visit` reads, into the store: a server that can filter sends
  /// no others. An empty `visit` means all files. Contacts nobody when everything is there, so it can be
  /// called before each render. A fetch that is interrupted leaves the store usable, and the next one
  /// continues.
  virtual void fetch(const CommitId& commit, Store& store, const Visit& visit) = 0;
  void fetch(const CommitId& commit, Store& store) { fetch(commit, store, {}); }

  /// Brings `commit` and so many generations of its history into the store, without their files where the
  /// server can leave them out.
  virtual void fetch_history(const CommitId& commit, Store& store, std::size_t generations) = 0;
  /// Brings directories, by their names, into the store.
  virtual void fetch_trees(const Missing& names, Store& store) = 0;

  /// The bytes of the annotated tag that a ref names, which is brought into the store; the commit that it is
  /// on may be there. Nothing: there is no such ref. Throws Error: untrusted if it is no annotated tag.
  virtual std::optional<std::string> fetch_tag(const std::string& /*ref*/, Store& /*store*/) { return {}; }

  /// Nothing is asked for a while: what is held for the next request alone is let go of.
  virtual void rest() {}

  /// How long the server asked clients to wait after the last failure (HTTP's Retry-After); zero if it did
  /// not.
  virtual Duration retry_after() const { return {}; }

  /// Bytes received since the process started, as far as the transport knows.
  virtual std::uint64_t bytes_received() const = 0;

 protected:
  FetchProgress* progress_ = nullptr;  ///< null: fetches are not shown
  std::vector<std::string> refs_;
  std::string found_;
  bool has_expired_ = false;
  TipJudge judge_;  ///< empty: servers are believed
};

}  // namespace greenwave::git
