#include "sync/own_change.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "drivers/host/packages/package_spec.h"
#include "state/keys.h"

namespace greenwave::sync {

namespace {

using guard::Failed;
using guard::OwnFile;

/// What an agent that is among what it changes has; else null.
guard::Guard* standing_by(const Pass& pass) {
  auto* const guard = pass.parts.guard;
  return guard != nullptr && guard->is_there() ? guard : nullptr;
}

bool may_change_files(const plan::Step& step) {
  const bool acts = step.wait != plan::Wait::all;
  return acts && (plan::changes_device(step) || step.verb == plan::Verb::remove);
}

std::vector<OwnFile> own_places(const guard::OwnFiles& files, const plan::Step& step) {
  if (!may_change_files(step)) return {};
  std::vector<std::string> claims;
  if (step.desired != nullptr) claims = step.desired->footprint.claims;
  if (step.entry != nullptr)
    claims.insert(claims.end(), step.entry->claims.begin(), step.entry->claims.end());
  return files.claimed_by(claims);
}

/// Where a step changes the package that has the agent: what the agent will be then. On the way back it has
/// no name, since that is not what failed.
std::optional<guard::Guard::ByPackage> own_package_of(const Pass& pass, const plan::Step& step) {
  const bool by_claim = step.desired != nullptr ? guard::changes_own_package(step.desired->footprint.claims)
                                                : guard::changes_own_package(step.entry->claims);
  if (!by_claim || !may_change_files(step)) return {};
  guard::Guard::ByPackage package;
  if (step.desired == nullptr || pass.kept.course.is_reverting()) return package;
  Problems none;
  const auto spec = drivers::host::read_package_spec({}, step.desired->manifest, none);
  if (!spec.version.empty()) package = {std::string(drivers::host::own_package), sha256(spec.version)};
  return package;
}

/// True when it stands by.
bool arm(Pass& pass, guard::Guard& guard, std::span<const plan::Step> steps, ApplyContext& context) {
  std::vector<OwnFile> places;
  std::vector<ObjectId> objects;
  std::optional<guard::Guard::ByPackage> package;
  for (const auto& step : steps) {
    const auto more = own_places(guard.files(), step);
    if (more.empty()) continue;
    if (auto own = own_package_of(pass, step)) package = std::move(own);
    places.insert(places.end(), more.begin(), more.end());
    objects.push_back(step.id);
  }
  if (places.empty()) return false;
  try {
    guard.arm(places, pass.reached, package);
    return true;
  } catch (const Error& error) {
    const auto why = fmt::format("it changes the agent itself, and {} cannot stand by: {}", guard::guard_unit,
                                 error.what());
    for (const auto& id : objects) {
      context.later[id] = {.object = to_string(id), .reason = why, .fault = error.fault(), .refused = true};
    }
  }
  return false;
}

std::string to_text(const Failed& failed) {
  auto json = nlohmann::json::object();
  for (const auto& [path, digests] : failed) {
    for (const auto& digest : digests) json[path].push_back(to_hex(digest));
  }
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

Refuse own_rules(const Pass& pass) {
  auto* const guard = pass.parts.guard;
  if (guard == nullptr) return {};
  return [&pass, guard](std::span<const plan::Desired> desired, const SourceTree& tree, Problems& problems) {
    static const Failed none;
    const auto& failed = pass.request.force ? none : pass.kept.failed_own;
    if (pass.request.force) guard->candidates().forget();
    return guard::refuse_unusable(desired,
                                  {.config = pass.parts.config,
                                   .files = guard->files(),
                                   .failed = failed,
                                   .tree = tree,
                                   .candidates = guard->candidates(),
                                   .heartbeat = pass.parts.heartbeat},
                                  problems);
  };
}

Applied with_guard(Pass& pass, std::span<const plan::Step> steps, ApplyContext& context,
                   const std::function<Applied()>& apply) {
  auto* const guard = pass.parts.guard;
  if (guard == nullptr || steps.empty()) return apply();
  const bool armed = guard->is_there() && arm(pass, *guard, steps, context);
  const auto before = guard->files().fingerprint();
  auto applied = apply();
  const bool changed = guard->files().fingerprint() != before;
  // What an agent that is to stop has begun may go on without it.
  if (armed) guard->changed(changed || pass.parts.stop);
  if (changed) {
    pass.renews = true;
    pass.take(changed_own(pass.kept.course, pass.parts.process));
    pass.observer({.kind = "phase", .text = "restarting: the agent itself was changed"});
  }
  return applied;
}

bool answers_for_agent(const Pass& pass, const CommitId& commit) {
  const auto& trial = pass.kept.course.trial;
  if (!trial || trial->commit != commit) return false;
  const auto* const guard = standing_by(pass);
  if (guard != nullptr && guard->armed_before()) return true;
  return !trial->own_change.empty() && trial->own_change != pass.parts.process;
}

std::string own_failure(const Pass& pass) {
  if (pass.kept.course.trial->own_change != pass.parts.process) return {};
  return "the agent did not take over what the commit changed of it; its log says why";
}

void turn_back(Pass& pass, const std::string& reason) {
  auto* const guard = standing_by(pass);
  if (guard != nullptr && guard->fire(reason)) {
    pass.record.error =
        fmt::format("{} is being taken back ({}): the agent's last good files are put back first",
                    pass.kept.course.trial->commit.shortened(), reason);
    return;
  }
  pass.take(found_unwell(pass.kept.course, reason));
}

void learn_from_guard(Pass& pass) {
  auto* const guard = standing_by(pass);
  if (guard == nullptr) return;
  const auto found = guard->put_back();
  if (!found) return guard->tidy();
  auto& failed = pass.kept.failed_own;
  for (const auto& [path, digests] : found->failed) failed[path].insert(digests.begin(), digests.end());
  pass.parts.state.set_value(state::keys::failed_own, to_text(failed));
  pass.observer({.kind = "problem",
                 .text = fmt::format("the agent's last good files were put back: {}", found->reason),
                 .ok = false});
  pass.take(found_unwell(pass.kept.course, found->reason));
  guard->forget_put_back();
}

void release_guard(Pass& pass) {
  auto* const guard = standing_by(pass);
  if (guard == nullptr || pass.renews || !pass.came_through) return;
  const auto armed = guard->armed_before();
  if (armed && (pass.reached || !armed->reached)) guard->disarm();
}

Failed read_failed(const state::State& state) {
  Failed failed;
  const auto json = nlohmann::json::parse(state.value(state::keys::failed_own).value_or(""), nullptr, false);
  try {
    if (!json.is_object()) return failed;
    for (const auto& [path, digests] : json.items()) {
      for (const auto& digest : digests) failed[path].insert(digest_from_hex(digest.get<std::string>()));
    }
  } catch (const std::exception&) {
    return {};  // no writer of ours wrote it
  }
  return failed;
}

}  // namespace greenwave::sync
