#include "kinds/table.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "drivers/host/check_spec.h"
#include "drivers/host/command_spec.h"
#include "drivers/host/file_spec.h"
#include "drivers/host/packages/package_spec.h"
#include "drivers/host/transitions.h"
#include "drivers/host/unit_spec.h"
#include "drivers/podman/cron/cron_footprint.h"
#include "drivers/podman/footprint.h"
#include "drivers/workload/transition.h"
#include "model/kubernetes_kind.h"

namespace greenwave::kinds {

namespace {

namespace host = drivers::host;
namespace podman = drivers::podman;

template <auto Footprint>
plan::Footprint on_host(const Rules& rules, const Manifest& manifest, Problems& problems) {
  return Footprint(rules.host, manifest, problems);
}

template <auto Footprint>
plan::Footprint in_pods(const Rules& rules, const Manifest& manifest, Problems& problems) {
  return Footprint(rules.pods, manifest, problems);
}

constexpr Kind kinds[] = {
    {own_api, "File", Server::files, "file.schema.json", on_host<host::file_footprint>,
     host::file_transition},
    {own_api, "Directory", Server::files, "directory.schema.json", on_host<host::directory_footprint>,
     host::directory_transition},
    {own_api, "SystemdUnit", Server::units, "systemdunit.schema.json", on_host<host::unit_footprint>,
     host::unit_transition},
    {own_api, "Package", Server::packages, "package.schema.json", on_host<host::package_footprint>,
     host::package_transition},
    {own_api, "Command", Server::commands, "command.schema.json", on_host<host::command_footprint>,
     host::command_transition},
    {own_api, "HealthCheck", Server::checks, "healthcheck.schema.json", on_host<host::check_footprint>,
     host::check_transition},
    {"v1", "Pod", Server::pods, "", in_pods<podman::workload_footprint>, drivers::workload::pods_transition},
    {"apps/v1", "Deployment", Server::pods, "", in_pods<podman::workload_footprint>,
     drivers::workload::pods_transition},
    {"apps/v1", "DaemonSet", Server::pods, "", in_pods<podman::workload_footprint>,
     drivers::workload::pods_transition},
    {"apps/v1", "StatefulSet", Server::pods, "", in_pods<podman::workload_footprint>,
     drivers::workload::pods_transition},
    {"batch/v1", "Job", Server::pods, "", in_pods<podman::workload_footprint>,
     drivers::workload::pods_transition},
    {"v1", "ConfigMap", Server::pods, "", in_pods<podman::material_footprint>,
     drivers::workload::pods_transition},
    {"v1", "Secret", Server::pods, "", in_pods<podman::material_footprint>,
     drivers::workload::pods_transition},
    {"v1", "Service", Server::pods, "", in_pods<podman::service_footprint>,
     drivers::workload::pods_transition},
    {"v1", "PersistentVolumeClaim", Server::pods, "", in_pods<podman::claim_footprint>,
     drivers::workload::pods_transition},
    {"batch/v1", "CronJob", Server::cron_jobs, "", in_pods<podman::cron_footprint>,
     drivers::workload::pods_transition},
};

/// Of all that greenwave.dev might have, only `own_api` is.
bool misspells_own(const ObjectId& id) {
  return id.api_version != own_api && !nearest(id.api_version, {std::string(own_api)}).empty();
}

bool has_api(std::string_view api_version) {
  return std::ranges::find(kinds, api_version, &Kind::api_version) != std::end(kinds);
}

std::string nearest_kind(const ObjectId& id) {
  std::vector<std::string> names;
  for (const auto& kind : kinds) {
    if (kind.api_version == id.api_version) names.emplace_back(kind.name);
  }
  return nearest(id.kind, names);
}

std::string nearest_api(const ObjectId& id) {
  std::vector<std::string> names;
  for (const auto& kind : kinds) {
    if (kind.name == id.kind) return std::string(kind.api_version);
    names.emplace_back(kind.api_version);
  }
  return nearest(id.api_version, names);
}

}  // namespace

bool is_known(const ObjectId& id) {
  return std::ranges::any_of(
      kinds, [&](const Kind& kind) { return kind.name == id.kind && kind.api_version == id.api_version; });
}

bool is_served_nowhere(const ObjectId& id) {
  if (is_known(id)) return false;
  return group_of(id.api_version) == group_of(own_api) || misspells_own(id) || kubernetes_has(id) == false;
}

bool is_served(const ObjectId& id, std::string_view runtime) {
  if (is_served_nowhere(id)) return false;
  if (id.api_version == own_api || runtime.empty() || runtime == "kubernetes") return true;
  return runtime == "podman" && is_known(id);
}

std::optional<Correction> correction(const ObjectId& id) {
  if (is_known(id)) return {};
  const bool wrong_kind = has_api(id.api_version);
  auto word = wrong_kind ? nearest_kind(id) : std::string();
  if (!word.empty()) return Correction{"kind", std::move(word)};
  word = nearest_api(id);
  if (word.empty() || word == id.api_version) return {};
  return Correction{"apiVersion", std::move(word)};
}

std::span<const Kind> table() {
  return kinds;
}

drivers::Transition transition(const drivers::Declared* was, const drivers::Declared& is) {
  const auto& id = is.manifest.id;
  for (const auto& kind : kinds) {
    if (kind.name == id.kind && kind.api_version == id.api_version) return kind.transition(was, is);
  }
  return drivers::workload::pods_transition(was, is);
}

std::vector<std::string> own_names() {
  std::vector<std::string> names;
  for (const auto& kind : kinds) {
    if (kind.api_version == own_api) names.emplace_back(kind.name);
  }
  return names;
}

TableKinds::TableKinds(Rules rules, Server server) : TableKinds(std::move(rules)) {
  for (const auto& kind : kinds) {
    if (kind.server == server) kinds_.push_back(&kind);
  }
}

TableKinds TableKinds::own(const std::vector<std::string>& allowed_paths, const config::Config& config) {
  TableKinds own(
      {.host = {.root = "/", .allowed_paths = allowed_paths, .own = own_paths(config, "")}, .pods = {}});
  for (const auto& kind : kinds) {
    if (kind.api_version == own_api) own.kinds_.push_back(&kind);
  }
  return own;
}

TableKinds TableKinds::with_podman(Rules rules) {
  TableKinds all(std::move(rules));
  for (const auto& kind : kinds) all.kinds_.push_back(&kind);
  return all;
}

const Kind* TableKinds::find(const ObjectId& id) const {
  const auto is_its = [&](const Kind* kind) {
    return kind->name == id.kind && kind->api_version == id.api_version;
  };
  const auto found = std::ranges::find_if(kinds_, is_its);
  return found == kinds_.end() ? nullptr : *found;
}

plan::Footprint TableKinds::footprint(const Manifest& manifest, Problems& problems) const {
  const auto* kind = find(manifest.id);
  if (kind == nullptr) throw Error(Fault::internal, to_string(manifest.id) + " is not served here");
  return kind->footprint(rules_, manifest, problems);
}

}  // namespace greenwave::kinds
