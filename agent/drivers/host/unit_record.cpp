#include "drivers/host/unit_record.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "drivers/host/unit_spec.h"

namespace greenwave::drivers::host {

UnitRecord with_files(UnitRecord record, const std::vector<std::string>& paths) {
  for (const auto& path : paths) {
    if (std::ranges::find(record.files, path) == record.files.end()) record.files.push_back(path);
  }
  return record;
}

bool is_renamed(const UnitRecord& record, const std::string& unit, const std::string& name) {
  return !record.unit.empty() && record.unit != unit && record.unit != name;
}

UnitRecord moved(UnitRecord record) {
  record.unit = std::move(record.moving->unit);
  record.before = std::move(record.moving->before);
  record.alias.clear();
  record.moving.reset();
  return record;
}

bool is_replaced(const UnitRecord& record) {
  return std::ranges::find(record.kept, UnitSpec::unit_path(record.unit)) != record.kept.end();
}

bool comes_back(const UnitRecord& record) {
  return record.before && !(is_replaced(record) && record.deletes);
}

namespace {

nlohmann::ordered_json unit_before_to_json(const UnitRecord::Before& before) {
  return {{"file", before.file}, {"active", before.active}};
}

std::optional<UnitRecord::Before> unit_before_from(const nlohmann::json& json) {
  if (!json.contains("before")) return {};
  return UnitRecord::Before{json["before"].at("file"), json["before"].at("active")};
}

}  // namespace

std::string to_json(const UnitRecord& record) {
  nlohmann::ordered_json json{{"unit", record.unit}, {"files", record.files}};
  if (!record.alias.empty()) json["alias"] = record.alias;
  if (!record.links.empty()) json["links"] = record.links;
  if (!record.kept.empty()) json["kept"] = record.kept;
  if (!record.same.empty()) json["same"] = record.same;
  if (record.deletes) json["deletes"] = true;
  if (record.enabled) json["enabled"] = *record.enabled;
  if (record.running) json["running"] = *record.running;
  if (record.masked) json["masked"] = *record.masked;
  if (record.before) json["before"] = unit_before_to_json(*record.before);
  if (record.moving) {
    json["moving"] = {{"unit", record.moving->unit}};
    if (record.moving->before) json["moving"]["before"] = unit_before_to_json(*record.moving->before);
  }
  if (record.stale) json["stale"] = true;
  if (!record.done_in.empty()) json["doneIn"] = record.done_in;
  if (!record.owing.empty()) json["owing"] = record.owing;
  if (!record.definition.empty()) json["definition"] = record.definition;
  if (!record.started.empty()) json["started"] = record.started;
  return json.dump();
}

UnitRecord unit_record_from(const std::string& text) {
  UnitRecord record;
  if (text.empty()) return record;
  try {
    const auto json = nlohmann::json::parse(text);
    record.unit = json.at("unit");
    record.files = json.at("files");
    record.alias = json.value("alias", "");
    if (json.contains("links")) record.links = json["links"];
    if (json.contains("kept")) record.kept = json["kept"];
    if (json.contains("same")) record.same = json["same"];
    record.deletes = json.value("deletes", false);
    if (json.contains("enabled")) record.enabled = json["enabled"].get<bool>();
    if (json.contains("running")) record.running = json["running"].get<bool>();
    if (json.contains("masked")) record.masked = json["masked"].get<bool>();
    record.before = unit_before_from(json);
    if (json.contains("moving")) {
      record.moving = {json["moving"].at("unit"), unit_before_from(json["moving"])};
    }
    record.stale = json.value("stale", false);
    record.done_in = json.value("doneIn", "");
    record.owing = json.value("owing", "");
    record.definition = json.value("definition", "");
    record.started = json.value("started", "");
  } catch (const nlohmann::json::exception&) {
    throw Error(Fault::damaged, "the agent's record of a unit cannot be read");
  }
  return record;
}

}  // namespace greenwave::drivers::host
