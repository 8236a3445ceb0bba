#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "git/signed_tip.h"
#include "git/transport.h"
#include "git/trust.h"

namespace greenwave::sync {

/// A signed tip that was followed, and when it was first seen.
struct SeenTip {
  git::SignedTip tip;
  BootTime when{};

  bool operator==(const SeenTip&) const = default;
};
/// The last of each ref, by its full name.
using SeenTips = std::map<std::string, SeenTip>;

/// What the clock says, or later: a tip that was seen had been issued, and since then the machine has counted
/// how long it runs. A device whose clock stands at 1970 knows by this how old a tip is. Pure.
Time time_at_least(const SeenTips& seen, Time clock, const BootTime& boot);

/// What tips are judged by.
struct TipLaw {
  const git::Trust& trust;
  const std::string& repository;  ///< what they must be about
  Time now{};                     ///< see time_at_least
  BootTime boot{};
};

/// The commit to follow, of the first of `refs` that has a tip; the tip goes into `seen`. Throws Error
/// (untrusted), and changes nothing, where the tip is not signed by who may, is about something else, or was
/// overtaken: by one with a higher sequence, or by one with the same sequence that names another commit. The
/// same where a ref before it had a tip that has not expired: who holds it back would turn the device to
/// another ref. One that has expired is accepted, and said to have. Pure.
git::JudgedTip judge_tip(const git::StatedTip& stated, const std::vector<std::string>& refs,
                         const TipLaw& law, SeenTips& seen);

/// What is known of the tip that the device follows.
struct KnownTip {
  git::SignedTip tip;
  bool is_expired = false;

  bool operator==(const KnownTip&) const = default;
};
/// The first that was seen of these refs of the repository. Pure.
std::optional<KnownTip> known_tip(const SeenTips& seen, const std::string& repository,
                                  const std::vector<std::string>& refs, Time now);

/// The newer of both, of each ref.
void add_newer(SeenTips& seen, const SeenTips& others);
/// Whether the difference is worth a write to the disk: a tip that is signed again and again for the same
/// commit is stored once a day.
bool is_worth_storing(const SeenTips& before, const SeenTips& after);

/// As the state keeps them.
std::string to_text(const SeenTips& seen);
SeenTips seen_tips_from(const std::string& text);

}  // namespace greenwave::sync
