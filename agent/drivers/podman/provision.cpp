#include "drivers/podman/provision.h"

#include <nlohmann/json.hpp>

#include "base/base64.h"

namespace greenwave::drivers::podman {

namespace {

using OrderedJson = nlohmann::ordered_json;

template <class Value>
void put(OrderedJson& json, const char* key, const std::optional<Value>& value) {
  if (value) json[key] = *value;
}

std::optional<std::int64_t> whole_in(const OrderedJson& json, const char* key) {
  const auto found = json.find(key);
  return found == json.end() ? std::nullopt : std::optional(found->get<std::int64_t>());
}

OrderedJson to_json(const OwnVolume& volume) {
  auto files = OrderedJson::array();
  for (const auto& [path, bytes, mode] : volume.files)
    files.push_back({{"path", path}, {"bytes", encode_base64(bytes)}, {"mode", mode}});
  return {{"name", volume.name},
          {"files", std::move(files)},
          {"writable", volume.writable},
          {"subs", volume.subs}};
}

OwnVolume own_volume_from(const OrderedJson& json) {
  OwnVolume volume{json.at("name"), {}, json.at("writable"), json.at("subs")};
  for (const auto& file : json.at("files")) {
    volume.files.push_back(
        {file.at("path"), decode_base64(file.at("bytes").get<std::string>()), file.at("mode")});
  }
  return volume;
}

}  // namespace

std::string claim_path(const std::string& volume, const std::string& sub) {
  return "/(volume " + volume + ")/" + sub;
}

OrderedJson to_json(const Provision& provision) {
  OrderedJson json{{"own", OrderedJson::array()},
                   {"memory", OrderedJson::array()},
                   {"claims", OrderedJson::array()},
                   {"users", OrderedJson::array()}};
  for (const auto& volume : provision.own) json["own"].push_back(to_json(volume));
  for (const auto& [name, size] : provision.memory) {
    OrderedJson memory{{"name", name}};
    put(memory, "size", size);
    json["memory"].push_back(std::move(memory));
  }
  for (const auto& [volume, sub, writable] : provision.claims)
    json["claims"].push_back({{"volume", volume}, {"sub", sub}, {"writable", writable}});
  for (const auto& [container, image, non_root, group] : provision.users) {
    OrderedJson user{{"container", container}, {"image", image}, {"nonRoot", non_root}};
    put(user, "group", group);
    json["users"].push_back(std::move(user));
  }
  put(json, "group", provision.group);
  if (provision.only_mismatch) json["onlyMismatch"] = true;
  return json;
}

Provision provision_from(const OrderedJson& json) {
  Provision provision;
  for (const auto& volume : json.at("own")) provision.own.push_back(own_volume_from(volume));
  for (const auto& memory : json.at("memory"))
    provision.memory.push_back({memory.at("name"), whole_in(memory, "size")});
  for (const auto& claim : json.at("claims"))
    provision.claims.push_back({claim.at("volume"), claim.at("sub"), claim.at("writable")});
  for (const auto& user : json.at("users")) {
    provision.users.push_back(
        {user.at("container"), user.at("image"), user.at("nonRoot"), whole_in(user, "group")});
  }
  provision.group = whole_in(json, "group");
  provision.only_mismatch = json.value("onlyMismatch", false);
  return provision;
}

}  // namespace greenwave::drivers::podman
