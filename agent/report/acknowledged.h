#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace greenwave::report {

/// Records of the history between two numbers, neither of them included.
struct Gap {
  std::int64_t above = 0;
  std::int64_t below = std::numeric_limits<std::int64_t>::max();

  bool operator==(const Gap&) const = default;
};

/// Which records of the history the hub has. The newest ones go first, so that there may be gaps below them.
class Acknowledged {
 public:
  /// It has everything up to `watermark`.
  explicit Acknowledged(std::int64_t watermark = 0) : has_{{0, watermark}} {}

  /// What it lacks, newest first. The first gap has no end: new records are written there.
  std::vector<Gap> gaps() const;
  /// It has these now: all records from `first` to `last`, both included.
  void add(std::int64_t first, std::int64_t last);
  /// There are no records in this gap, one of gaps() but the first.
  void close(const Gap& gap);

  /// It has everything up to this.
  std::int64_t watermark() const { return has_.front().last; }

 private:
  struct Run {
    std::int64_t first, last;
  };
  std::vector<Run> has_;  ///< ordered, with gaps between them; the first begins at 0
};

}  // namespace greenwave::report
