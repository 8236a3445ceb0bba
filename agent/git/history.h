#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <git2.h>

#include "model/commit_id.h"

namespace greenwave::git {

/// A commit's history, as far as a repository has it.
struct History {
  struct Node {
    git_oid commit;
    git_oid tree;
    std::vector<std::uint32_t> parents{};  ///< indices of `nodes`, all behind this one
    bool is_root = false;                  ///< it has no parents, here or elsewhere
    bool is_next_to_lost = false;          ///< `accepted` is a parent, and missing
    bool follows_accepted = false;         ///< it is `accepted`, or descends from it
  };

  std::vector<Node> nodes;   ///< each before its parents; the tip first
  bool is_whole = true;      ///< no commit was missing
  bool is_too_long = false;  ///< more than most_history
};

/// More commits are not read.
inline constexpr std::size_t most_history = 50'000;

/// The history of `tip`, which must be there. `accepted` is what a device has, or empty; the commits before
/// it are read only if some other commit does not descend from it, and otherwise not missed. For the commit
/// `reset_by` (MoveVerdict), `accepted` counts as a parent. Throws Error (damaged).
History read_history(git_repository* repository, const CommitId& tip, const CommitId& accepted = {},
                     const CommitId& reset_by = {});

}  // namespace greenwave::git
