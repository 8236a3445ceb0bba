#include "drivers/kubernetes/server.h"

#include <algorithm>

#include <fmt/format.h>
#include <fnmatch.h>

#include "drivers/kubernetes/body.h"
#include "drivers/kubernetes/kind.h"
#include "drivers/kubernetes/refusal.h"
#include "drivers/kubernetes/seen.h"
#include "model/annotations.h"

namespace greenwave::drivers::kubernetes {

namespace {

std::string propagation_of(const Manifest& manifest) {
  const auto word = manifest.annotation(annotations::propagation);
  if (word == "foreground") return "Foreground";
  return word == "orphan" ? "Orphan" : "Background";
}

}  // namespace

Server::Server(const config::Kubernetes& settings, const std::string& device, const std::string& key,
               const std::atomic<bool>& stop, std::function<void()> while_waiting)
    : config(settings),
      digest_key(key),
      label(label_value(device)),
      api(settings, stop, std::move(while_waiting)),
      discovery(api) {}

std::vector<http::Answer> Server::send_all(std::span<const Call> calls, Duration patience) {
  auto answers = api.send_all(calls, patience);
  for (const auto& answer : answers) {
    const auto& response = answer.response;
    if (answer.failure) {
      away = answer.failure;
    } else if (response.status == 401 || response.status == 429 || response.status == 502 ||
               response.status == 503 || response.status == 504) {
      away = server_error(response, "a request", api);
    } else {
      away.reset();
    }
  }
  return answers;
}

std::string Server::namespace_of(const ObjectId& id) const {
  if (is_cluster_scoped(id)) return {};
  if (!id.namespace_.empty()) return id.namespace_;
  if (!config.namespace_.empty()) return config.namespace_;
  return api.default_namespace().empty() ? "default" : api.default_namespace();
}

Target Server::target_of(const ObjectId& id, const Resource& resource) const {
  return {resource, resource.namespaced ? namespace_of(id) : "", id.name};
}

Target Server::target_of(const ObjectId& id, const Record& record) {
  return {record.resource, record.namespace_, id.name};
}

std::string Server::user_in(const std::string& namespace_) const {
  if (namespace_.empty()) return {};
  auto account = config.impersonate.find(namespace_);
  if (account == config.impersonate.end()) account = config.impersonate.find("*");
  if (account == config.impersonate.end()) return {};
  return fmt::format("system:serviceaccount:{}:{}", namespace_, account->second);
}

bool Server::is_forced(const std::string& manager) const {
  return std::ranges::any_of(config.force, [&](const std::string& pattern) {
    return ::fnmatch(pattern.c_str(), manager.c_str(), 0) == 0;
  });
}

Call apply_call(const Server& server, const Target& target, const Manifest& manifest, bool force,
                bool dry_run) {
  Call call;
  call.method = "PATCH";
  call.path = fmt::format("{}?fieldManager={}&fieldValidation=Strict{}{}", target.path(), field_manager,
                          force ? "&force=true" : "", dry_run ? "&dryRun=All" : "");
  call.body = apply_body(manifest, target.name, target.namespace_, server.label);
  call.body_type = "application/apply-patch+yaml";
  if (!dry_run) call.accept = metadata_only;
  call.user = server.user_in(target.namespace_);
  return call;
}

Record record_of(const Target& target, const Manifest& manifest) {
  Record record;
  record.resource = target.resource;
  record.namespace_ = target.namespace_;
  record.propagation = propagation_of(manifest);
  record.may_go = (!is_namespace(manifest.id) && !is_definition(manifest.id)) ||
                  manifest.annotation(annotations::prune) == "enabled";
  return record;
}

}  // namespace greenwave::drivers::kubernetes
