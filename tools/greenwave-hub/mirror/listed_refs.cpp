#include "mirror/listed_refs.h"

#include <string>
#include <vector>

#include "base/error.h"

namespace greenwave::hub {

namespace {

/// Whoever changes the mirror itself is not noticed at the upstream.
constexpr auto longest_without_fetch = std::chrono::hours(1);

const std::vector<std::string> mirrored{"refs/heads/", "refs/tags/"};

}  // namespace

bool ListedRefs::may_have_changed() {
  listed_.reset();
  if (upstream_ == nullptr) return true;
  try {
    listed_ = upstream_->digest_of(mirrored);
    upstream_->leave();
  } catch (const Error&) {
    if (retry_after() > Duration::zero()) throw;
    return true;  // git says what is wrong, or knows a way
  }
  return !listed_ || listed_ != fetched_ || std::chrono::steady_clock::now() >= fetch_anyway_;
}

void ListedRefs::fetched() {
  fetched_ = listed_;
  fetch_anyway_ = std::chrono::steady_clock::now() + longest_without_fetch;
}

Duration ListedRefs::retry_after() const {
  return upstream_ == nullptr ? Duration::zero() : upstream_->retry_after();
}

}  // namespace greenwave::hub
