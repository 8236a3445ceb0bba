#include "drivers/kubernetes/record.h"

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace greenwave::drivers::kubernetes {

std::string to_json(const Record& record) {
  nlohmann::ordered_json json{{"group", record.resource.group},
                              {"version", record.resource.version},
                              {"plural", record.resource.plural},
                              {"kind", record.resource.kind}};
  if (record.resource.namespaced) json["namespace"] = record.namespace_;
  if (!record.uid.empty()) json["uid"] = record.uid;
  if (!record.version.empty()) json["resourceVersion"] = record.version;
  if (!record.fields.empty()) json["fields"] = record.fields;
  if (!record.manager.empty()) json["manager"] = record.manager;
  if (!record.may_go) json["mayGo"] = false;
  if (record.propagation != "Background") json["propagation"] = record.propagation;
  if (record.ends) json["ends"] = true;
  return json.dump();
}

Record record_from(const std::string& text) {
  Record record;
  if (text.empty()) return record;
  try {
    const auto json = nlohmann::json::parse(text);
    record.resource.group = json.at("group");
    record.resource.version = json.at("version");
    record.resource.plural = json.at("plural");
    record.resource.kind = json.at("kind");
    record.resource.namespaced = json.contains("namespace");
    record.namespace_ = json.value("namespace", "");
    record.uid = json.value("uid", "");
    record.version = json.value("resourceVersion", "");
    record.fields = json.value("fields", "");
    record.manager = json.value("manager", "");
    record.may_go = json.value("mayGo", true);
    record.propagation = json.value("propagation", "Background");
    record.ends = json.value("ends", false);
  } catch (const nlohmann::json::exception&) {
    throw Error(Fault::damaged, "the agent's record of an object on a Kubernetes API server cannot be read");
  }
  return record;
}

}  // namespace greenwave::drivers::kubernetes
