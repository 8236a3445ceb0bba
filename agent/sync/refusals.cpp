#include "sync/refusals.h"

#include <algorithm>
#include <map>

#include "base/contains.h"
#include "sync/entries.h"

namespace greenwave::sync {

namespace {

/// "" stands for no file.
std::map<std::string, std::string> first_errors(const Problems& problems) {
  std::map<std::string, std::string> errors;  // by file
  for (const auto& problem : problems.list()) {
    if (problem.severity != Severity::error) continue;
    errors.emplace(problem.place.file ? *problem.place.file : "", to_string(problem));
  }
  return errors;
}

bool is_as_applied(const Digest& digest, const ObjectId& id, std::span<const Entry> inventory) {
  const auto* entry = entry_of(inventory, id);
  return entry != nullptr && !digest.is_zero() && entry->digest == digest;
}

/// `counts` says of an object's id and digest whether it is wanted.
template <typename Counts>
std::vector<FailedObject> collect(const Prepared& prepared, const Counts& counts) {
  std::vector<FailedObject> all;
  for (const auto& one : prepared.refused) {
    if (one.left_out || !counts(one.id, one.digest)) continue;
    all.push_back({.object = to_string(one.id), .reason = one.why, .refused = true});
  }
  for (const auto& failed : prepared.compared.failed) {
    if (passes(failed.fault)) continue;
    const auto found = std::ranges::find_if(prepared.desired, [&](const plan::Desired& object) {
      return to_string(object.manifest.id) == failed.object;
    });
    if (found == prepared.desired.end()) continue;
    if (counts(found->manifest.id, found->manifest.digest)) all.push_back(failed);
  }
  if (prepared.complete) return all;
  for (const auto& [file, error] : first_errors(prepared.problems)) {
    all.push_back({.object = file, .reason = error, .refused = true});
  }
  return all;
}

}  // namespace

std::vector<FailedObject> refusals(const Prepared& prepared) {
  return collect(prepared, [](const ObjectId&, const Digest&) { return true; });
}

std::vector<FailedObject> new_refusals(const Prepared& prepared, std::span<const std::string> before,
                                       std::span<const Entry> inventory) {
  auto all = collect(prepared, [&](const ObjectId& id, const Digest& digest) {
    return !is_as_applied(digest, id, inventory);
  });
  std::erase_if(
      all, [&](const FailedObject& one) { return std::ranges::find(before, one.object) != before.end(); });
  return all;
}

}  // namespace greenwave::sync
