#include "impact/effects.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/contains.h"
#include "base/error.h"
#include "base/text.h"
#include "diff/unified_diff.h"
#include "kinds/table.h"
#include "model/kubernetes_kind.h"
#include "model/paths.h"
#include "model/wave.h"
#include "plan/places.h"
#include "systemd/unit_paths.h"
#include "yaml/emit.h"

namespace greenwave::city {

namespace {

bool is_secret(const Manifest& manifest) {
  return manifest.id.kind == "Secret" || is_true(manifest.document.at({"spec", "sensitive"}));
}

std::string source_text(const render::Fleet& fleet, const Manifest& manifest) {
  if (!manifest.source) return {};
  if (!manifest.source->is_directory) return fleet.tree().read(manifest.source->path, largest_source);
  std::string names;
  for (const auto& item : fleet.tree().list(manifest.source->path)) {
    names += fmt::format("{} {}\n", item.name, item.oid.substr(0, 12));
  }
  return names;
}

/// Whether the files of an object with these claims define anything by one of these names.
bool defines(const std::vector<std::string>& claims, const std::vector<std::string>& names) {
  for (std::string_view claim : claims) {
    if (!claim.starts_with(plan::path_claim)) continue;
    claim.remove_prefix(std::string_view(plan::path_claim).size());
    const auto defined = systemd::definitions_at(claim);
    if (std::ranges::any_of(defined, [&](const auto& name) { return contains(names, name); })) return true;
  }
  return false;
}

/// A field that is no longer declared falls back to its default, unless another field manager has set it.
std::string caution_about_replicas(const Manifest& was, const Manifest& is) {
  const auto* replicas = was.document.at({"spec", "replicas"});
  const bool is_scaled = group_of(is.id.api_version) == "apps" || is.id.kind == "ReplicationController";
  if (!is_scaled || replicas == nullptr || is.document.at({"spec", "replicas"}) != nullptr) return {};
  const auto* count = std::get_if<std::int64_t>(&replicas->value);
  if (count != nullptr && *count == 1) return {};
  return "no longer declares replicas, which fall to 1 unless an autoscaler has changed them before";
}

}  // namespace

void Effects::add_object(const render::Variant* was, const render::Variant& is) {
  const auto after = head_.render(is);
  if (!after.manifest) return;
  const auto before = was != nullptr ? base_.render(*was) : render::FleetObject{};
  const drivers::Declared next{*after.manifest, head_.tree()};
  auto& found = found_[after.manifest->id];
  if (before.manifest) {
    const drivers::Declared last{*before.manifest, base_.tree()};
    found.transition = kinds::transition(&last, next);
    found.caution = caution_about_replicas(*before.manifest, *after.manifest);
  } else {
    found.transition = kinds::transition(nullptr, next);
  }
  const auto& source = after.manifest->source;
  const auto& old_source = before.manifest ? before.manifest->source : std::nullopt;
  if (source) found.bytes = transfer_size_.source_bytes(old_source ? old_source->path : "", source->path);
}

std::map<ObjectId, plan::Difference> Effects::differences() const {
  std::map<ObjectId, plan::Difference> differences;
  for (const auto& [id, found] : found_) {
    auto& difference = differences[id];
    difference.kind = found.transition.kind;
    difference.disruption = found.transition.disruption;
  }
  return differences;
}

void Effects::add_renamed(std::span<const plan::Desired> desired, std::span<const Entry> inventory,
                          plan::Plan& plan) const {
  for (auto& step : plan.steps) {
    const auto found = found_.find(step.id);
    if (found == found_.end() || found->second.transition.names.empty()) continue;
    const auto add = [&](const ObjectId& id, const std::vector<std::string>& claims) {
      auto& list = step.restart_because;
      if (id != step.id && !contains(list, id) && defines(claims, found->second.transition.names)) {
        list.push_back(id);
      }
    };
    for (const auto& one : desired) add(one.manifest.id, one.footprint.claims);
    for (const auto& entry : inventory) add(entry.id, entry.claims);
  }
}

void Effects::add_step(const plan::Step& step, bool uncertain, Group& group) {
  if (step.verb == plan::Verb::release) return;
  Change change;
  change.verb = step_verb(step, uncertain);
  change.uncertain = uncertain;
  change.object = to_string(step.id);
  auto& effect = group.effect;
  if (step.verb == plan::Verb::remove) {
    ++effect.pruned;
    change.disruptive = true;
    change.gives_back = step.gives_back;
    group.changes.push_back(std::move(change));
    return;
  }
  const auto known = found_.find(step.id);
  const auto found = known != found_.end() ? known->second : Found{};
  effect.files += found.transition.files;
  effect.bytes += found.bytes;
  const bool is_own = step.id.api_version == own_api;
  const bool is_unit = is_own && step.id.kind == "SystemdUnit";
  const auto& causes = step.restart_because.empty() ? step.reload_because : step.restart_because;
  if (!causes.empty()) change.because = to_string(causes.front());
  const auto disruption = found.transition.disruption;
  change.caution = found.caution;
  change.disruptive = disruption != plan::Disruption::none || !change.caution.empty();
  if (!is_own && disruption == plan::Disruption::whole) ++effect.pods;
  if (is_unit && disruption == plan::Disruption::whole) change.verb += " and stop";
  // A unit that was down is started, not restarted.
  const bool is_up =
      step.entry != nullptr && !found.transition.is_down && step.desired->footprint.keeps_down.empty();
  if (disruption == plan::Disruption::restart || (!step.restart_because.empty() && is_up)) {
    ++effect.restarts;
    change.disruptive = true;
    const bool writes = step.verb == plan::Verb::update || step.verb == plan::Verb::adopt;
    if (writes) change.verb += " and restart";
  }
  group.changes.push_back(std::move(change));
}

std::string step_verb(const plan::Step& step, bool uncertain) {
  if (step.verb == plan::Verb::remove) return "prune";
  return uncertain ? "apply" : std::string(to_string(step.verb));
}

std::string manifest_diff(const render::Fleet& base, const render::Variant* was, const render::Fleet& head,
                          const render::Variant* is) {
  const auto before = was != nullptr ? base.render(*was) : render::FleetObject{};
  const auto after = is != nullptr ? head.render(*is) : render::FleetObject{};
  const auto& named = after.manifest ? after.manifest : before.manifest;
  if (!named) return {};
  const auto name = to_string(named->id);
  if ((before.manifest && is_secret(*before.manifest)) || (after.manifest && is_secret(*after.manifest))) {
    return "the content of a secret changes\n";
  }
  auto diff = diff::unified_diff(before.manifest ? yaml::emit(before.manifest->document) : "",
                                 after.manifest ? yaml::emit(after.manifest->document) : "", name);
  const auto old_source = before.manifest ? source_text(base, *before.manifest) : "";
  const auto new_source = after.manifest ? source_text(head, *after.manifest) : "";
  const auto& source = after.manifest && after.manifest->source ? after.manifest->source->path : name;
  return diff + diff::unified_diff(old_source, new_source, source);
}

std::string wave_name(const Cluster& cluster, const Device& device) {
  const auto* wave = wave_of(cluster, device);
  return wave != nullptr ? wave->name : "";
}

}  // namespace greenwave::city
