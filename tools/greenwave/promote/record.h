#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "model/commit_id.h"

namespace greenwave::promote {

/// Records in the repository when each ref got its commit, which git itself does not, so that a CI job, a
/// timer and a person all see the same. Its commits are also a log of what was promoted when and by whom:
///
///     git fetch origin refs/greenwave/promote && git log FETCH_HEAD
inline constexpr const char* record_ref = "refs/greenwave/promote";

struct Seen {
  CommitId commit;
  Time since{};
  bool operator==(const Seen&) const = default;
};

/// By the ref's full name.
using Record = std::map<std::string, Seen>;

/// To and from the body of a commit message. Any other body reads as empty: soak times then start over, which
/// is safe.
std::string write_record(const Record& record);
Record read_record(std::string_view message);

}  // namespace greenwave::promote
