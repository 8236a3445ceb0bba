#include "drivers/podman/pod_record.h"

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace greenwave::drivers::podman {

namespace {

workload::JobPlan job_plan_from(const nlohmann::json& json) {
  workload::JobPlan plan{json.at("completions"), json.at("parallelism"), json.at("retries")};
  if (json.contains("deadline")) plan.deadline = std::chrono::seconds(json["deadline"].get<std::int64_t>());
  if (json.contains("ttl")) plan.ttl = std::chrono::seconds(json["ttl"].get<std::int64_t>());
  plan.indexed = json.value("indexed", false);
  plan.suspended = json.value("suspended", false);
  return plan;
}

}  // namespace

std::string to_json(const PodRecord& record) {
  auto pods = nlohmann::ordered_json::array();
  for (const auto& pod : record.pods) {
    auto& json = pods.emplace_back(
        nlohmann::ordered_json{{"name", pod.name}, {"digest", pod.digest}, {"containers", pod.containers}});
    if (!pod.starters.empty()) json["starters"] = pod.starters;
  }
  nlohmann::ordered_json json{{"pods", std::move(pods)}, {"restart", record.restart}};
  if (record.once) json["once"] = true;
  if (!record.pulled.empty()) json["pulled"] = record.pulled;
  if (!record.host_paths.empty()) json["hostPaths"] = record.host_paths;
  if (record.job) {
    const auto& plan = *record.job;
    json["job"] = {
        {"completions", plan.completions}, {"parallelism", plan.parallelism}, {"retries", plan.retries}};
    if (plan.deadline) json["job"]["deadline"] = plan.deadline->count();
    if (plan.ttl) json["job"]["ttl"] = plan.ttl->count();
    if (plan.indexed) json["job"]["indexed"] = true;
    if (plan.suspended) json["job"]["suspended"] = true;
  }
  return json.dump();
}

PodRecord pod_record_from(const std::string& text) {
  PodRecord record;
  if (text.empty()) return record;
  try {
    const auto json = nlohmann::json::parse(text);
    for (const auto& pod : json.at("pods")) {
      record.pods.push_back({pod.at("name"), pod.at("digest"), pod.at("containers"),
                             pod.value("starters", std::vector<std::string>())});
    }
    record.restart = json.at("restart");
    record.once = json.value("once", false);
    if (json.contains("pulled")) record.pulled = json["pulled"];
    if (json.contains("hostPaths")) record.host_paths = json["hostPaths"];
    if (json.contains("job")) record.job = job_plan_from(json["job"]);
  } catch (const nlohmann::json::exception&) {
    throw Error(Fault::damaged, "the agent's record of a pod cannot be read");
  }
  return record;
}

}  // namespace greenwave::drivers::podman
