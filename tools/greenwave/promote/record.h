#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace greenwave::promote {

/// Where the repository itself remembers since when each ref has its commit, which git does not: so that a CI
/// job, a timer and a person all know the same. Its commits are also a log of what was promoted when, by
/// whom:
///
///     git fetch origin refs/greenwave/promote && git log FETCH_HEAD
inline constexpr const char* record_ref = "refs/greenwave/promote";

struct Seen {
  std::string commit;
  Time since{};
  bool operator==(const Seen&) const = default;
};

/// By the ref's full name.
using Record = std::map<std::string, Seen>;

/// The body of a commit's message, and back. What is not of this form reads as empty: soak times then begin
/// anew, which is on the safe side.
std::string write_record(const Record& record);
Record read_record(std::string_view message);

}  // namespace greenwave::promote
