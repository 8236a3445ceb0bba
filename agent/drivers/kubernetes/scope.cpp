#include "drivers/kubernetes/scope.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <fnmatch.h>

#include "base/text.h"
#include "drivers/kubernetes/kind.h"
#include "drivers/kubernetes/resource.h"

namespace greenwave::drivers::kubernetes {

namespace {

/// A pattern without a dot matches kinds of every group.
bool matches_kind(const std::string& pattern, const ObjectId& id) {
  const auto full = kind_and_group(id.api_version, id.kind);
  return ::fnmatch(pattern.c_str(), full.c_str(), 0) == 0 ||
         (pattern.find('.') == std::string::npos && ::fnmatch(pattern.c_str(), id.kind.c_str(), 0) == 0);
}

template <typename Matches>
bool allows(const config::Scope& scope, const Matches& matches) {
  if (std::ranges::any_of(scope.deny, matches)) return false;
  return scope.allow.empty() || std::ranges::any_of(scope.allow, matches);
}

bool is_plain(const std::string& pattern) {
  return pattern.find_first_of("*?[") == std::string::npos;
}

bool may_be_in_cluster(const config::Kubernetes& config, const ObjectId& id) {
  const auto matches = [&](const std::string& pattern) { return matches_kind(pattern, id); };
  if (config.cluster_kinds) return std::ranges::any_of(*config.cluster_kinds, matches);
  if (!config.is_bounded()) return true;
  // check_scope knows those by their names.
  if (is_namespace(id) && !config.namespaces.allow.empty()) return true;
  return std::ranges::any_of(
      config.kinds.allow, [&](const std::string& pattern) { return is_plain(pattern) && matches(pattern); });
}

}  // namespace

std::optional<Error> refusal_in_cluster(const config::Kubernetes& config, const ObjectId& id) {
  if (may_be_in_cluster(config, id)) return {};
  const auto kind = kind_and_group(id.api_version, id.kind);
  return Error(
      Fault::invalid,
      fmt::format("{}: this device applies no {}, which is of the whole cluster: namespaces and impersonate "
                  "do not bound it",
                  to_string(id), kind),
      fmt::format("leave the manifest out of its layers, or add {} to kubernetes.clusterKinds in its "
                  "agent.yaml",
                  kind));
}

void check_scope(const config::Kubernetes& config, const Manifest& manifest, const std::string& namespace_,
                 Problems& problems) {
  const auto& id = manifest.id;
  if (!allows(config.kinds, [&](const std::string& pattern) { return matches_kind(pattern, id); })) {
    problems.error(
        manifest.place(),
        fmt::format("{}: this device applies no {}", to_string(id), kind_and_group(id.api_version, id.kind)),
        "kubernetes.kinds in its agent.yaml lists what it applies; leave the manifest out of its layers, or "
        "allow it there");
  }
  if (is_cluster_scoped(id)) {
    const auto refusal = refusal_in_cluster(config, id);
    if (refusal) problems.error(manifest.place(), refusal->message(), refusal->remedy());
  }
  const auto& about = is_namespace(id) ? id.name : namespace_;
  if (about.empty()) return;
  if (!allows(config.namespaces, [&](const std::string& pattern) {
        return ::fnmatch(pattern.c_str(), about.c_str(), 0) == 0;
      })) {
    problems.error(
        manifest.place(),
        fmt::format("{}: this device applies nothing in namespace {}", to_string(id), printable(about)),
        "kubernetes.namespaces in its agent.yaml lists where it does; leave the manifest out of its layers, "
        "or allow it there");
  }
}

}  // namespace greenwave::drivers::kubernetes
