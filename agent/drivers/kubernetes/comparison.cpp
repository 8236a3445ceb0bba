#include "drivers/kubernetes/comparison.h"

#include <algorithm>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "diff/unified_diff.h"
#include "drivers/kubernetes/kind.h"
#include "model/kubernetes_kind.h"
#include "yaml/emit.h"

namespace greenwave::drivers::kubernetes {

namespace {

using nlohmann::json;

constexpr std::size_t most_lines = 8;
constexpr std::size_t longest_shown = 60;

json essence(json object) {
  if (!object.is_object()) return object;
  object.erase("status");
  if (const auto metadata = object.find("metadata"); metadata != object.end() && metadata->is_object()) {
    for (const auto* key : {"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp",
                            "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"}) {
      metadata->erase(key);
    }
    // kubectl's record of what it applied: a copy of the object, even of a Secret.
    if (const auto annotations = metadata->find("annotations");
        annotations != metadata->end() && annotations->is_object()) {
      annotations->erase("kubectl.kubernetes.io/last-applied-configuration");
      if (annotations->empty()) metadata->erase("annotations");
    }
  }
  return object;
}

struct Field {
  std::string path;
  const json* live;    ///< null: there is none
  const json* wanted;  ///< null: there will be none
};

/// Fields that differ; maps are compared member by member.
void find_fields(const json* live, const json* wanted, const std::string& path, std::vector<Field>& found) {
  if (live != nullptr && wanted != nullptr && *live == *wanted) return;
  const bool both = live != nullptr && wanted != nullptr && live->is_object() && wanted->is_object();
  if (!both) {
    found.push_back({path, live, wanted});
    return;
  }
  std::set<std::string> keys;
  for (const auto* map : {live, wanted}) {
    for (const auto& [key, value] : map->items()) keys.insert(key);
  }
  for (const auto& key : keys) {
    const auto left = live->find(key);
    const auto right = wanted->find(key);
    find_fields(left == live->end() ? nullptr : &*left, right == wanted->end() ? nullptr : &*right,
                path.empty() ? key : path + "." + key, found);
  }
}

std::string value_in_words(const json* value) {
  if (value == nullptr) return "nothing";
  auto text = value->dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > longest_shown) text = text.substr(0, longest_shown) + "…";
  return printable(text);
}

std::string lines_of(const std::vector<Field>& fields, bool secret) {
  std::string lines;
  for (std::size_t i = 0; i < std::min(fields.size(), most_lines); ++i) {
    const auto& field = fields[i];
    lines += secret ? fmt::format("{}: changed\n", printable(field.path))
                    : fmt::format("{}: {}\n", printable(field.path), value_in_words(field.live));
  }
  if (fields.size() > most_lines) lines += fmt::format("and {} more\n", fields.size() - most_lines);
  return lines;
}

std::string emitted(const json& object) {
  if (object.is_null()) return {};
  return yaml::emit(yaml::from_json(nlohmann::ordered_json(object), {}));
}

std::string file_name(const ObjectId& id) {
  return to_string(id) + ".yaml";
}

}  // namespace

ObjectDifference compare_objects(const json& live, const json& wanted, const Manifest& manifest) {
  const auto left = essence(live);
  const auto right = essence(wanted);
  ObjectDifference result;
  result.equal = left == right;
  if (result.equal) return result;
  const auto name = to_string(manifest.id);
  if (manifest.sensitive) {
    result.diff = fmt::format("{}: changed (sensitive)\n", name);
    result.was = left.is_null() ? "" : "changed (sensitive)\n";
    return result;
  }
  const bool secret = is_secret(manifest.id);
  std::vector<Field> fields;
  if (!left.is_null()) find_fields(&left, &right, "", fields);
  result.was = lines_of(fields, secret);
  if (secret) {
    result.diff = left.is_null() ? fmt::format("{}: new (a secret)\n", name)
                                 : fmt::format("{}: changed (a secret)\n{}", name, result.was);
  } else {
    result.diff = diff::unified_diff(emitted(left), emitted(right), file_name(manifest.id));
  }
  return result;
}

bool runs_pods(const ObjectId& id) {
  const auto kind = kind_and_group(id.api_version, id.kind);
  return kind == "Pod" || kind == "Deployment.apps" || kind == "StatefulSet.apps" || kind == "DaemonSet.apps";
}

bool replaces_pods(const nlohmann::json& live, const nlohmann::json& wanted, const ObjectId& id) {
  static const nlohmann::json::json_pointer of_pod("/spec");
  static const nlohmann::json::json_pointer of_workload("/spec/template");
  if (!runs_pods(id)) return false;
  const auto& at = id.kind == "Pod" ? of_pod : of_workload;
  return live.contains(at) && wanted.contains(at) && live.at(at) != wanted.at(at);
}

}  // namespace greenwave::drivers::kubernetes
