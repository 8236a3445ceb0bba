#include "config/parse_kubernetes.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "yaml/fields.h"

namespace greenwave::config {

namespace {

using yaml::Fields;

/// A DNS label (RFC 1123), which the name of a namespace must be.
bool is_label(std::string_view name) {
  const auto is_good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !name.empty() && name.size() <= 63 && std::ranges::all_of(name, is_good) && name.front() != '-' &&
         name.back() != '-';
}

bool is_name(std::string_view name) {
  return name.size() <= 253 && std::ranges::all_of(split(name, '.'), is_label);
}

void read_scope(Fields& members, const char* key, Scope& scope, Problems& problems) {
  const auto* node = members.map(key);
  if (node == nullptr) return;
  Fields lists(*node, fmt::format("kubernetes: {}", key), problems);
  scope.allow = lists.texts("allow");
  scope.deny = lists.texts("deny");
  if (lists.has("allow") && scope.allow.empty()) {
    lists.error("allow", fmt::format("kubernetes: {}: allow is empty: nothing could be applied", key),
                "list some, or remove the key to allow all of them");
  }
  lists.done();
}

}  // namespace

void read_kubernetes(const yaml::Node& node, Kubernetes& kubernetes, Problems& problems) {
  Fields members(node, "kubernetes", problems);
  if (const auto file = members.text("kubeconfig")) {
    kubernetes.kubeconfig = std::filesystem::path(*file).lexically_normal();
    if (!kubernetes.kubeconfig.is_absolute() || !is_text(*file)) {
      members.error("kubeconfig", "kubernetes: kubeconfig must be an absolute path",
                    "for example kubeconfig: /etc/rancher/k3s/k3s.yaml");
    }
  }
  kubernetes.context = members.text("context").value_or("");
  if (const auto name = members.text("namespace")) {
    kubernetes.namespace_ = *name;
    if (!is_label(*name)) {
      members.error("namespace", fmt::format("kubernetes: \"{}\" is not a valid namespace", printable(*name)),
                    "write lower-case letters, digits and hyphens");
    }
  }
  kubernetes.namespace_from_directory = members.flag("namespaceFromDirectory").value_or(false);
  read_scope(members, "kinds", kubernetes.kinds, problems);
  read_scope(members, "namespaces", kubernetes.namespaces, problems);
  kubernetes.impersonate = members.text_map("impersonate");
  for (const auto& [where, who] : kubernetes.impersonate) {
    if ((where == "*" || is_label(where)) && is_name(who)) continue;
    members.error("impersonate",
                  fmt::format("kubernetes: impersonate: \"{}: {}\" is not a namespace and a service account",
                              printable(where), printable(who)),
                  "write impersonate: {NAMESPACE: ACCOUNT}, or {\"*\": ACCOUNT} for all namespaces");
  }
  if (members.has("clusterKinds")) kubernetes.cluster_kinds = members.texts("clusterKinds");
  if (members.has("force")) kubernetes.force = members.texts("force");
  if (members.has("yield")) kubernetes.yield = members.texts("yield");
  if (members.has("adopt")) kubernetes.adopt = members.texts("adopt");
  members.done();
}

}  // namespace greenwave::config
