#include "drivers/podman/cron/run_file.h"

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace greenwave::drivers::podman {

namespace {

using Json = nlohmann::ordered_json;

Json to_json(const Sheet& sheet) {
  auto images = Json::array();
  for (const auto& image : sheet.images) {
    images.push_back({{"reference", image.reference}, {"pull", static_cast<int>(image.pull)}});
  }
  return {{"pod", sheet.pod},         {"digest", sheet.digest},        {"containers", sheet.containers},
          {"volumes", sheet.volumes}, {"hostPaths", sheet.host_paths}, {"images", std::move(images)},
          {"text", sheet.text}};
}

Sheet sheet_from(const Json& json) {
  Sheet sheet;
  sheet.pod = json.at("pod");
  sheet.digest = json.at("digest");
  sheet.containers = json.at("containers");
  sheet.volumes = json.at("volumes");
  sheet.host_paths = json.at("hostPaths");
  for (const auto& image : json.at("images")) {
    sheet.images.push_back({image.at("reference"), static_cast<Image::Pull>(image.at("pull").get<int>())});
  }
  sheet.text = json.at("text");
  return sheet;
}

}  // namespace

RunFile run_file_of(const ObjectId& id, const CronJob& job, Sheet sheet) {
  return {id, std::move(sheet), job.written, job.zone, job.deadline, job.more_tries};
}

std::filesystem::path run_file_path(const std::filesystem::path& state_directory, const std::string& unit) {
  return state_directory / "cronjobs" / (unit + ".json");
}

std::string to_json(const RunFile& file) {
  Json json{{"apiVersion", file.id.api_version}, {"kind", file.id.kind},
            {"namespace", file.id.namespace_},   {"name", file.id.name},
            {"schedule", file.schedule},         {"timeZone", file.zone},
            {"moreTries", file.more_tries},      {"sheet", to_json(file.sheet)}};
  if (file.deadline) json["deadlineSeconds"] = file.deadline->count();
  return json.dump();
}

RunFile run_file_from(const std::string& text) {
  try {
    const auto json = Json::parse(text);
    RunFile file;
    file.id = {json.at("apiVersion"), json.at("kind"), json.at("namespace"), json.at("name")};
    file.sheet = sheet_from(json.at("sheet"));
    file.schedule = json.at("schedule");
    file.zone = json.at("timeZone");
    file.more_tries = json.at("moreTries");
    if (json.contains("deadlineSeconds"))
      file.deadline = std::chrono::seconds(json["deadlineSeconds"].get<std::int64_t>());
    return file;
  } catch (const nlohmann::json::exception&) {
    throw Error(Fault::damaged, "what is kept of the CronJob cannot be read",
                "greenwave sync writes it anew");
  }
}

}  // namespace greenwave::drivers::podman
