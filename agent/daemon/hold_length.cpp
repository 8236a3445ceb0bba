#include "daemon/hold_length.h"

#include <algorithm>

namespace greenwave::daemon {

namespace {

constexpr Duration shortest = std::chrono::seconds(20);
constexpr Duration most = std::chrono::minutes(15);
/// So many of them must last before a longer one is tried on a link that has cut one.
constexpr unsigned enough = 50;

}  // namespace

void HoldLength::lasted(Duration length) {
  if (length < length_) return;  // it was cut short by a poll, and shows nothing new
  if (length_ == longest_ && longest_ < most && ++lasted_ >= enough) {
    lasted_ = 0;
    longest_ = std::min(most, longest_ + longest_ / 4);
  }
  length_ = std::min(longest_, length_ + length_ / 2);
}

void HoldLength::lost(Duration after) {
  lasted_ = 0;
  if (after < shortest) return;
  longest_ = std::max(shortest, std::min(longest_, after * 3 / 4));
  length_ = std::min(length_, longest_);
}

}  // namespace greenwave::daemon
