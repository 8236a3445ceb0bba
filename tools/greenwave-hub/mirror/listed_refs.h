#pragma once

#include <optional>

#include "base/clock.h"
#include "base/digest.h"
#include "git/upstream.h"

namespace greenwave::hub {

/// Whether the upstream's branches and tags are others than those that are here, asked for as cheaply as its
/// host allows, so that git is started when there is something to fetch. One thread.
class ListedRefs {
 public:
  /// `upstream` outlives this; null: it cannot be asked.
  explicit ListedRefs(git::Upstream* upstream) : upstream_(upstream) {}

  /// True also where nobody can tell, and once an hour. Throws Error (transient) where the host wants to be
  /// left alone; see retry_after().
  bool may_have_changed();
  /// Call once what was listed is here.
  void fetched();
  /// How long the host wants to be left alone; zero: it did not say.
  Duration retry_after() const;

 private:
  git::Upstream* upstream_;
  std::optional<Digest> listed_;   ///< by the last call
  std::optional<Digest> fetched_;  ///< that is here
  Instant fetch_anyway_{};
};

}  // namespace greenwave::hub
