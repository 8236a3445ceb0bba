#include "drivers/kubernetes/discovery.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "drivers/kubernetes/answer.h"
#include "drivers/kubernetes/refusal.h"

namespace greenwave::drivers::kubernetes {

namespace {

using nlohmann::json;

constexpr const char* aggregated =
    "application/json;v=v2;g=apidiscovery.k8s.io;as=APIGroupDiscoveryList,"
    "application/json;v=v2beta1;g=apidiscovery.k8s.io;as=APIGroupDiscoveryList,"
    "application/json";
constexpr Duration patience = std::chrono::seconds(10);
constexpr std::size_t most_resources = 20'000;

void add_group(const json& group, std::vector<Resource>& found) {
  const auto name = text_at(group, {"metadata", "name"});
  for (const auto& version : at(group, {"versions"})) {
    for (const auto& one : at(version, {"resources"})) {
      if (found.size() == most_resources) return;
      Resource resource;
      resource.group = name;
      resource.version = text_at(version, {"version"});
      resource.plural = text_at(one, {"resource"});
      resource.kind = text_at(one, {"responseKind", "kind"});
      resource.namespaced = text_at(one, {"scope"}) == "Namespaced";
      if (!resource.plural.empty() && !resource.kind.empty()) found.push_back(std::move(resource));
    }
  }
}

/// The body of a successful response; nothing for 404. Throws Error for others.
std::optional<std::string> body_of(http::Answer answer, const Api& api) {
  if (answer.failure) throw *answer.failure;
  if (answer.response.status == 404) return {};
  if (!answer.response.success()) throw server_error(answer.response, "asking for its kinds", api);
  return std::move(answer.response.body);
}

}  // namespace

std::optional<std::vector<Resource>> read_aggregated(std::string_view body) {
  const auto answer = parse_answer(body);
  if (text_at(answer, {"kind"}) != "APIGroupDiscoveryList") return {};
  std::vector<Resource> found;
  for (const auto& group : at(answer, {"items"})) add_group(group, found);
  return found;
}

std::vector<Resource> read_resource_list(std::string_view body) {
  const auto answer = parse_answer(body);
  const auto version = text_at(answer, {"groupVersion"});
  std::vector<Resource> found;
  for (const auto& one : at(answer, {"resources"})) {
    if (found.size() == most_resources) break;
    Resource resource;
    resource.group = group_of(version);
    resource.version = version.substr(resource.group.empty() ? 0 : resource.group.size() + 1);
    resource.plural = text_at(one, {"name"});
    resource.kind = text_at(one, {"kind"});
    const auto& namespaced = at(one, {"namespaced"});
    resource.namespaced = namespaced.is_boolean() && namespaced.get<bool>();
    const bool is_part = resource.plural.find('/') != std::string::npos;  // "pods/log"
    if (!is_part && !resource.plural.empty() && !resource.kind.empty()) found.push_back(std::move(resource));
  }
  return found;
}

void Discovery::load() {
  resources_.clear();
  aggregated_ = true;
  const Call calls[] = {{.path = "/api", .accept = aggregated}, {.path = "/apis", .accept = aggregated}};
  for (auto& answer : api_.send_all(calls, patience)) {
    const auto body = body_of(std::move(answer), api_);
    const auto found = body ? read_aggregated(*body) : std::nullopt;
    if (!found) {
      aggregated_ = false;
      continue;
    }
    for (const auto& resource : *found) resources_[api_version(resource)].push_back(resource);
  }
  if (!aggregated_) resources_.clear();
  loaded_ = true;
}

const std::vector<Resource>& Discovery::of(const std::string& version) {
  if (!loaded_) load();
  const auto known = resources_.find(version);
  if (known != resources_.end() || aggregated_) {
    static const std::vector<Resource> none;
    return known != resources_.end() ? known->second : none;
  }
  Resource any;
  any.group = group_of(version);
  any.version = version.substr(any.group.empty() ? 0 : any.group.size() + 1);
  auto path = collection_path(any, "");
  path.pop_back();
  const auto body = body_of(api_.send({.path = path}, patience), api_);
  return resources_[version] = body ? read_resource_list(*body) : std::vector<Resource>();
}

std::optional<Resource> Discovery::find(const std::string& version, const std::string& kind) {
  const auto& served = of(version);
  const auto found = std::ranges::find(served, kind, &Resource::kind);
  if (found == served.end()) return {};
  return *found;
}

std::optional<Resource> Discovery::find_any_version(std::string_view group, const std::string& kind) {
  if (!loaded_) load();
  for (const auto& [version, served] : resources_) {
    if (group_of(version) != group) continue;
    const auto found = std::ranges::find(served, kind, &Resource::kind);
    if (found != served.end()) return *found;
  }
  return {};
}

}  // namespace greenwave::drivers::kubernetes
