#include "render/kustomize/references.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "model/manifest.h"
#include "render/kustomize/field_path.h"
#include "render/kustomize/reference_fields.h"
#include "render/object/declared.h"

namespace greenwave::render::kustomize {

namespace {

using yaml::Node;
using Names = std::vector<std::string>;
using Candidates = std::vector<const Object*>;

/// Whether one of the two lists is a suffix of the other.
bool end_alike(const Names& a, const Names& b) {
  const auto& shorter = a.size() < b.size() ? a : b;
  const auto& longer = a.size() < b.size() ? b : a;
  if (shorter.empty()) return longer.empty();
  return std::equal(shorter.rbegin(), shorter.rend(), longer.rbegin());
}

/// Objects that came through the same prefixes and suffixes come from the same kustomization.
bool share_affixes(const Object& a, const Object& b, bool none_fits_all) {
  const auto fit = [none_fits_all](const Names& left, const Names& right) {
    return (none_fits_all && (left.empty() || right.empty())) || end_alike(left, right);
  };
  return fit(a.prefixes, b.prefixes) && fit(a.suffixes, b.suffixes);
}

bool had_kind(const Object& object, const KindFilter& kinds) {
  const auto api_version = text_of(object.document, "apiVersion");
  return std::any_of(object.previous.begin(), object.previous.end(),
                     [&](const Previous& previous) { return selects(kinds, api_version, previous.kind); });
}

/// The namespaces of the accounts that a binding names: it may refer to those.
std::unordered_set<std::string> account_namespaces(const Node& document) {
  std::unordered_set<std::string> namespaces;
  if (text_of(document, "kind") != "RoleBinding") return namespaces;
  for (const auto& subject : items_in(document.find("subjects"))) {
    if (text_of(subject, "kind") == "ServiceAccount") namespaces.emplace(text_of(subject, "namespace"));
  }
  namespaces.erase("");
  return namespaces;
}

class References {
 public:
  References(std::vector<Object>& objects, const std::vector<NameReference>& more, Context& context)
      : objects_(objects), context_(context) {
    for (const auto& reference : more) {
      for (const auto& field : reference.fields) {
        more_.push_back(reference_field(reference.target, field));
      }
    }
    for (const auto& object : objects) {
      for (const auto& previous : object.previous) {
        auto& same = renamed_[previous.name];
        if (same.empty() || same.back() != &object) same.push_back(&object);
      }
    }
  }

  void update() {
    if (renamed_.empty()) return;
    for (auto& object : objects_) update(object);
  }

 private:
  void update(Object& referrer) {
    id_ = id_of(referrer.document);
    const auto original = original_id(referrer);
    accounts_ = account_namespaces(referrer.document);
    update(referrer, original, reference_fields(original.kind));
    update(referrer, original, more_);
    update_own(referrer);
  }

  void update(Object& referrer, const ObjectId& original, const std::vector<ReferenceField>& fields) {
    for (const auto& field : fields) {
      if (!selects(field.referrer, original.api_version, original.kind)) continue;
      each_at(referrer.document, field.path, Made::nothing, referrer.document.place, context_.problems,
              [&](Node& node) { update_value(node, field, referrer); });
    }
  }

  void update_value(Node& node, const ReferenceField& field, const Object& referrer) {
    if (auto* items = node.sequence()) {
      for (auto& item : *items) update_value(item, field, referrer);
    } else if (node.is_map()) {
      update_map(node, field, referrer);
    } else if (const auto* name = node.string()) {
      if (const auto* target = choose(*name, field, referrer, nullptr, node.place)) {
        rename(node, name_of(target->document));
      }
    }
  }

  /// A reference by name and namespace, both of which may have changed.
  void update_map(Node& node, const ReferenceField& field, const Object& referrer) {
    const auto name = std::string(text_of(node, "name"));
    const auto namespace_ = std::string(text_of(node, "namespace"));
    const auto* target = choose(name, field, referrer, &namespace_, node.place);
    if (target == nullptr) return;
    rename(*node.find("name"), name_of(target->document));
    const auto* metadata = target->document.find("metadata");
    const auto now = text_of(*metadata, "namespace");
    if (now.empty() || now == namespace_) return;
    yaml::set(node, "namespace", {std::string(now), node.place});
  }

  static void rename(Node& node, std::string_view name) {
    if (*node.string() != name) node = {std::string(name), node.place};
  }

  bool may_be_named(const Object& target, const ObjectId& target_id) const {
    if (id_.namespace_.empty() || target_id.namespace_.empty()) return true;
    if (target_id.namespace_ == id_.namespace_) return true;
    const auto* metadata = target.document.find("metadata");
    return target_id.kind == "ServiceAccount" &&
           accounts_.contains(std::string(text_of(*metadata, "namespace")));
  }

  /// The candidates in the namespace that a reference names: by what it had been, or else by what it is.
  static Candidates in_namespace(const Candidates& candidates, const std::string& namespace_) {
    Candidates found;
    const auto is_original = [&](const Object* object) {
      return original_id(*object).namespace_ == namespace_;
    };
    const auto is_now = [&](const Object* object) {
      return id_of(object->document).namespace_ == namespace_;
    };
    std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(found), is_original);
    if (found.empty()) std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(found), is_now);
    return found;
  }

  static void keep_alike(Candidates& candidates, const Object& referrer, bool none_fits_all) {
    std::erase_if(candidates, [&](const Object* candidate) {
      return !share_affixes(*candidate, referrer, none_fits_all);
    });
  }

  static bool are_the_same(const Candidates& candidates, bool by_namespace) {
    const auto first = id_of(candidates.front()->document);
    return std::all_of(candidates.begin(), candidates.end(), [&](const Object* candidate) {
      const auto id = id_of(candidate->document);
      return id.name == first.name && (!by_namespace || id.namespace_ == first.namespace_);
    });
  }

  /// What had been called `name` when the reference was written; null when there is nothing of it. A
  /// reference that may say a namespace comes with that, which is empty when it doesn't.
  const Object* choose(const std::string& name, const ReferenceField& field, const Object& referrer,
                       const std::string* namespace_, const Place& place) {
    const auto found = renamed_.find(name);
    if (found == renamed_.end()) return nullptr;
    auto candidates = found->second;
    std::erase_if(candidates, [&](const Object* candidate) {
      return !may_be_named(*candidate, id_of(candidate->document)) || !had_kind(*candidate, field.target) ||
             (field.is_role && !is_role_of(referrer, *candidate));
    });
    if (namespace_ != nullptr && !namespace_->empty()) candidates = in_namespace(candidates, *namespace_);
    if (candidates.size() == 1) return candidates.front();
    keep_alike(candidates, referrer, true);
    if (candidates.size() > 1) keep_alike(candidates, referrer, false);
    if (candidates.empty()) return nullptr;
    if (candidates.size() > 1 && !are_the_same(candidates, namespace_ != nullptr)) {
      context_.problems.error(
          place,
          fmt::format("{} may mean {} or {}", printable(name), described(candidates[0]->document),
                      described(candidates[1]->document)),
          "give the two different names before they are renamed");
      return nullptr;
    }
    return candidates.front();
  }

  static bool is_role_of(const Object& referrer, const Object& candidate) {
    const auto* role = referrer.document.find("roleRef");
    const auto kind = text_of(*role, "kind");
    const auto group = text_of(*role, "apiGroup");
    if (kind.empty() || group.empty()) return true;
    return had_kind(candidate, {std::string(group), "", std::string(kind)});
  }

  void update_own(Object& referrer) {
    if (id_.kind == "SystemdUnit" && is_own(id_)) {
      for (const char* member : {"restartOn", "reloadOn"}) {
        each_at(referrer.document, {"spec", member}, Made::nothing, referrer.document.place,
                context_.problems, [&](Node& node) {
                  if (node.is_string()) update_reference(node, referrer);
                  if (auto* items = node.sequence()) {
                    for (auto& item : *items) update_reference(item, referrer);
                  }
                });
      }
    }
    each_at(referrer.document, {"metadata", "annotations", std::string(annotations::depends_on)},
            Made::nothing, referrer.document.place, context_.problems,
            [&](Node& node) { update_reference(node, referrer); });
  }

  /// "Kind/name" or "Kind/namespace/name", or several between commas.
  void update_reference(Node& node, const Object& referrer) {
    const auto* text = node.string();
    if (text == nullptr) return;
    std::string updated;
    for (const auto part : split(*text, ',')) {
      if (!updated.empty()) updated += ", ";
      updated += updated_reference(std::string(trim(part)), referrer, node.place);
    }
    if (updated != *text) node = {std::move(updated), node.place};
  }

  std::string updated_reference(std::string reference, const Object& referrer, const Place& place) {
    const auto parts = split(reference, '/');
    if (parts.size() < 2 || parts.size() > 3) return reference;
    ReferenceField field;
    field.target.kind = parts.front();
    const auto namespace_ = parts.size() == 3 ? std::string(parts[1]) : std::string();
    const auto* target = choose(std::string(parts.back()), field, referrer, &namespace_, place);
    if (target == nullptr) return reference;
    const auto id = id_of(target->document);
    if (namespace_.empty()) return fmt::format("{}/{}", id.kind, id.name);
    return fmt::format("{}/{}/{}", id.kind, id.namespace_, id.name);
  }

  std::vector<Object>& objects_;
  Context& context_;
  std::vector<ReferenceField> more_;
  std::unordered_map<std::string, Candidates> renamed_;  ///< by what they had been called
  ObjectId id_;                                          ///< of the referrer
  std::unordered_set<std::string> accounts_;
};

}  // namespace

void update_references(std::vector<Object>& objects, const std::vector<NameReference>& more,
                       Context& context) {
  References(objects, more, context).update();
}

}  // namespace greenwave::render::kustomize
