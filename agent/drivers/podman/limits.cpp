#include "drivers/podman/limits.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "drivers/podman/pod_fields.h"
#include "drivers/workload/container_check.h"

namespace greenwave::drivers::podman {

namespace {

void warn_of_mode(const yaml::Node& source, Problems& problems) {
  const auto* mode = source.find("defaultMode");
  if (mode == nullptr) return;
  problems.warning(mode->place, "podman ignores the mode: it gives a volume's files the mode 0644",
                   "make sure that everyone in the container may read them");
}

/// Whether it is made from a ConfigMap or Secret.
bool has_source(const yaml::Node& from, Problems& problems) {
  bool any = false;
  for (const auto* kind : {"configMap", "secret"}) {
    const auto* source = from.find(kind);
    if (source == nullptr) continue;
    any = true;
    warn_of_mode(*source, problems);
  }
  return any;
}

void check_volume(const yaml::Node& volume, Problems& problems) {
  const auto* name = volume.find("name");
  if (name == nullptr || name->string() == nullptr) return;
  const auto is_its = [&](auto kind) { return volume.find(kind) != nullptr; };
  if (std::ranges::none_of(workload::volume_kinds, is_its)) {
    problems.error(volume.place,
                   fmt::format("podman does not support the kind of volume {}", printable(*name->string())),
                   fmt::format("it supports {}", fmt::join(workload::volume_kinds, ", ")));
    return;
  }
  has_source(volume, problems);
  const auto* projected = volume.find("projected");
  if (projected == nullptr) return;
  warn_of_mode(*projected, problems);
  for (const auto& source : items_in(projected->find("sources"))) {
    if (has_source(source, problems)) continue;
    problems.error(source.place, "podman can project only ConfigMaps and Secrets",
                   "write configMap: {name: NAME} or secret: {name: NAME}");
  }
}

/// Warns of what podman ignores although its author counts on it.
void warn_of_user(const yaml::Node* security, Problems& problems) {
  for (const auto* key : {"runAsNonRoot", "fsGroup"}) {
    const auto* written = security != nullptr ? security->find(key) : nullptr;
    if (written == nullptr || written->is_null()) continue;
    problems.warning(written->place, fmt::format("podman ignores {}", key),
                     "write runAsUser, and give the files to that user");
  }
}

void check_mount(const yaml::Node& mount, Problems& problems) {
  for (const auto* key : {"subPath", "subPathExpr"}) {
    const auto* written = mount.find(key);
    if (written == nullptr) continue;
    problems.error(written->place, fmt::format("podman mounts only whole volumes: {} is not supported", key),
                   "mount the volume into a directory of its own; items choose what is in it");
  }
}

/// Kubernetes adds them to a pod that runs; no manifest has them.
void refuse_ephemeral(const workload::PodField& containers, Problems& problems) {
  if (!containers.is_set()) return;
  problems.error(containers.node->place, fmt::format("{}: a manifest cannot have these", containers.path),
                 "write them as containers or initContainers");
}

void check_limits(const workload::Workload& workload, Problems& problems) {
  const auto* spec = workload.spec;
  if (spec == nullptr) return;
  const auto pod = workload::spec_of(workload);
  check_fields(pod, problems);
  refuse_ephemeral(pod["ephemeralContainers"], problems);
  for (const auto& volume : items_in(spec->find("volumes"))) check_volume(volume, problems);
  warn_of_user(spec->find("securityContext"), problems);
  for (const auto* list : {"initContainers", "containers"}) {
    for (const auto& container : items_in(spec->find(list))) {
      warn_of_user(container.find("securityContext"), problems);
      for (const auto& mount : items_in(container.find("volumeMounts"))) check_mount(mount, problems);
    }
  }
}

}  // namespace

workload::Workload read_runnable(const Manifest& manifest, const workload::Rules& rules, Problems& problems) {
  auto read = workload::read_workload(manifest, rules, problems);
  check_limits(read, problems);
  return read;
}

workload::CronJob read_runnable_cron_job(const Manifest& manifest, const workload::Rules& rules,
                                         Problems& problems) {
  auto job = workload::read_cron_job(manifest, rules, problems);
  check_limits(job.workload, problems);
  return job;
}

}  // namespace greenwave::drivers::podman
