#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "git/signed_tip.h"

namespace greenwave::tip {

/// What is signed for the devices of a city, and by which key.
struct SignOptions {
  std::filesystem::path repository;  ///< bare, on this disk; the tips go beside it (git::tips_beside)
  std::string name;                  ///< what tips call it
  std::filesystem::path key;         ///< private, or public where ssh's agent has the other half
  Duration life = std::chrono::hours(24);
};

/// What became of a branch's tip.
struct Signed {
  std::string ref;
  CommitId commit{};
  enum class Did { kept, signed_now, removed, failed } did = Did::kept;
  Time expires{};
  std::string error{};  ///< why it failed
};

/// The tip to sign for a commit, after the one that was signed last (null: none is known). Nothing while that
/// says the same and half of its life is left. The sequence is a time in seconds, or more than the last one
/// where a clock went back. Pure.
std::optional<git::SignedTip> next_tip(const git::SignedTip* last, const std::string& name,
                                       const std::string& ref, const CommitId& commit, Time now,
                                       Duration life);

/// Signs what is due, of all branches, and removes the tips of those that are gone. One at a time: others
/// wait. From then on the hook of packaging/git-server leaves the tips to this. Throws Error when nothing can
/// be signed at all.
std::vector<Signed> sign_tips(const SignOptions& options, Time now);

}  // namespace greenwave::tip
