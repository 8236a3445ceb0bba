#include "drivers/host/packages/package_record.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace greenwave::drivers::host {

namespace {

PackageSpec::State state_named(const std::string& word) {
  using State = PackageSpec::State;
  for (const auto state : {State::held, State::absent}) {
    if (word == to_string(state)) return state;
  }
  return State::installed;
}

}  // namespace

PackageNow now_of(const dpkg::Package* package) {
  if (package == nullptr || !package->is_there()) return {};
  return {package->version, package->architecture, package->is_held()};
}

std::string in_words(const PackageNow& now) {
  if (now.version.empty()) return "not installed";
  return now.held ? now.version + ", held" : now.version;
}

std::string to_json(const PackageRecord& record) {
  nlohmann::ordered_json json{{"name", record.name}, {"state", to_string(record.state)}};
  if (!record.version.empty()) json["version"] = record.version;
  if (!record.before.version.empty()) {
    json["before"] = {{"version", record.before.version}, {"architecture", record.before.architecture}};
    if (record.before.held) json["before"]["held"] = true;
  }
  if (record.deletes) json["deletes"] = true;
  return json.dump();
}

PackageRecord package_record_from(const std::string& text) {
  PackageRecord record;
  if (text.empty()) return record;
  try {
    const auto json = nlohmann::json::parse(text);
    record.name = json.at("name");
    record.state = state_named(json.at("state"));
    record.version = json.value("version", "");
    record.deletes = json.value("deletes", false);
    if (json.contains("before")) {
      const auto& before = json["before"];
      record.before = {before.at("version"), before.at("architecture"), before.value("held", false)};
    }
  } catch (const nlohmann::json::exception&) {
    throw Error(Fault::damaged, "the agent's record of a package cannot be read");
  }
  return record;
}

std::optional<std::string> package_drift(const PackageRecord& record, const dpkg::Package* package) {
  const bool is_there = package != nullptr && package->is_there();
  if (record.state == PackageSpec::State::absent) {
    if (!is_there) return {};
    return fmt::format("{} is installed", package->version);
  }
  if (!is_there) return "not installed";
  if (package->is_broken()) return fmt::format("{} is {}", package->version, package->state);
  if (!record.version.empty() && package->version != record.version) {
    return fmt::format("{} is installed", package->version);
  }
  if (record.state == PackageSpec::State::held && !package->is_held()) return "not held";
  return {};
}

}  // namespace greenwave::drivers::host
