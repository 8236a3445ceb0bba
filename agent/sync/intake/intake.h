#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "git/bundle.h"
#include "git/hold.h"
#include "git/store.h"
#include "git/trust.h"
#include "model/commit_id.h"
#include "model/source_tree.h"
#include "render/render.h"
#include "sync/intake/following.h"
#include "sync/intake/tips.h"

namespace greenwave::sync {

/// What the next sync must know about the commits received so far. The intake takes it and returns the new
/// value; the caller stores it.
struct Remembered {
  CommitId accepted;  ///< the highest commit that was verified; empty: none, or nobody checks
  CommitId twin{};    ///< the other id that `accepted` may have (git::CommitIdentity); empty: none
  std::map<CommitId, git::Signer> signers;  ///< of the commits that the device has or may revert to
  Following following;
  SeenTips tips{};                        ///< where the configuration asks for signed ones
  std::optional<Time> unreachable_since;  ///< the repository

  bool operator==(const Remembered&) const = default;
};

/// What the device has.
struct Own {
  CommitId applied;          ///< empty: nothing yet
  bool is_whole = false;     ///< everything that it needs of that commit is in the store
  bool may_go_back = false;  ///< to an older commit of a bundle, where nobody checks signatures
};

/// The render that a fetch made to find out what it needs of a commit, so that it is not made twice. It was
/// made without keys, and is only returned if nothing is encrypted.
struct Fresh {
  CommitId commit;
  render::Rendered rendered;
};

/// The result of asking for the newest commit.
struct Arrival {
  CommitId commit{};  ///< to be applied: the ref's, or the device's own if that is held; empty: see `why_not`
  std::optional<Error> why_not{};
  std::string ref{};      ///< that was found; empty: the server was not reached
  CommitId target{};      ///< what it names
  CommitId same_as{};     ///< `commit` is this one under another id (git::CommitIdentity); empty: it is not
  bool is_held = false;   ///< the device keeps its commit until the ref has caught up
  bool answered = false;  ///< the server sent what was asked for, acceptable or not
  std::optional<KnownTip> tip{};  ///< that the device goes by; nothing: it believes its server, or saw none
  Remembered remembered;
  std::optional<Fresh> fresh{};
};

/// What is asked with: values alone, so that it can be done on another thread.
struct Question {
  std::shared_ptr<const git::BundleFile> bundle{};  ///< null: the server is asked
  Remembered remembered;
  Own own;
};

/// Called with what is being done: "polling https://…".
using Phase = std::function<void(std::string)>;

/// Takes a commit's files as far as they have arrived, and returns the paths of the files that are needed.
/// Called if something is encrypted, since only a reader with the keys knows what it names.
using Reveal = std::function<std::vector<std::string>(const SourceTree& files)>;

/// Where commits come from and are kept: the only part of a sync that knows git. It writes to the git store
/// and nothing else. receive() may run on a thread of its own, one call at a time, and everything else
/// meanwhile on one other. Throws Error (damaged) if the store must be set aside; other errors are returned,
/// unless stated below.
class Intake {
 public:
  virtual ~Intake() = default;

  /// Asks the server, or the bundle if one is given, for the newest commit, judges it and fetches its files.
  /// `phase` is called with what is being done.
  virtual Arrival receive(const Question& question, const Phase& phase) = 0;
  /// Asks the server for the ref's commit. Throws Error: transient during a receive().
  virtual CommitId poll() = 0;
  /// Whether the server, as it was at the last receive(), answers when the ref changes. Not during one.
  virtual bool can_hold() const { return false; }
  /// Waits for that, where the server can (git::Transport::hold). May run on a thread of its own, as
  /// receive(), and not together with it.
  virtual git::Held hold(const git::Hold& /*hold*/) { return git::Held::refused; }

  virtual bool has(const CommitId& commit) const = 0;
  virtual git::Commit about(const CommitId& commit) const = 0;
  virtual std::unique_ptr<SourceTree> files(const CommitId& commit) const = 0;
  /// Fetches an old commit with all its files. Throws Error: transient during a receive().
  virtual void bring(const CommitId& commit) = 0;
  /// Keeps a commit under a name (git::Store::keep).
  virtual void keep(const std::string& name, const CommitId& commit) = 0;

  /// Drops what no kept commit needs, if something has arrived since the last call; nothing during a
  /// receive().
  virtual void tidy() = 0;
  /// Sets a damaged store aside and starts an empty one: everything is fetched again, and nothing on the
  /// device depends on the old one. Ends a receive().
  virtual void start_over(const Error& error) = 0;
};

}  // namespace greenwave::sync
