#include "drivers/host/file_record.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace greenwave::drivers::host {

namespace {

using Json = nlohmann::ordered_json;

void add_attributes(Json& json, const Attributes& attributes) {
  json["mode"] = attributes.mode;
  if (attributes.uid) json["uid"] = *attributes.uid;
  if (attributes.gid) json["gid"] = *attributes.gid;
}

Attributes read_attributes(const Json& json) {
  Attributes attributes;
  attributes.type = json.value("directory", false) ? S_IFDIR : S_IFREG;
  attributes.mode = json.at("mode").get<mode_t>();
  if (json.contains("uid")) attributes.uid = json.at("uid").get<uid_t>();
  if (json.contains("gid")) attributes.gid = json.at("gid").get<gid_t>();
  return attributes;
}

}  // namespace

std::string to_json(const FileRecord& record) {
  Json json;
  json["path"] = record.path;
  add_attributes(json, record.attributes);
  json["adopted"] = record.adopted;
  if (record.sensitive) json["sensitive"] = true;
  if (record.attributes.type == S_IFDIR) {
    json["directory"] = true;
    json["purge"] = record.purge;
    add_attributes(json["files"], record.file_attributes);
    json["executables"] = record.executables;
    json["links"] = record.links;
    json["creates"] = record.creates;
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

FileRecord record_from_json(const std::string& text) {
  try {
    const auto json = Json::parse(text);
    FileRecord record;
    record.path = json.at("path").get<std::string>();
    record.attributes = read_attributes(json);
    record.adopted = json.at("adopted").get<bool>();
    record.sensitive = json.value("sensitive", false);
    if (record.attributes.type != S_IFDIR) return record;
    record.purge = json.at("purge").get<bool>();
    record.file_attributes = read_attributes(json.at("files"));
    record.executables = json.at("executables").get<std::vector<std::string>>();
    record.links = json.at("links").get<std::vector<std::string>>();
    record.creates = json.at("creates").get<std::vector<std::string>>();
    return record;
  } catch (const Json::exception&) {
    throw Error(Fault::internal, "what the inventory says of this object cannot be read",
                "move the state file aside: the agent then adopts what is there");
  }
}

namespace {

bool applied_at(const Entry& entry, const std::string& path) {
  return std::any_of(entry.files.begin(), entry.files.end(),
                     [&path](const FileSignature& file) { return file.path == path; });
}

}  // namespace

bool never_touched(const Entry& entry, const FileRecord& record) {
  return record.adopted && !applied_at(entry, record.path);
}

void complete(FileRecord& record, const std::string& intent) {
  if (intent.empty()) return;
  auto found = record_from_json(intent);
  record.adopted = found.adopted;
  record.creates = std::move(found.creates);
}

std::string as_untouched(const std::string& intent) {
  if (intent.empty()) return intent;
  auto record = record_from_json(intent);
  record.adopted = true;
  record.creates.clear();
  return to_json(record);
}

bool is_adoption(const Entry* entry, const std::string& path, bool exists) {
  if (entry == nullptr) return exists;
  const auto record = record_from_json(entry->record);
  if (record.path != path) return exists;
  return applied_at(*entry, path) ? record.adopted : record.adopted && exists;
}

}  // namespace greenwave::drivers::host
