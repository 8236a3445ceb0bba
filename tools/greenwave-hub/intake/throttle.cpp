#include "intake/throttle.h"

#include <algorithm>
#include <utility>

namespace greenwave::hub {

namespace {

constexpr auto forget_every = std::chrono::seconds(10);

}  // namespace

Throttle::Verdict Throttle::admit(const std::string& name, const Allowance& allowance, std::size_t count,
                                  Instant now) {
  if (now >= forget_at_) forget_full(now);
  if (accounts_.size() >= most_names_ && !accounts_.contains(name)) return {.pass = std::make_shared<int>()};

  // A bucket that is full again in N intervals lacks N tokens.
  auto& account = accounts_[name];
  const auto amount = static_cast<Duration::rep>(count);
  const auto full_again = std::max(account.full_again, now) + allowance.interval * amount;
  const auto wait = full_again - allowance.interval * static_cast<Duration::rep>(allowance.burst) - now;
  if (wait > Duration::zero() || account.unanswered + count > allowance.unanswered) {
    refused_ += count;
    return {.retry_after = std::max(std::chrono::ceil<std::chrono::seconds>(wait), std::chrono::seconds(1)),
            .is_first = !std::exchange(account.was_refused, true)};
  }
  account.full_again = full_again;
  account.unanswered += count;
  return {.pass = Pass(&account, [&account, count](const void*) { account.unanswered -= count; })};
}

void Throttle::forget_full(Instant now) {
  std::erase_if(accounts_,
                [&](const auto& one) { return one.second.unanswered == 0 && one.second.full_again <= now; });
  forget_at_ = now + forget_every;
}

}  // namespace greenwave::hub
