#include "drivers/kubernetes/reclaim.h"

#include <algorithm>
#include <span>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "drivers/kubernetes/body.h"
#include "drivers/kubernetes/conflict.h"
#include "drivers/kubernetes/document_field.h"
#include "drivers/kubernetes/handover.h"
#include "model/annotations.h"

namespace greenwave::drivers::kubernetes {

namespace {

using nlohmann::json;
using Document = nlohmann::ordered_json;
using Taken = std::optional<json>;  ///< a set of fields; nothing: none

/// A step of "spec.ports[1].name": a name, or any item of a list, since the number counts in the refused
/// object.
struct FieldStep {
  std::string name;  ///< empty: an item
};

std::vector<FieldStep> steps_of(std::string_view field) {
  std::vector<FieldStep> steps;
  while (!field.empty()) {
    if (field.front() == '.') {
      field.remove_prefix(1);
      continue;
    }
    if (field.front() == '[') {
      const auto end = std::min(field.find(']'), field.size());
      const auto inside = field.substr(1, end - 1);
      const bool is_number = inside.find_first_not_of("0123456789") == std::string_view::npos;
      steps.push_back({is_number ? "" : std::string(inside)});
      field.remove_prefix(std::min(end + 1, field.size()));
      continue;
    }
    const auto end = std::min(field.find_first_of(".["), field.size());
    steps.push_back({std::string(field.substr(0, end))});
    field.remove_prefix(end);
  }
  return steps;
}

const Document* member_of(const Document* document, const std::string& name) {
  if (document == nullptr || !document->is_object()) return nullptr;
  const auto found = document->find(name);
  return found == document->end() || found->is_null() ? nullptr : &*found;
}

const Document* item_of(const Document* list, std::string_view keys) {
  if (list == nullptr || !list->is_array()) return nullptr;
  const auto wanted = json::parse(keys, nullptr, false);
  const auto found =
      std::ranges::find_if(*list, [&](const Document& item) { return has_keys(item, wanted); });
  return found == list->end() ? nullptr : &*found;
}

/// What of a foreign set of fields stands in the way at the end of `steps`.
class Picker {
 public:
  explicit Picker(bool is_duplicate) : is_duplicate_(is_duplicate) {}

  Taken pick(const json& fields, const Document* document, std::span<const FieldStep> steps,
             std::size_t depth = 0) const {
    if (!fields.is_object()) return {};
    if (steps.empty()) return document == nullptr ? Taken(fields) : Taken();
    const auto rest = steps.subspan(1);
    return steps.front().name.empty() ? pick_items(fields, document, rest, depth)
                                      : pick_member(fields, document, steps.front().name, rest, depth);
  }

 private:
  Taken pick_items(const json& fields, const Document* document, std::span<const FieldStep> rest,
                   std::size_t depth) const {
    const bool is_last_list =
        std::ranges::none_of(rest, [](const FieldStep& step) { return step.name.empty(); });
    Taken taken;
    for (const auto& [key, below] : fields.items()) {
      if (!key.starts_with("k:")) continue;
      const auto* item = item_of(document, std::string_view(key).substr(2));
      auto found = item != nullptr                 ? pick(below, item, rest, depth)
                   : is_duplicate_ && is_last_list ? Taken(below)
                                                   : Taken();
      if (!found) continue;
      if (!taken) taken = json::object();
      (*taken)[key] = std::move(*found);
    }
    return taken;
  }

  Taken pick_member(const json& fields, const Document* document, const std::string& name,
                    std::span<const FieldStep> rest, std::size_t depth) const {
    Taken taken;
    const auto add = [&taken](const std::string& key, json found) {
      if (!taken) taken = json::object();
      (*taken)[key] = std::move(found);
    };
    const auto* below = member_of(document, name);
    const auto member = fields.find("f:" + name);
    if (member != fields.end()) {
      if (auto found = pick(*member, below, rest, depth + 1)) add("f:" + name, std::move(*found));
    }
    // The server names one of two that exclude each other: where it is the manifest's, the other one goes.
    const bool names_ours = rest.empty() && below != nullptr && depth > 1 && !is_duplicate_;
    for (const auto& [key, other] : fields.items()) {
      if (!names_ours || !key.starts_with("f:") || member_of(document, key.substr(2)) != nullptr) continue;
      add(key, other);
    }
    return taken;
  }

  bool is_duplicate_;
};

/// The set of all fields of a value.
json fields_of(const json& value) {
  auto fields = json::object();
  if (!value.is_object() || value.empty()) return fields;
  fields["."] = json::object();
  for (const auto& [key, member] : value.items()) fields["f:" + key] = fields_of(member);
  return fields;
}

/// A value that the server has filled in, and that nobody owns; not within lists.
Taken pick_default(const json& object, const Document& document, std::span<const FieldStep> steps,
                   const json& entries) {
  const auto* value = &object;
  const auto* written = &document;
  std::vector<const json*> owned;
  for (const auto& entry : entries) owned.push_back(&at(entry, {"fieldsV1"}));
  for (const auto& [name] : steps) {
    if (name.empty() || !value->is_object() || !value->contains(name)) return {};
    value = &value->at(name);
    written = member_of(written, name);
    for (auto& fields : owned) fields = &at(*fields, {"f:" + name});
  }
  if (steps.size() < 2 || written != nullptr) return {};
  if (std::ranges::any_of(owned, [](const json* fields) { return !fields->is_null(); })) return {};
  auto taken = fields_of(*value);
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    taken = json{{"f:" + step->name, std::move(taken)}};
  }
  return taken;
}

/// Removes `taken` from a set; true when nothing is left of it.
bool subtract(json& fields, const json& taken) {
  for (const auto& [key, below] : taken.items()) {
    const auto member = fields.find(key);
    if (member == fields.end()) continue;
    if (below.empty() || subtract(*member, below)) fields.erase(key);
  }
  return fields.empty() || (fields.size() == 1 && fields.contains("."));
}

/// "spec.ports", without what tells an item from another.
void add_names(const json& fields, const std::string& path, std::vector<std::string>& names) {
  bool is_end = true;
  for (const auto& [key, below] : fields.items()) {
    if (!key.starts_with("f:") || path.find('.') != std::string::npos) continue;
    is_end = false;
    add_names(below, path.empty() ? key.substr(2) : path + "." + key.substr(2), names);
  }
  if (is_end && !path.empty()) names.push_back(printable(path));
}

bool is_about_what_is_there(const Status::Cause& cause) {
  return cause.reason == "FieldValueDuplicate" || cause.reason == "FieldValueForbidden" ||
         cause.reason == "FieldValueInvalid";
}

}  // namespace

std::optional<Reclaim> reclaim(const json& object, const Document& document, const Status& refusal,
                               const Owner& owner, const std::function<bool(const std::string&)>& may_take) {
  auto entries = at(object, {"metadata", "managedFields"});
  if (!entries.is_array()) return {};
  Reclaim found;
  found.restore = entries.dump(-1, ' ', false, json::error_handler_t::replace);
  json all;
  std::vector<std::string> texts;
  const auto take = [&](const json& fields, const std::string& from) {
    unite(all, fields);
    std::vector<std::string> names;
    add_names(fields, "", names);
    for (const auto& name : names) {
      auto text = fmt::format("{}{}", name, from.empty() ? "" : " from " + printable(from));
      if (std::ranges::find(texts, text) == texts.end()) texts.push_back(std::move(text));
    }
  };
  for (const auto& cause : refusal.causes) {
    if (!is_about_what_is_there(cause)) continue;
    const auto steps = steps_of(cause.field);
    const Picker picker(cause.reason == "FieldValueDuplicate");
    if (const auto fields = pick_default(object, document, steps, entries)) take(*fields, "");
    for (const auto& entry : entries) {
      const auto manager = text_at(entry, {"manager"});
      if (manager == owner.manager || is_agent(manager) || !text_at(entry, {"subresource"}).empty()) continue;
      if (!may_take(manager)) continue;
      if (const auto fields = picker.pick(at(entry, {"fieldsV1"}), &document, steps)) take(*fields, manager);
    }
  }
  if (all.is_null()) return {};
  json kept = json::array();
  json own;
  for (auto& entry : entries) {
    const bool is_whole = text_at(entry, {"subresource"}).empty();
    const auto manager = text_at(entry, {"manager"});
    if (is_whole && manager == owner.manager && text_at(entry, {"operation"}) == "Apply") {
      own = entry;
      continue;
    }
    const bool given_up = is_whole && may_take(manager) && !is_agent(manager);
    if (given_up && entry["fieldsV1"].is_object() && subtract(entry["fieldsV1"], all)) continue;
    kept.push_back(entry);
  }
  if (own.is_null()) {
    own = {{"manager", owner.manager},
           {"operation", "Apply"},
           {"fieldsType", "FieldsV1"},
           {"apiVersion", text_at(object, {"apiVersion"})},
           {"fieldsV1", json::object()}};
  }
  unite(own["fieldsV1"], all);
  kept.push_back(std::move(own));
  found.patch = managers_patch(object, std::move(kept));
  found.what = fmt::format("{}", fmt::join(texts, ", "));
  return found;
}

std::optional<Reclaim> reclaim_for(const Server& server, const Target& target, const Manifest& manifest,
                                   const json& object, const http::Response& refusal) {
  const bool takes_all = manifest.annotation(annotations::force) == "true";
  const auto may_take = [&](const std::string& manager) {
    return takes_all ? !matches(server.config.yield, manager) : matches(server.config.force, manager);
  };
  return reclaim(object, document_of(manifest, target.name, target.namespace_, server.owner),
                 read_status(refusal.body), server.owner, may_take);
}

}  // namespace greenwave::drivers::kubernetes
