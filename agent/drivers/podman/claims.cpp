#include "drivers/podman/claims.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

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

plan::Difference Claims::compare(const std::string& name) {
  plan::Difference difference;
  if (has(name)) return difference;
  difference.kind = plan::Difference::Kind::create;
  difference.diff = fmt::format("+volume {}\n", name);
  difference.record = claim_record(name, true);
  return difference;
}

std::string Claims::apply(const plan::Step& step) {
  const auto& name = step.id.name;
  const bool there = service_.has_volume(name);
  if (!there) service_.create_volume(name, {{std::string(labels::object), label_of(step.id)}});
  return claim_record(name, !there || (step.entry != nullptr && made_by_us(step.entry->record)));
}

std::string Claims::remove(const Entry& entry, bool prune) {
  const auto& name = entry.id.name;
  if (!made_by_us(entry.record)) return fmt::format("the volume {} stays: it was there before", name);
  if (!prune) return fmt::format("the volume {} stays, with what is in it", name);
  return service_.remove_volume(name) ? "" : fmt::format("the volume {} stays: a container uses it", name);
}

}  // namespace greenwave::drivers::podman
