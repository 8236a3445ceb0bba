#include "drivers/kubernetes/handover.h"

#include <nlohmann/json.hpp>

#include "drivers/kubernetes/answer.h"
#include "drivers/kubernetes/conflict.h"
#include "drivers/kubernetes/kind.h"

namespace greenwave::drivers::kubernetes {

namespace {

using nlohmann::json;

/// The managers of `kubectl apply`, which the server sees as an update, and of `kubectl apply --server-side`.
bool is_kubectl_apply(const std::string& manager, const std::string& operation) {
  return (manager == "kubectl-client-side-apply" && operation == "Update") ||
         (manager == "kubectl" && operation == "Apply");
}

/// The keys of `stringData` as the ones of `data` that they are.
void move_texts_to_data(json& fields) {
  if (!fields.is_object()) return;
  const auto texts = fields.find("f:stringData");
  if (texts == fields.end()) return;
  const json moved{{"f:data", std::move(*texts)}};
  fields.erase(texts);
  unite(fields, moved);
}

}  // namespace

bool had_other_name(const Record& record, const Owner& owner) {
  return !record.uid.empty() && record.manager != owner.manager;
}

Takes when_adopting(const config::Kubernetes& config, const json& object, const Owner& owner,
                    const Record& record) {
  const bool was_ours = text_at(object, {"metadata", "labels", former_label}) == owner.device;
  auto other_name = had_other_name(record, owner) ? record.manager : std::string();
  if (other_name.empty() && (was_ours || had_other_name(record, owner))) other_name = former_manager;
  return [&config, other_name](const std::string& manager, const std::string& operation) {
    return matches(config.adopt, manager) || (manager == other_name && operation == "Apply");
  };
}

Takes when_ours(const config::Kubernetes& config) {
  return [&config](const std::string& manager, const std::string& operation) {
    return is_kubectl_apply(manager, operation) && matches(config.force, manager);
  };
}

void unite(json& fields, const json& more) {
  for (const auto& [key, value] : more.items()) {
    auto& member = fields[key];
    if (!member.is_object()) member = json::object();
    if (value.is_object()) unite(member, value);
  }
}

std::string managers_patch(const json& object, json entries) {
  const json patch =
      json::array({{{"op", "replace"}, {"path", "/metadata/managedFields"}, {"value", std::move(entries)}},
                   {{"op", "replace"},
                    {"path", "/metadata/resourceVersion"},
                    {"value", text_at(object, {"metadata", "resourceVersion"})}}});
  return patch.dump(-1, ' ', false, json::error_handler_t::replace);
}

Call managers_call(Call look, std::string patch) {
  look.method = "PATCH";
  look.body = std::move(patch);
  look.body_type = "application/json-patch+json";
  look.fixed = true;
  return look;
}

std::optional<std::string> handover_patch(const json& object, const ObjectId& id, const Owner& owner,
                                          const Takes& takes) {
  const auto& entries = at(object, {"metadata", "managedFields"});
  if (!entries.is_array()) return {};
  json kept = json::array();
  json own;
  bool any = false;
  for (const auto& entry : entries) {
    const auto manager = text_at(entry, {"manager"});
    const auto operation = text_at(entry, {"operation"});
    const bool is_whole = text_at(entry, {"subresource"}).empty();
    const bool ours = is_whole && manager == owner.manager && operation == "Apply";
    const bool taken = is_whole && !ours && takes(manager, operation);
    if (!ours && !taken) {
      kept.push_back(entry);
      continue;
    }
    any = any || taken;
    if (own.is_null()) {
      own = entry;
      own["manager"] = owner.manager;
      own["operation"] = "Apply";
    } else if (const auto& fields = at(entry, {"fieldsV1"}); fields.is_object()) {
      unite(own["fieldsV1"], fields);
    }
  }
  if (!any) return {};
  if (is_secret(id)) move_texts_to_data(own["fieldsV1"]);
  kept.push_back(std::move(own));
  return managers_patch(object, std::move(kept));
}

}  // namespace greenwave::drivers::kubernetes
