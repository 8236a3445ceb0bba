#include "drivers/podman/cron/run_file.h"

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace greenwave::drivers::podman {

namespace {

using Json = nlohmann::ordered_json;

Json to_json(const KubePod& kube_pod) {
  auto images = Json::array();
  for (const auto& image : kube_pod.images) {
    images.push_back({{"reference", image.reference}, {"pull", static_cast<int>(image.pull)}});
  }
  auto starters = Json::array();
  for (const auto& starter : kube_pod.starters)
    starters.push_back({{"name", starter.name}, {"body", starter.body}});
  return {{"pod", kube_pod.pod},
          {"digest", kube_pod.digest},
          {"containers", kube_pod.containers},
          {"hostPaths", kube_pod.host_paths},
          {"images", std::move(images)},
          {"provision", podman::to_json(kube_pod.provision)},
          {"text", kube_pod.text},
          {"starters", std::move(starters)}};
}

KubePod kube_pod_from(const Json& json) {
  KubePod kube_pod;
  kube_pod.pod = json.at("pod");
  kube_pod.digest = json.at("digest");
  kube_pod.containers = json.at("containers");
  kube_pod.host_paths = json.at("hostPaths");
  for (const auto& image : json.at("images")) {
    kube_pod.images.push_back(
        {image.at("reference"), static_cast<workload::Image::Pull>(image.at("pull").get<int>())});
  }
  kube_pod.provision = provision_from(json.at("provision"));
  kube_pod.text = json.at("text");
  for (const auto& starter : json.value("starters", Json::array()))
    kube_pod.starters.push_back({starter.at("name"), starter.at("body")});
  return kube_pod;
}

}  // namespace

RunFile run_file_of(const ObjectId& id, const workload::CronJob& job, KubePod kube_pod) {
  return {id, std::move(kube_pod), job.written, job.zone, job.deadline, job.more_tries};
}

std::filesystem::path run_file_path(const std::filesystem::path& state_directory, const std::string& unit) {
  return state_directory / "cronjobs" / (unit + ".json");
}

std::string to_json(const RunFile& file) {
  Json json{{"apiVersion", file.id.api_version}, {"kind", file.id.kind},
            {"namespace", file.id.namespace_},   {"name", file.id.name},
            {"schedule", file.schedule},         {"timeZone", file.zone},
            {"moreTries", file.more_tries},      {"sheet", to_json(file.kube_pod)}};
  if (file.deadline) json["deadlineSeconds"] = file.deadline->count();
  return json.dump();
}

RunFile run_file_from(const std::string& text) {
  try {
    const auto json = Json::parse(text);
    RunFile file;
    file.id = {json.at("apiVersion"), json.at("kind"), json.at("namespace"), json.at("name")};
    file.kube_pod = kube_pod_from(json.at("sheet"));
    file.schedule = json.at("schedule");
    file.zone = json.at("timeZone");
    file.more_tries = json.at("moreTries");
    if (json.contains("deadlineSeconds"))
      file.deadline = std::chrono::seconds(json["deadlineSeconds"].get<std::int64_t>());
    return file;
  } catch (const nlohmann::json::exception&) {
    throw Error(Fault::damaged, "the saved CronJob cannot be read", "greenwave sync writes it again");
  }
}

}  // namespace greenwave::drivers::podman
