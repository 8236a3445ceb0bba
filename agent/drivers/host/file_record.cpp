#include "drivers/host/file_record.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"

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

/// JSON holds no bytes that are not text, and what the device has may be called anything.
std::string escaped(const std::string& path) {
  if (is_text(path) && path.find_first_of("%\t\n\r") == path.npos) return path;
  std::string text;
  for (const unsigned char byte : path) {
    const bool plain = byte > 0x20 && byte < 0x7f && byte != '%';
    text += plain ? std::string(1, static_cast<char>(byte)) : fmt::format("%{:02x}", byte);
  }
  return text;
}

std::string unescaped(const std::string& text) {
  std::string path;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned char byte = static_cast<unsigned char>(text[i]);
    if (byte == '%' && i + 2 < text.size()) {
      std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16);
      i += 2;
    }
    path += static_cast<char>(byte);
  }
  return path;
}

Json before_to_json(const std::map<std::string, Before>& before) {
  Json json;
  for (const auto& [path, was] : before) {
    auto& value = json[escaped(path)];
    switch (was.kind) {
      case Before::Kind::kept:
        value = "kept";
        break;
      case Before::Kind::purged:
        value = "purged";
        break;
      case Before::Kind::same:
        value = "same";
        break;
      case Before::Kind::attributes:
        add_attributes(value, was.attributes);
        break;
    }
  }
  return json;
}

std::map<std::string, Before> before_from(const Json& json) {
  std::map<std::string, Before> before;
  for (const auto& [path, value] : json.items()) {
    auto& was = before[unescaped(path)];
    if (value.is_object()) {
      was = {Before::Kind::attributes, read_attributes(value)};
      was.attributes.type = S_IFDIR;
    } else if (value == "purged") {
      was.kind = Before::Kind::purged;
    } else if (value == "same") {
      was.kind = Before::Kind::same;
    }
  }
  return before;
}

}  // namespace

std::string to_json(const FileRecord& record) {
  Json json;
  json["path"] = record.path;
  add_attributes(json, record.attributes);
  json["adopted"] = record.adopted;
  if (record.sensitive) json["sensitive"] = true;
  if (record.reload_systemd) json["reloadSystemd"] = true;
  if (!record.owner.empty()) json["owner"] = record.owner;
  if (!record.group.empty()) json["group"] = record.group;
  if (!record.before.empty()) json["before"] = before_to_json(record.before);
  if (!record.made.empty()) json["made"] = record.made;
  if (record.deletes) json["deletes"] = true;
  if (record.attributes.type == S_IFDIR) {
    json["directory"] = true;
    json["purge"] = record.purge;
    if (record.has_purged) json["hasPurged"] = true;
    add_attributes(json["files"], record.file_attributes);
    json["executables"] = record.executables;
    json["links"] = record.links;
    json["creates"] = record.creates;
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

FileRecord record_from_json(const std::string& text) {
  if (text.empty()) return {};
  try {
    const auto json = Json::parse(text);
    FileRecord record;
    record.path = json.at("path").get<std::string>();
    record.attributes = read_attributes(json);
    record.adopted = json.at("adopted").get<bool>();
    record.sensitive = json.value("sensitive", false);
    record.reload_systemd = json.value("reloadSystemd", false);
    record.owner = json.value("owner", "");
    record.group = json.value("group", "");
    if (json.contains("before")) record.before = before_from(json.at("before"));
    if (json.contains("made")) record.made = json.at("made").get<std::vector<std::string>>();
    record.deletes = json.value("deletes", false);
    if (record.attributes.type != S_IFDIR) return record;
    record.purge = json.at("purge").get<bool>();
    record.has_purged = json.value("hasPurged", false);
    record.file_attributes = read_attributes(json.at("files"));
    record.executables = json.at("executables").get<std::vector<std::string>>();
    record.links = json.at("links").get<std::vector<std::string>>();
    record.creates = json.at("creates").get<std::vector<std::string>>();
    return record;
  } catch (const Json::exception&) {
    throw Error(Fault::internal, "the agent's record of this object cannot be read",
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
  return record.path.empty() || (record.adopted && !applied_at(entry, record.path));
}

OwnPaths::OwnPaths(const Entry* entry, const FileRecord& record) {
  if (entry == nullptr) return;
  for (const auto& file : entry->files) applied_.insert(file.path);
  for (const auto& name : record.creates) created_.insert(record.path + "/" + name);
  if (!record.adopted && !record.path.empty()) created_.insert(record.path);
}

void complete(FileRecord& record, const FileRecord& compared) {
  record.adopted = compared.adopted;
  record.creates = compared.creates;
  record.has_purged = compared.has_purged;
  record.before = compared.before;
  record.made = compared.made;
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

namespace {

/// Empty for what no user database can change.
std::string recorded_name(const std::string& name) {
  const bool is_number = name.find_first_not_of("0123456789") == name.npos;
  return name == "root" || is_number ? "" : name;
}

}  // namespace

std::string owner_drift(Owners& owners, const Entry& entry) {
  const auto& text = entry.record;
  if (text.find("\"owner\":") == text.npos && text.find("\"group\":") == text.npos) return {};
  const auto record = record_from_json(text);
  const auto& numbers = record.attributes;
  const auto now = owners.attributes(numbers.type, numbers.mode, record.owner.empty() ? "root" : record.owner,
                                     record.group.empty() ? "root" : record.group);
  if (!record.owner.empty() && now.uid && now.uid != numbers.uid) {
    return fmt::format("user {} is {} now", record.owner, *now.uid);
  }
  if (!record.group.empty() && now.gid && now.gid != numbers.gid) {
    return fmt::format("group {} is {} now", record.group, *now.gid);
  }
  return {};
}

void keep_parents(const Host& host, FileRecord& record) {
  const auto above = parents_of(host, record.path);
  std::erase_if(record.made, [&](const auto& made) { return std::ranges::find(above, made) == above.end(); });
}

void note_owner(FileRecord& record, const std::string& owner, const std::string& group) {
  record.owner = recorded_name(owner);
  record.group = recorded_name(group);
}

}  // namespace greenwave::drivers::host
