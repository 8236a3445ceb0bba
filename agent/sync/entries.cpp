#include "sync/entries.h"

#include <algorithm>

#include "base/contains.h"

namespace greenwave::sync {

namespace {

Entry known_of(const plan::Step& step) {
  if (step.entry != nullptr) return *step.entry;
  Entry entry;
  entry.id = step.id;
  return entry;
}

bool is_kept(const Manifest& manifest) {
  return manifest.on_removal == OnRemoval::keep;
}

Entry failed(const plan::Step& step, const drivers::StepResult& result) {
  auto entry = needs_intent(step) ? intent_of(step) : known_of(step);
  // An object that failed for good, and has not been well since, does not become a transient case.
  const bool lasted = !entry.error.empty() && !entry.passes;
  entry.passes = passes(result.fault) && !lasted;
  entry.error = result.error;
  if (!result.entry.record.empty()) entry.record = result.entry.record;
  if (!result.entry.files.empty()) entry.files = result.entry.files;
  entry.live = entry.live || result.entry.live;
  return entry;
}

}  // namespace

const Entry* entry_of(std::span<const Entry> inventory, const ObjectId& id) {
  const auto at = std::ranges::lower_bound(inventory, id, {}, &Entry::id);
  return at != inventory.end() && at->id == id ? &*at : nullptr;
}

bool needs_intent(const plan::Step& step) {
  switch (step.verb) {
    case plan::Verb::accept:
    case plan::Verb::restart:
    case plan::Verb::reload:
    case plan::Verb::release:
      return false;
    default:
      return true;
  }
}

Entry intent_of(const plan::Step& step) {
  auto entry = known_of(step);
  entry.intended = true;
  if (step.desired == nullptr) return entry;
  const auto& footprint = step.desired->footprint;
  entry.rank = footprint.rank;
  entry.keep = is_kept(step.desired->manifest);
  for (const auto& claim : footprint.claims) {
    if (!contains(entry.claims, claim)) entry.claims.push_back(claim);
  }
  if (!step.difference.record.empty()) entry.record = step.difference.record;
  return entry;
}

Entry expectation_of(const plan::Step& step) {
  auto entry = intent_of(step);
  entry.claims = known_of(step).claims;
  return entry;
}

Entry result_of(const plan::Step& step, const drivers::StepResult& result, const CommitId& commit) {
  if (!result.ok) return failed(step, result);
  auto entry = known_of(step);
  entry.record = result.entry.record;
  entry.files = result.entry.files;
  entry.live = result.entry.live;
  entry.error.clear();
  entry.passes = false;
  if (step.verb == plan::Verb::restart || step.verb == plan::Verb::reload) return entry;
  const auto& [manifest, footprint] = *step.desired;
  if (entry.digest != manifest.digest) entry.commit = commit;
  entry.digest = manifest.digest;
  entry.intended = false;
  entry.rank = footprint.rank;
  entry.claims = footprint.claims;
  entry.keep = is_kept(manifest);
  return entry;
}

}  // namespace greenwave::sync
