#include "judge/judge.h"

#include <utility>

#include "config/own_paths.h"
#include "drivers/workload/workload.h"
#include "sync/check.h"

namespace greenwave::city {

namespace {

yaml::Node outline(const yaml::Node& document) {
  yaml::Node outline{yaml::Node::Map{}, document.place};
  if (const auto* annotations = document.at({"metadata", "annotations"})) {
    yaml::Node metadata{yaml::Node::Map{}, document.place};
    yaml::set(metadata, "annotations", *annotations);
    yaml::set(outline, "metadata", std::move(metadata));
  }
  yaml::Node spec{yaml::Node::Map{}, document.place};
  for (const auto* key : {"restartOn", "reloadOn"}) {
    if (const auto* member = document.at({"spec", key})) yaml::set(spec, key, *member);
  }
  yaml::set(outline, "spec", std::move(spec));
  return outline;
}

/// Leaves out problems of encrypted values, which cannot be read here.
Problems without_encrypted(const Problems& problems) {
  Problems kept;
  for (const auto& problem : problems.list()) {
    if (problem.place.secret) continue;
    const bool error = problem.severity == Severity::error;
    error ? kept.error(problem.place, problem.message, problem.remedy)
          : kept.warning(problem.place, problem.message, problem.remedy);
  }
  return kept;
}

}  // namespace

kinds::Rules rules_of(const config::Config& config) {
  const auto own = own_paths(config::Config{}, "");
  return {.host = {.root = "/", .allowed_paths = config.allowed_paths, .own = own},
          .pods = drivers::workload::rules_of(config, own)};
}

Judged judge(const render::Fleet& fleet, const render::Variant& variant, const drivers::Kinds& kinds) {
  Judged judged;
  auto object = fleet.render(variant);
  judged.object = std::move(object.problems);
  judged.refused = judged.object.has_errors();
  if (!object.manifest) return judged;
  const auto& id = object.manifest->id;
  if (!kinds.serves(id) && !kinds::is_served_nowhere(id)) {
    judged.desired = plan::Desired{std::move(*object.manifest), {}};
    return judged;
  }
  std::vector<Manifest> one;
  one.push_back(std::move(*object.manifest));
  const drivers::Kinds* const all[] = {&kinds};
  auto checked = sync::check(std::move(one), all);
  judged.spec = without_encrypted(checked.problems);
  judged.refused = checked.desired.empty();
  if (!judged.refused) judged.desired = std::move(checked.desired.front());
  return judged;
}

plan::Desired outline_of(const plan::Desired& desired) {
  const auto& manifest = desired.manifest;
  return {.manifest = {.id = manifest.id,
                       .document = outline(manifest.document),
                       .source = manifest.source,
                       .digest = manifest.digest,
                       .sensitive = manifest.sensitive,
                       .on_removal = manifest.on_removal},
          .footprint = desired.footprint};
}

}  // namespace greenwave::city
