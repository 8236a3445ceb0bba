#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/clock.h"

namespace greenwave::hub {

/// How much may come under one name.
struct Allowance {
  Duration interval{};    ///< one more is allowed after each, on the average; zero: there is no such limit
  std::size_t burst = 1;  ///< that many may come together after a while without any
  std::size_t unanswered = 1;  ///< that many may be without an answer at the same time
};

/// Sees to it that nobody takes so much that there is less for others: a bucket of tokens for each name, and
/// a count of what has no answer yet. A name is forgotten soon after it has its whole allowance again. Of
/// more than `most_names` at a time, what comes under further names passes. On the loop's thread.
class Throttle {
 public:
  /// Kept until there is an answer. The throttle outlives it.
  using Pass = std::shared_ptr<const void>;
  struct Verdict {
    Pass pass{};                         ///< null: it is refused
    std::chrono::seconds retry_after{};  ///< of what is refused: at least one
    bool is_first = false;               ///< refusal of that name since it was forgotten
  };

  explicit Throttle(std::size_t most_names = 100'000) : most_names_(most_names) {}

  /// `count` of them at once, all or none; never more than the allowance's `burst` and `unanswered`.
  Verdict admit(const std::string& name, const Allowance& allowance, std::size_t count, Instant now);

  std::uint64_t refused() const { return refused_; }
  /// That are remembered.
  std::size_t names() const { return accounts_.size(); }

 private:
  struct Account {
    Instant full_again{};  ///< when the bucket is full, if nothing more comes
    std::size_t unanswered = 0;
    bool was_refused = false;
  };
  void forget_full(Instant now);

  std::size_t most_names_;
  Instant forget_at_{};
  std::uint64_t refused_ = 0;
  std::unordered_map<std::string, Account> accounts_;
};

}  // namespace greenwave::hub
