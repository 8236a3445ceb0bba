#include "impact/effects.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "diff/unified_diff.h"
#include "model/paths.h"
#include "model/wave.h"
#include "yaml/emit.h"

namespace greenwave::cli {

namespace {

bool differs(const yaml::Node* a, const yaml::Node* b) {
  if (a == nullptr || b == nullptr) return a != b;
  return !yaml::same_value(*a, *b);
}

/// The pod template of a workload; null for kinds without pods.
const yaml::Node* pods_of(const Manifest& manifest) {
  const auto& kind = manifest.id.kind;
  if (manifest.id.api_version == own_api) return nullptr;
  if (kind == "Pod") return manifest.document.find("spec");
  if (kind == "CronJob") return manifest.document.at({"spec", "jobTemplate"});
  const bool has_pods = kind == "Deployment" || kind == "DaemonSet" || kind == "StatefulSet" ||
                        kind == "Job" || kind == "ReplicaSet";
  return has_pods ? manifest.document.at({"spec", "template"}) : nullptr;
}

std::size_t unit_files(const Manifest* was, const Manifest& is) {
  std::size_t files = 0;
  const auto* content = is.document.at({"spec", "content"});
  if (content != nullptr &&
      differs(was != nullptr ? was->document.at({"spec", "content"}) : nullptr, content)) {
    ++files;
  }
  const auto* drop_ins = is.document.at({"spec", "dropIns"});
  if (drop_ins == nullptr || !drop_ins->is_map()) return files;
  for (const auto& [name, place, value] : *drop_ins->map()) {
    const auto* before = was != nullptr ? was->document.at({"spec", "dropIns", name}) : nullptr;
    if (differs(before, &value)) ++files;
  }
  return files;
}

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

}  // namespace

void Effects::add_object(const render::Variant* was, const render::Variant* is) {
  if (is == nullptr) return;
  const auto after = head_.render(*is);
  if (!after.manifest) return;
  const auto before = was != nullptr ? base_.render(*was) : render::FleetObject{};
  found_[after.manifest->id] = compare(before.manifest ? &*before.manifest : nullptr, *after.manifest);
}

Effects::Found Effects::compare(const Manifest* was, const Manifest& is) {
  Found found;
  if (is.source) {
    found.bytes =
        transfer_size_.source_bytes(was != nullptr && was->source ? was->source->path : "", is.source->path);
  }
  if (is.id.api_version == own_api) {
    if (is.id.kind == "File") found.files = 1;
    if (is.id.kind == "Directory" && is.source) {
      found.files = changed_files(was != nullptr && was->source ? was->source->path : "", is.source->path);
    }
    if (is.id.kind == "SystemdUnit") {
      found.files = unit_files(was, is);
      found.restarts = was != nullptr && found.files > 0 && is_true(is.document.at({"spec", "running"}));
    }
    return found;
  }
  found.replaces_pods = was != nullptr && pods_of(is) != nullptr && differs(pods_of(*was), pods_of(is));
  return found;
}

std::size_t Effects::changed_files(const std::string& was, const std::string& is) const {
  std::size_t changed = 0;
  for (const auto& item : head_.tree().list(is)) {
    const auto path = join_path(is, item.name);
    const auto before = was.empty() ? std::nullopt : base_.tree().find(join_path(was, item.name));
    if (before && before->oid == item.oid && before->type == item.type) continue;
    if (item.type == SourceTree::Type::directory) {
      changed += changed_files(before ? join_path(was, item.name) : "", path);
    } else {
      ++changed;
    }
  }
  return changed;
}

void Effects::add_step(const plan::Step& step, Group& group) {
  if (step.verb == plan::Verb::release) return;
  Change change;
  change.verb = step_verb(step);
  change.object = to_string(step.id);
  auto& effect = group.effect;
  if (step.verb == plan::Verb::remove) {
    ++effect.pruned;
    change.disruptive = true;
    change.gives_back = step.gives_back;
    group.changes.push_back(std::move(change));
    return;
  }
  const auto found = found_.find(step.id);
  bool restarts = !step.restart_because.empty();
  const auto& causes = restarts ? step.restart_because : step.reload_because;
  if (!causes.empty()) change.because = to_string(causes.front());
  if (found != found_.end()) {
    effect.files += found->second.files;
    effect.bytes += found->second.bytes;
    restarts = restarts || found->second.restarts;
    if (found->second.replaces_pods) {
      ++effect.pods;
      change.disruptive = true;
    }
  }
  // A new unit is started, not restarted.
  if (restarts && step.entry != nullptr) {
    ++effect.restarts;
    change.disruptive = true;
    if (step.verb == plan::Verb::update) change.verb = "update and restart";
  }
  if (step.id.kind == "Command" && step.id.api_version == own_api) change.disruptive = true;
  group.changes.push_back(std::move(change));
}

std::string step_verb(const plan::Step& step) {
  return step.verb == plan::Verb::remove ? "prune" : std::string(to_string(step.verb));
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

}  // namespace greenwave::cli
