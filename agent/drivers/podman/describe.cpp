#include "drivers/podman/describe.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "drivers/podman/view.h"
#include "drivers/workload/cron_job.h"
#include "drivers/workload/workload.h"

namespace greenwave::drivers::podman {

namespace {

using Json = nlohmann::json;

constexpr unsigned shown_lines = 10;
constexpr std::size_t longest_line = 500;
constexpr std::size_t frame_head = 8;

std::string text_at(const Json& json, const char* pointer) {
  const auto* found =
      json.contains(Json::json_pointer(pointer)) ? &json.at(Json::json_pointer(pointer)) : nullptr;
  return found != nullptr && found->is_string() ? found->get<std::string>() : "";
}

/// "8080→80/tcp"
std::string ports_of(const Json& inspected) {
  const Json::json_pointer place("/NetworkSettings/Ports");
  if (!inspected.contains(place) || !inspected.at(place).is_object()) return {};
  std::string text;
  for (const auto& [inside, outside] : inspected.at(place).items()) {
    if (!outside.is_array()) continue;
    for (const auto& one : outside) {
      text += fmt::format("{}{}→{}", text.empty() ? "" : " ", text_at(one, "/HostPort"), inside);
    }
  }
  return text;
}

Json describe(Service& service, const Container& container,
              const std::map<std::string, std::string>& unready) {
  Json details{{"name", container.name}, {"state", container.state}, {"image", container.image}};
  if (!container.health.empty()) details["health"] = container.health;
  if (!container.is_running()) details["exit"] = container.exit_code;
  if (!container.probes.empty() && container.is_running()) {
    const auto why = unready.find(container.id);
    details["ready"] = why == unready.end();
    if (why != unready.end()) details["unready"] = why->second;
  }
  const auto inspected = Json::parse(service.inspect(container.id), nullptr, false);
  if (!inspected.is_object()) return details;
  details["digest"] = text_at(inspected, "/ImageDigest");
  if (inspected.contains("RestartCount")) details["restarts"] = inspected["RestartCount"];
  if (auto ports = ports_of(inspected); !ports.empty()) details["ports"] = std::move(ports);
  return details;
}

}  // namespace

std::vector<std::string> read_log(std::string_view frames) {
  std::string text;
  while (frames.size() >= frame_head) {
    std::size_t size = 0;
    for (std::size_t i = 4; i < frame_head; ++i) size = size << 8 | static_cast<unsigned char>(frames[i]);
    frames.remove_prefix(frame_head);
    text += frames.substr(0, size);
    frames.remove_prefix(std::min(size, frames.size()));
    if (!text.empty() && text.back() != '\n') text += '\n';
  }
  std::vector<std::string> lines;
  for (const auto line : split(text, '\n')) {
    if (!trim(line).empty()) lines.push_back(printable_lines(line.substr(0, longest_line)));
  }
  return lines;
}

Json describe(Service& service, const Entry& entry, const std::map<std::string, std::string>& unready) {
  auto details = Json::object();
  if (!workload::is_cron_job(entry.id) && !workload::is_workload(entry.id)) return details;
  const View now(service.containers());
  auto containers = Json::array();
  auto log = Json::array();
  for (const auto& [pod, all] : now.of(label_of(entry.id))) {
    for (const auto& container : all) {
      containers.push_back(describe(service, container, unready));
      for (auto& line : read_log(service.log(container.id, shown_lines))) {
        log.push_back(all.size() > 1 ? fmt::format("{}: {}", container.name, line) : std::move(line));
      }
    }
  }
  details["containers"] = std::move(containers);
  details["log"] = std::move(log);
  return details;
}

}  // namespace greenwave::drivers::podman
