#include "drivers/workload/selector_check.h"

#include <fmt/format.h>

#include "model/selector.h"

namespace greenwave::drivers::workload {

namespace {

bool needs_selector(const ObjectId& id) {
  return id.api_version == "apps/v1" &&
         (id.kind == "Deployment" || id.kind == "DaemonSet" || id.kind == "StatefulSet");
}

Labels labels_of(const PodField& metadata) {
  Labels labels;
  for (const auto& [key, value] : metadata["labels"].members()) {
    if (value.text() != nullptr) labels[std::string(key)] = *value.text();
  }
  return labels;
}

}  // namespace

void check_selector(const Manifest& manifest, const Workload& workload, Problems& problems) {
  if (!needs_selector(manifest.id) || workload.spec == nullptr) return;
  const auto* written = manifest.spec().find("selector");
  if (written == nullptr || written->is_null()) {
    problems.error(manifest.spec().place, fmt::format("{}: its spec has no selector", to_string(manifest.id)),
                   "write selector: {matchLabels: …} with labels of the template");
    return;
  }
  Problems found;
  const auto selector = read_selector(*written, found);
  if (found.has_errors()) {
    problems.append(found);
  } else if (selector.requirements.empty()) {
    problems.error(written->place, "an empty selector selects every pod",
                   "write matchLabels with labels of the template");
  } else if (!selects(selector, labels_of(metadata_of(workload)))) {
    problems.error(written->place, "the selector does not select the pods of this template",
                   fmt::format("give {}.metadata.labels what it asks for", workload.path));
  }
}

}  // namespace greenwave::drivers::workload
