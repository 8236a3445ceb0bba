#include "drivers/podman/claims.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "drivers/podman/claim_volume.h"
#include "drivers/podman/play_kube.h"

namespace greenwave::drivers::podman {

namespace {

/// The record of a claim says whether we created its volume.
std::string claim_record(const std::string& volume, bool made) {
  return nlohmann::ordered_json{{"volume", volume}, {"made", made}}.dump();
}

bool made_by_us(const std::string& record) {
  const auto json = nlohmann::json::parse(record, nullptr, false);
  return json.is_object() && json.value("made", false);
}

/// The volume that it had when it was applied; empty: it was not.
std::string volume_in(const std::string& record) {
  const auto json = nlohmann::json::parse(record, nullptr, false);
  return json.is_object() ? json.value("volume", "") : "";
}

std::string own_volume(const ObjectId& id) {
  return volume_of(id.namespace_, id.name);
}

}  // namespace

bool is_claim(const ObjectId& id) {
  return id.api_version == "v1" && id.kind == "PersistentVolumeClaim";
}

bool Claims::has(const std::string& name) {
  if (!names_) {
    const auto names = service_.volumes();
    names_.emplace(names.begin(), names.end());
  }
  return names_->contains(name);
}

std::optional<std::string> Claims::drift(const Entry& entry) {
  const auto volume = own_volume(entry.id);
  const auto before = volume_in(entry.record);
  // Its data is still in the one that earlier versions made for all namespaces.
  if (!before.empty() && before != volume)
    return fmt::format("it has the volume {} of all namespaces", before);
  if (has(volume)) return {};
  return fmt::format("the volume {} is gone", volume);
}

plan::Difference Claims::compare(const ObjectId& id, const Entry* entry) {
  plan::Difference difference;
  const auto volume = own_volume(id);
  const auto before = entry != nullptr ? volume_in(entry->record) : "";
  const bool moves = !before.empty() && before != volume;
  if (has(volume) && !moves) return difference;
  difference.kind = plan::Difference::Kind::create;
  difference.diff = fmt::format("+volume {}\n", volume);
  if (moves) {
    difference.kind = plan::Difference::Kind::change;
    difference.diff += fmt::format(" with what is in the volume {}\n", before);
    difference.disruption = plan::Disruption::whole;
  }
  difference.record = claim_record(volume, true);
  return difference;
}

std::string Claims::apply(const plan::Step& step) {
  const auto record = step.entry != nullptr ? step.entry->record : "";
  const bool made = bring_claim(service_, rules_,
                                {step.id.namespace_,
                                 step.id.name,
                                 volume_in(record),
                                 {{std::string(labels::object), label_of(step.id)}}});
  return claim_record(own_volume(step.id), made || made_by_us(record));
}

std::string Claims::remove(const Entry& entry, bool prune) {
  const auto recorded = volume_in(entry.record);
  const auto name = recorded.empty() ? own_volume(entry.id) : recorded;
  if (!made_by_us(entry.record)) return fmt::format("the volume {} stays: it was there before", name);
  if (!prune) return fmt::format("the volume {} stays, with what is in it", name);
  return service_.remove_volume(name) ? "" : fmt::format("the volume {} stays: a container uses it", name);
}

std::string Claims::remove_own(const ObjectId& id, bool prune) {
  auto volumes = service_.volumes(labels::object, label_of(id));
  if (prune) std::erase_if(volumes, [&](const std::string& name) { return service_.remove_volume(name); });
  if (volumes.empty()) return {};
  return fmt::format("with what is in {}, {} stay{}: {}", volumes.size() > 1 ? "them" : "it",
                     volumes.size() > 1 ? "volumes" : "a volume", volumes.size() > 1 ? "" : "s",
                     fmt::join(volumes, ", "));
}

}  // namespace greenwave::drivers::podman
