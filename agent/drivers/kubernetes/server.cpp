#include "drivers/kubernetes/server.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "drivers/kubernetes/body.h"
#include "drivers/kubernetes/document_field.h"
#include "drivers/kubernetes/kind.h"
#include "drivers/kubernetes/refusal.h"
#include "http/encoded.h"
#include "model/annotations.h"

namespace greenwave::drivers::kubernetes {

namespace {

std::string propagation_of(const Manifest& manifest) {
  const auto word = manifest.annotation(annotations::propagation);
  if (word == "foreground") return "Foreground";
  return word == "orphan" ? "Orphan" : "Background";
}

Call apply_request(const Server& server, const Target& target, const nlohmann::ordered_json& document) {
  Call call;
  call.method = "PATCH";
  call.path = fmt::format("{}?fieldManager={}", target.path(), http::encoded(server.owner.manager));
  call.body = to_body(document);
  call.body_type = "application/apply-patch+yaml";
  call.accept = metadata_only;
  call.user = server.user_in(target.namespace_);
  return call;
}

/// Whether the server removes it some time after it is done.
bool ends(const Manifest& manifest) {
  return is_job(manifest.id) && manifest.document.at({"spec", "ttlSecondsAfterFinished"}) != nullptr;
}

}  // namespace

Server::Server(const config::Kubernetes& settings, Owner own, const std::string& key,
               const std::atomic<bool>& stop, std::function<void()> while_waiting)
    : config(settings),
      digest_key(key),
      owner(std::move(own)),
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

bool names_version(const Manifest& manifest) {
  return manifest.document.at({"metadata", "uid"}) != nullptr ||
         manifest.document.at({"metadata", "resourceVersion"}) != nullptr;
}

Call apply_call(const Server& server, const Target& target, const Manifest& manifest, const Manner& manner) {
  auto document = document_of(manifest, target.name, target.namespace_, server.owner);
  for (const auto& field : manner.left) leave_out(document, field);
  auto call = apply_request(server, target, document);
  call.path += "&fieldValidation=Strict";
  if (manner.force || manifest.annotation(annotations::force) == "true") call.path += "&force=true";
  if (manner.dry_run) {
    call.path += "&dryRun=All";
    call.accept = Call{}.accept;
  }
  call.fixed = names_version(manifest);
  return call;
}

Call release_call(const Server& server, const Target& target, const std::string& version) {
  nlohmann::ordered_json nothing{{"apiVersion", api_version(target.resource)},
                                 {"kind", target.resource.kind},
                                 {"metadata", {{"name", target.name}, {"resourceVersion", version}}}};
  if (!target.namespace_.empty()) nothing["metadata"]["namespace"] = target.namespace_;
  auto call = apply_request(server, target, nothing);
  call.fixed = true;
  return call;
}

Record record_of(const Target& target, const Manifest& manifest) {
  Record record;
  record.resource = target.resource;
  record.namespace_ = target.namespace_;
  record.propagation = propagation_of(manifest);
  record.may_go = (!is_namespace(manifest.id) && !is_definition(manifest.id)) ||
                  manifest.annotation(annotations::prune) == "enabled";
  record.ends = ends(manifest);
  return record;
}

}  // namespace greenwave::drivers::kubernetes
