#include "render/kustomize/variables.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "render/kustomize/field_path.h"
#include "render/kustomize/go_text.h"
#include "render/kustomize/value_path.h"

namespace greenwave::render::kustomize {

namespace {

using yaml::Node;
using Values = std::map<std::string, Node, std::less<>>;

std::vector<FieldSpec> known_fields() {
  std::vector<FieldSpec> fields;
  const auto add = [&fields](const char* kind, const std::string& path) {
    fields.push_back({{"", "", kind}, path, false});
  };
  const auto add_pods = [&add](const char* kind, const std::string& spec) {
    for (const std::string containers : {"containers/", "initContainers/"}) {
      for (const char* member : {"args", "command", "env/value", "volumeMounts/mountPath"}) {
        add(kind, spec + containers + member);
      }
    }
  };
  add_pods("CronJob", "spec/jobTemplate/spec/template/spec/");
  add("CronJob", "spec/jobTemplate/spec/template/volumes/nfs/server");
  for (const char* kind : {"DaemonSet", "Deployment", "Job", "ReplicaSet", "StatefulSet"}) {
    add_pods(kind, "spec/template/spec/");
  }
  for (const char* kind : {"DaemonSet", "Deployment", "Job", "ReplicaSet"}) {
    add(kind, "spec/template/spec/volumes/nfs/server");
  }
  add_pods("Pod", "spec/");
  add("Pod", "spec/volumes/nfs/server");
  add("Deployment", "spec/template/metadata/annotations");
  for (const char* path : {"spec/rules/host", "spec/tls/hosts", "spec/tls/secretName"}) add("Ingress", path);
  for (const char* path : {"spec/ports/port", "spec/ports/targetPort"}) add("Service", path);
  add("StatefulSet", "spec/volumeClaimTemplates/spec/nfs/server");
  add("PersistentVolume", "spec/nfs/server");
  for (const char* path : {"metadata/labels", "metadata/annotations"}) add("", path);
  return fields;
}

/// Without a namespace, a variable's object may be in any.
bool is_meant(const Object& object, const Variable& variable) {
  const auto ids = ids_of(object);
  const auto& wanted = variable.object;
  const bool any_namespace = wanted.namespace_.empty() ||
                             is_cluster_wide(wanted.kinds.group, wanted.kinds.version, wanted.kinds.kind);
  return std::any_of(ids.begin(), ids.end(), [&](const ObjectId& id) {
    return id.kind == wanted.kinds.kind && group_of(id.api_version) == wanted.kinds.group &&
           version_of(id.api_version) == wanted.kinds.version && id.name == wanted.name &&
           (any_namespace || id.namespace_ == wanted.namespace_);
  });
}

/// "spec.ports[0].port" with the position as a part of its own.
std::vector<std::string> with_positions(const std::vector<std::string>& path) {
  std::vector<std::string> parts;
  for (const auto& part : path) {
    const auto open = part.rfind('[');
    const bool is_position = open != std::string::npos && part.ends_with(']') && open + 2 < part.size() &&
                             part.find_first_not_of("0123456789", open + 1) == part.size() - 1;
    if (!is_position) {
      parts.push_back(part);
      continue;
    }
    if (open > 0) parts.push_back(part.substr(0, open));
    parts.push_back(part.substr(open + 1, part.size() - open - 2));
  }
  return parts;
}

class Replacing {
 public:
  Replacing(const Values& values, Context& context) : values_(values), context_(context) {}

  void at(Node& node) const {
    if (auto* members = node.map()) {
      for (auto& member : *members) replace(member.value);
    } else if (auto* items = node.sequence()) {
      for (auto& item : *items) {
        if (item.is_string()) {
          replace(item);
          continue;
        }
        context_.problems.error(
            item.place, fmt::format("variables are replaced in this list, and this is {}", kind_of(item)),
            "write a string");
      }
    } else {
      replace(node);
    }
  }

 private:
  void replace(Node& node) const {
    const auto* text = node.string();
    if (text == nullptr || text->find('$') == std::string::npos) return;
    if (const auto* value = whole(*text)) {
      context_.spend(weight(*value), node.place);
      node.value = value->value;
      mark_like(node.place, *value);
      return;
    }
    auto place = node.place;
    auto replaced = within(*text, place);
    context_.spend(replaced.size(), place);
    node = {std::move(replaced), place};
  }

  const Node* value_of(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? nullptr : &found->second;
  }

  /// The value of a text that is one variable.
  const Node* whole(std::string_view text) const {
    if (!text.starts_with("$(") || text.find(')') != text.size() - 1) return nullptr;
    return value_of(text.substr(2, text.size() - 3));
  }

  /// "$$" becomes "$", and what is not a variable stays as it is.
  /// `place` becomes as secret as what is put in.
  std::string within(std::string_view text, Place& place) const {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto rest = text.substr(i);
      if (rest.starts_with("$$")) {
        result += '$';
        ++i;
        continue;
      }
      const auto end = rest.starts_with("$(") ? rest.find(')') : std::string_view::npos;
      if (end == std::string_view::npos) {
        result += text[i];
        continue;
      }
      const auto* value = value_of(rest.substr(2, end - 2));
      result += value != nullptr ? go_text(*value) : std::string(rest.substr(0, end + 1));
      if (value != nullptr) mark_like(place, *value);
      i += end;
    }
    return result;
  }

  const Values& values_;
  Context& context_;
};

/// What the variable stands for, from the object that was found for it.
const Node* value_of(const Variable& variable, const std::vector<Object>& objects, Problems& problems) {
  const auto found = std::find_if(objects.begin(), objects.end(), [&variable](const Object& object) {
    return std::find(object.variables.begin(), object.variables.end(), variable.name.value) !=
           object.variables.end();
  });
  if (found == objects.end()) {
    problems.error(
        variable.place,
        fmt::format("no object is the one that the variable {} names", printable(variable.name.value)),
        "fix its objref");
    return nullptr;
  }
  const auto& path = variable.path;
  const auto* value = value_at(found->document, with_positions(split_value_path(path)));
  if (value == nullptr) {
    problems.error(variable.place, fmt::format("{} has no {}", described(found->document), printable(path)),
                   "fix the fieldref of the variable");
  }
  return value;
}

}  // namespace

const std::vector<FieldSpec>& variable_fields() {
  static const auto fields = known_fields();
  return fields;
}

void add_variables(const std::vector<Variable>& added, std::vector<Object>& objects, Variables& to,
                   Problems& problems) {
  for (const auto& variable : added) {
    std::vector<Object*> meant;
    for (auto& object : objects) {
      if (is_meant(object, variable)) meant.push_back(&object);
    }
    if (meant.size() > 1) {
      problems.error(variable.place,
                     fmt::format("the variable {} may mean {} or {}", printable(variable.name.value),
                                 described(meant[0]->document), described(meant[1]->document)),
                     "write the namespace in its objref");
      continue;
    }
    for (auto* object : meant) object->variables.push_back(variable.name.value);
    add_variables({{variable.name.value, variable}}, to, problems);
  }
}

void add_variables(const Variables& added, Variables& to, Problems& problems) {
  for (const auto& [name, variable] : added) {
    const auto [at, fresh] = to.emplace(name, variable);
    if (fresh) continue;
    problems.error(variable.place,
                   fmt::format("the variable {} is declared twice, first at {}", printable(name),
                               to_string(at->second.place)),
                   "give one of the two another name");
  }
}

void replace_variables(std::vector<Object>& objects, const Variables& variables,
                       const std::vector<FieldSpec>& fields, Context& context) {
  if (variables.empty()) return;
  Values values;
  for (const auto& [name, variable] : variables) {
    const auto* value = value_of(variable, objects, context.problems);
    if (value == nullptr || value->is_map() || value->is_sequence()) continue;
    values.emplace(name, *value);
  }
  const Replacing replacing(values, context);
  const auto replace = [&](const FieldSpec& field) {
    const auto path = split_path(field.path);
    for (auto& object : objects) {
      if (!selects(field.kinds, text_of(object.document, "apiVersion"), text_of(object.document, "kind"))) {
        continue;
      }
      each_at(object.document, path, Made::nothing, object.document.place, context.problems,
              [&replacing](Node& node) { replacing.at(node); });
    }
  };
  for (const auto& field : fields) replace(field);
}

}  // namespace greenwave::render::kustomize
