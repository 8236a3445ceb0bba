#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "base/clock.h"
#include "changes/changes.h"
#include "http/message.h"

namespace greenwave::hub {

/// The comparisons that were asked for, and the objects of devices: each question is answered once, however
/// many ask, and only for commits that a wave or the branch is at, but that a device may be at any. On the
/// loop's thread.
class ChangesBoard {
 public:
  /// `compare` is called for a pair that is not known yet, and leads to told(). It must not throw.
  explicit ChangesBoard(std::function<void(const CommitPair& pair)> compare) : compare_(std::move(compare)) {}

  /// The commits that may be asked for from now on.
  void allow(std::set<std::string> commits);
  void told(Compared compared);

  /// Answers at once: 202 while a comparison is under way, 404 for a commit that may not be asked for.
  HttpReply answer(const CommitPair& pair, Instant now);

 private:
  struct Known {
    Compared compared;
    bool is_under_way = true;
    Instant asked{};
  };

  std::string strange_in(const CommitPair& pair) const;
  void forget_one();

  std::function<void(const CommitPair&)> compare_;
  std::set<std::string> allowed_;
  std::map<CommitPair, Known> known_;
};

}  // namespace greenwave::hub
