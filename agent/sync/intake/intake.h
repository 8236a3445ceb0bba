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
#include "git/store.h"
#include "git/trust.h"
#include "model/commit_id.h"
#include "model/source_tree.h"
#include "render/render.h"
#include "sync/intake/following.h"

namespace greenwave::sync {

/// What is to be known at the next sync of how commits came here. The intake takes it and returns what it has
/// become; whoever calls it keeps it.
struct Remembered {
  CommitId accepted;  ///< the highest commit that was verified; empty: none, or nobody checks
  std::map<CommitId, git::Signer> signers;  ///< of the commits that the device has or may go back to
  Following following;
  std::optional<Time> unreachable_since;  ///< the repository

  bool operator==(const Remembered&) const = default;
};

/// What the device has.
struct Own {
  CommitId applied;       ///< empty: nothing yet
  bool is_whole = false;  ///< all that it needs of that commit is known to be in the store
};

/// A render that was made to find out what is needed of a commit, so that it need not be made twice: without
/// keys, so sealed with none, and only given where nothing is encrypted.
struct Fresh {
  CommitId commit;
  render::Rendered rendered;
};

/// What came of asking for the newest commit.
struct Arrival {
  CommitId commit{};  ///< to be applied: the ref's, or the own one that is held; empty: `why_not`
  std::optional<Error> why_not{};
  std::string ref{};      ///< that was found; empty: the server did not say
  CommitId target{};      ///< what it names
  bool is_held = false;   ///< the device keeps its commit until the ref has caught up with it
  bool answered = false;  ///< the server gave what was asked of it, whatever that was worth
  Remembered remembered;
  std::optional<Fresh> fresh{};
};

/// Told what is being done: "polling https://…".
using Phase = std::function<void(std::string)>;

/// Given the files of a commit as far as they came, the paths of those that are needed: asked where something
/// is encrypted, and only its reader knows what that names.
using Reveal = std::function<std::vector<std::string>(const SourceTree& files)>;

/// Where commits come from and are kept: the one place of a sync that knows git. It writes the git store and
/// nothing else. One thread. What it throws is Error (damaged): the store has to be set aside; all else is
/// in what it returns, or said below.
class Intake {
 public:
  virtual ~Intake() = default;

  /// Asks the server for the newest commit, or the bundle, where one is given; judges it and brings its
  /// files. `phase` is told what is being done.
  virtual Arrival receive(const std::shared_ptr<const git::BundleFile>& bundle, Remembered remembered,
                          const Own& own, const Phase& phase) = 0;
  /// The last commit that was received in full; empty: none since the start.
  virtual CommitId received() const = 0;
  /// The ref's commit, asked of the server; throws Error.
  virtual CommitId poll() = 0;

  virtual bool has(const CommitId& commit) const = 0;
  virtual git::Commit about(const CommitId& commit) const = 0;
  virtual std::unique_ptr<SourceTree> files(const CommitId& commit) const = 0;
  /// Brings an old commit with all its files; throws Error.
  virtual void bring(const CommitId& commit) = 0;
  /// Keeps a commit under a name (git::Store::keep).
  virtual void keep(const std::string& name, const CommitId& commit) = 0;

  /// Drops what no kept commit needs, if something came since the last time.
  virtual void tidy() = 0;
  /// Sets a damaged store aside and begins an empty one: all of it comes again, and nothing on the device
  /// depends on the old one.
  virtual void start_over(const Error& error) = 0;
};

}  // namespace greenwave::sync
