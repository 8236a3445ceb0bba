#include "drivers/kubernetes/handover.h"

#include <nlohmann/json.hpp>

#include "drivers/kubernetes/answer.h"
#include "drivers/kubernetes/seen.h"

namespace greenwave::drivers::kubernetes {

namespace {

using nlohmann::json;

/// The managers of `kubectl apply`, which the server sees as an update, and of `kubectl apply --server-side`.
bool is_applier(const json& entry) {
  const auto manager = text_at(entry, {"manager"});
  const auto operation = text_at(entry, {"operation"});
  if (!text_at(entry, {"subresource"}).empty()) return false;
  return (manager == "kubectl-client-side-apply" && operation == "Update") ||
         (manager == "kubectl" && operation == "Apply");
}

/// Field sets are trees of maps, and the union of two is their merge.
void unite(json& fields, const json& more) {
  for (const auto& [key, value] : more.items()) {
    auto& member = fields[key];
    if (!member.is_object()) member = json::object();
    if (value.is_object()) unite(member, value);
  }
}

}  // namespace

std::optional<std::string> handover_patch(const json& object,
                                          const std::function<bool(const std::string& manager)>& may_take) {
  const auto& entries = at(object, {"metadata", "managedFields"});
  if (!entries.is_array()) return {};
  json kept = json::array();
  json own;
  bool any = false;
  for (const auto& entry : entries) {
    const bool ours = text_at(entry, {"manager"}) == field_manager &&
                      text_at(entry, {"operation"}) == "Apply" && text_at(entry, {"subresource"}).empty();
    const bool taken = is_applier(entry) && may_take(text_at(entry, {"manager"}));
    if (!ours && !taken) {
      kept.push_back(entry);
      continue;
    }
    any = any || taken;
    if (own.is_null()) {
      own = entry;
      own["manager"] = field_manager;
      own["operation"] = "Apply";
    } else if (const auto& fields = at(entry, {"fieldsV1"}); fields.is_object()) {
      unite(own["fieldsV1"], fields);
    }
  }
  if (!any) return {};
  kept.push_back(std::move(own));
  const json patch =
      json::array({{{"op", "replace"}, {"path", "/metadata/managedFields"}, {"value", std::move(kept)}},
                   {{"op", "replace"},
                    {"path", "/metadata/resourceVersion"},
                    {"value", text_at(object, {"metadata", "resourceVersion"})}}});
  return patch.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace greenwave::drivers::kubernetes
