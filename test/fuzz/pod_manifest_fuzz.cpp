// A city's manifests of Kubernetes' kinds, as podman is to run them: from YAML to what podman and systemd are
// given.

#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "drivers/podman/cron/run_file.h"
#include "drivers/podman/cron/units.h"
#include "drivers/podman/limits.h"
#include "drivers/podman/play_kube.h"
#include "yaml/load.h"

using namespace greenwave;
using namespace greenwave::drivers::podman;
using namespace greenwave::drivers::workload;

namespace {

std::string text_at(const yaml::Node& document, std::initializer_list<std::string_view> keys) {
  const auto* node = document.at(keys);
  return node != nullptr && node->string() != nullptr ? *node->string() : "";
}

void read_cron(const Manifest& manifest, const Rules& rules, const Store& store) {
  Problems problems;
  const auto job = read_runnable_cron_job(manifest, rules, problems);
  if (problems.has_errors()) return;
  units_of(manifest.id, job, {"/usr/sbin/greenwaved", "/etc/greenwave/agent.yaml", "/var/lib/greenwave"});
  for (auto& kube_pod : kube_pods_of(manifest, job.workload, rules, store, "key")) {
    run_file_from(to_json(run_file_of(manifest.id, job, std::move(kube_pod))));
  }
}

void read_pods(const Manifest& manifest, const Rules& rules, const Store& store) {
  Problems problems;
  const auto workload = read_runnable(manifest, rules, problems);
  if (!problems.has_errors()) kube_pods_of(manifest, workload, rules, store, "key");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  Problems problems;
  auto document = yaml::load(text, "pod.yaml", problems);
  if (!document || !document->is_map()) return 0;
  plan::Desired desired;
  auto& manifest = desired.manifest;
  manifest.document = std::move(*document);
  manifest.id = {text_at(manifest.document, {"apiVersion"}), text_at(manifest.document, {"kind"}), "",
                 text_at(manifest.document, {"metadata", "name"})};
  const Rules rules{{"/srv"}, false};
  const Store store(std::span(&desired, 1));
  try {
    if (is_material(manifest.id)) read_material(manifest, problems);
    if (is_cron_job(manifest.id)) read_cron(manifest, rules, store);
    if (is_workload(manifest.id)) read_pods(manifest, rules, store);
  } catch (const Error&) {
  }
  return 0;
}
