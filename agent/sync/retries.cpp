#include "sync/retries.h"

#include <algorithm>

#include "base/backoff.h"

namespace greenwave::sync {

namespace {

Digest digest_of(std::span<const plan::Desired> desired, const std::string& object) {
  const auto found = std::ranges::find_if(
      desired, [&](const plan::Desired& one) { return to_string(one.manifest.id) == object; });
  return found == desired.end() ? Digest{} : found->manifest.digest;
}

}  // namespace

std::map<ObjectId, FailedObject> Retries::later(const plan::Plan& plan, Instant now) const {
  std::map<ObjectId, FailedObject> later;
  if (waiting_.empty()) return later;
  for (const auto& step : plan.steps) {
    const auto found = waiting_.find(to_string(step.id));
    if (found == waiting_.end() || now >= found->second.next) continue;
    const auto digest = step.desired != nullptr ? step.desired->manifest.digest : Digest{};
    if (digest == found->second.digest) later.emplace(step.id, found->second.failed);
  }
  return later;
}

void Retries::note(std::span<const plan::Desired> desired, std::vector<FailedObject>& failed,
                   std::span<const FailedObject> tried, const Clock& clock) {
  std::erase_if(waiting_, [&](const auto& one) {
    return std::ranges::find(failed, one.first, &FailedObject::object) == failed.end();
  });
  for (const auto& one : tried) {
    if (!passes(one.fault)) {
      waiting_.erase(one.object);
      continue;
    }
    auto& waiting = waiting_[one.object];
    const auto digest = digest_of(desired, one.object);
    waiting.failures = waiting.digest == digest ? waiting.failures + 1 : 1;
    waiting.digest = digest;
    const auto wait = backoff(waiting.failures, {}, std::uniform_real_distribution<double>(0, 1)(random_));
    waiting.next = clock.tick() + wait;
    waiting.failed = one;
    waiting.failed.again = clock.now() + wait;
  }
  for (auto& one : failed) {
    if (const auto found = waiting_.find(one.object); found != waiting_.end()) one = found->second.failed;
  }
}

}  // namespace greenwave::sync
