// One container: its end, its log, commands in it.

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "drivers/podman/service.h"
#include "drivers/podman/service_call.h"
#include "http/encoded.h"

namespace greenwave::drivers::podman {

namespace {

using Json = nlohmann::json;

constexpr auto longest_run =
    std::chrono::hours(24 * 365);  ///< a run that must end earlier is stopped by its service

http::Request stop_request(const std::string& container, std::chrono::seconds grace) {
  auto made = with_body(fmt::format("containers/{}/stop?t={}", http::encoded(container), grace.count()),
                        "application/json", "");
  made.timeout = made.silence = grace + stop_patience;
  return made;
}

}  // namespace

int Service::wait(const std::string& container) {
  auto made = request("POST", fmt::format("containers/{}/wait?condition=stopped", http::encoded(container)));
  made.timeout = {};
  made.silence = longest_run;
  const auto response = ask(made, "wait for the container");
  const auto text = trim(response.body);
  int status = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), status).ec != std::errc())
    throw Error(Fault::transient, "podman did not report the container's exit status");
  return status;
}

std::string Service::log(const std::string& container, unsigned lines) {
  const auto response = send(request("GET", fmt::format("containers/{}/logs?stdout=true&stderr=true&tail={}",
                                                        http::encoded(container), lines)));
  return response.success() ? response.body : "";
}

std::string Service::inspect(const std::string& container) {
  return ask(request("GET", fmt::format("containers/{}/json", http::encoded(container))),
             "inspect a container", 404)
      .body;
}

std::vector<std::string> Service::host_paths(const std::string& container) {
  std::vector<std::string> paths;
  const auto json = Json::parse(inspect(container), nullptr, false);
  const auto add = [&](const Json::json_pointer& list, const char* key) {
    if (!json.is_object() || !json.contains(list) || !json.at(list).is_array()) return;
    for (const auto& one : json.at(list)) {
      if (!one.is_object() || text_in(one, "Type") == "volume") continue;
      if (auto path = text_in(one, key); !path.empty()) paths.push_back(std::move(path));
    }
  };
  add(Json::json_pointer("/Mounts"), "Source");
  add(Json::json_pointer("/HostConfig/Devices"), "PathOnHost");
  return paths;
}

std::string Service::label(const std::string& container, std::string_view key) {
  const auto json = Json::parse(inspect(container), nullptr, false);
  const Json::json_pointer place("/Config/Labels");
  if (!json.is_object() || !json.contains(place) || !json.at(place).is_object()) return {};
  return text_in(json.at(place), std::string(key).c_str());
}

PodNetwork Service::network(const std::string& container) {
  const auto json = Json::parse(inspect(container), nullptr, false);
  if (!json.is_object()) return {};
  PodNetwork found{"", text_in(json, "HostsPath")};
  const Json::json_pointer place("/NetworkSettings/Networks");
  if (!json.contains(place) || !json.at(place).is_object()) return found;
  for (const auto& [name, network] : json.at(place).items()) {
    if (!network.is_object() || !found.address.empty()) continue;
    found.address = text_in(network, "IPAddress");
    if (found.address.empty()) found.address = text_in(network, "GlobalIPv6Address");
  }
  return found;
}

void Service::start_container(const std::string& id) {
  ask(with_body(fmt::format("containers/{}/start", http::encoded(id)), "application/json", ""),
      "start the container");
}

void Service::prepare_container(const std::string& id) {
  ask(with_body(fmt::format("containers/{}/init", http::encoded(id)), "application/json", ""),
      "prepare the container");
}

void Service::stop_container(const std::string& id, std::chrono::seconds grace) {
  ask(stop_request(id, grace), "stop the container", 404);
}

void Service::stop_containers(const std::vector<std::string>& ids, std::chrono::seconds grace) {
  std::vector<http::Request> requests;
  for (const auto& id : ids) requests.push_back(stop_request(id, grace));
  std::optional<http::TransferError> failure;
  client_.send_all(requests, std::max<std::size_t>(requests.size(), 1),
                   [&](std::size_t, http::Answer answer) {
                     if (answer.failure) failure = std::move(answer.failure);
                   });
  if (failure) throw Error(Fault::transient, fmt::format("podman does not answer: {}", failure->message()));
}

void Service::restart_container(const std::string& id, std::chrono::seconds grace) {
  auto made = with_body(fmt::format("containers/{}/restart?t={}", http::encoded(id), grace.count()),
                        "application/json", "");
  made.timeout = made.silence = grace + stop_patience;
  ask(made, "restart the container");
}

std::string Service::create_exec(const std::string& container, const std::vector<std::string>& argv) {
  const Json body{{"Cmd", argv}, {"AttachStdout", true}, {"AttachStderr", true}};
  const auto response = ask(
      with_body(fmt::format("containers/{}/exec", http::encoded(container)), "application/json", body.dump()),
      "run a command in the container");
  const auto json = Json::parse(response.body, nullptr, false);
  auto id = json.is_object() ? text_in(json, "Id") : "";
  if (id.empty()) throw Error(Fault::transient, "podman returned no id for a command");
  return id;
}

std::optional<int> Service::run_exec(const std::string& id, Duration timeout) {
  auto made =
      with_body(fmt::format("exec/{}/start", http::encoded(id)), "application/json", R"({"Detach":false})");
  made.timeout = made.silence = timeout;
  made.sink = [](std::string_view) { return true; };  // its output is not needed
  try {
    client_.send(made);
  } catch (const Error& error) {
    if (error.fault() != Fault::transient) throw;
  }
  return exec_status(id);
}

std::optional<int> Service::exec_status(const std::string& id) {
  const auto response =
      ask(request("GET", fmt::format("exec/{}/json", http::encoded(id))), "inspect a command", 404);
  const auto json = Json::parse(response.body, nullptr, false);
  if (!response.success() || !json.is_object()) return -1;  // gone, with its container
  if (json.value("Running", false)) return {};
  const auto code = json.find("ExitCode");
  return code != json.end() && code->is_number_integer() ? code->get<int>() : -1;
}

}  // namespace greenwave::drivers::podman
