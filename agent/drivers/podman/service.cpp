#include "drivers/podman/service.h"

#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "drivers/podman/play_kube.h"
#include "drivers/podman/service_call.h"
#include "drivers/workload/lifecycle.h"
#include "drivers/workload/pull_fault.h"
#include "http/encoded.h"

namespace greenwave::drivers::podman {

namespace {

using Json = nlohmann::json;

/// The oldest API with everything that is used here: podman 4.0, of 2022.
constexpr int oldest = 4;

std::string label_in(const Json& json, std::string_view key) {
  const auto labels = json.find("Labels");
  return labels != json.end() && labels->is_object() ? text_in(*labels, std::string(key).c_str()) : "";
}

std::optional<std::int64_t> number_in(const std::string& text) {
  std::int64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end) return {};
  return number;
}

/// "default" is no namespace, where earlier versions wrote it.
std::string plain_label(std::string label) {
  constexpr std::string_view usual = "/default/";
  const auto name = label.rfind('/');
  const auto space = name != label.npos && name + 1 >= usual.size() ? name + 1 - usual.size() : label.npos;
  if (space != label.npos && std::string_view(label).substr(space, usual.size()) == usual)
    label.erase(space + 1, usual.size() - 2);
  return label;
}

/// Why podman failed, for people.
std::string reason_in(const http::Response& response) {
  const auto json = Json::parse(response.body, nullptr, false);
  auto reason = json.is_object() ? text_in(json, "message") : "";
  if (reason.empty()) reason = fmt::format("HTTP status {}", response.status);
  return printable(trim(reason).substr(0, most_shown));
}

/// Podman answers 500 to nearly every failure: only the text tells when something has just run short.
Error refusal_of(const http::Response& response, std::string message) {
  const bool is_short = response.status == 503 || workload::is_shortage(response.body);
  return Error(is_short ? Fault::transient : Fault::invalid, std::move(message));
}

/// An image can have our labels too, e.g. one made by podman commit; so the pod's name must have the digest
/// as well.
bool is_in_our_pod(const Json& container) {
  const auto digest = label_in(container, labels::digest).substr(0, shown_digest);
  return digest.size() == shown_digest &&
         text_in(container, "PodName").find("-" + digest) != std::string::npos;
}

void check_version(const std::string& version) {
  int major = 0;
  const auto* end = version.data() + version.size();
  if (std::from_chars(version.data(), end, major).ec == std::errc() && major >= oldest) return;
  throw Error(Fault::invalid,
              version.empty() ? "what answers there is not podman"
                              : fmt::format("podman {} is too old", printable(version)),
              "Greenwave needs podman 4.0 or newer: Debian 12 has 4.3");
}

/// After a power cut, podman 4.3 lists what had ended and was not cleaned up yet as never started.
std::string state_in(const Json& item) {
  const auto has_exited = item.find("Exited");
  auto state = text_in(item, "State");
  if (state == "created" && has_exited != item.end() && *has_exited == true) return "exited";
  return state;
}

http::Endpoint endpoint_at(const std::filesystem::path& socket) {
  http::Endpoint endpoint;
  endpoint.address = "http://podman";
  endpoint.unix_socket = socket;
  return endpoint;
}

}  // namespace

std::string_view Container::short_name() const {
  const std::string_view all = name;
  return all.size() > pod.size() ? all.substr(pod.size() + 1) : all;
}

std::vector<Container> read_containers(std::string_view text) {
  const auto json = Json::parse(text, nullptr, false);
  if (!json.is_array()) throw Error(Fault::transient, "podman's list of containers cannot be read");
  std::vector<Container> containers;
  for (const auto& item : json) {
    if (!item.is_object() || !is_in_our_pod(item)) continue;
    auto& container = containers.emplace_back();
    container.id = text_in(item, "Id");
    container.pod = text_in(item, "PodName");
    container.object = plain_label(label_in(item, labels::object));
    container.digest = label_in(item, labels::digest);
    container.probes = label_in(item, labels::probes);
    container.restart = label_in(item, labels::restart);
    container.stop_hooks = label_in(item, labels::stop_hooks);
    const auto grace = number_in(label_in(item, labels::grace));
    container.grace = grace ? std::chrono::seconds(*grace) : workload::usual_grace;
    const auto init = number_in(label_in(item, labels::init));
    const auto sidecar = number_in(label_in(item, labels::sidecar));
    container.role = init      ? Container::Role::init
                     : sidecar ? Container::Role::sidecar
                               : Container::Role::main;
    container.turn = static_cast<unsigned>(init.value_or(sidecar.value_or(0)));
    container.tries = static_cast<unsigned>(number_in(label_in(item, labels::tries)).value_or(0));
    container.begun = number_in(label_in(item, labels::begun)).value_or(0);
    const auto labels = item.find("Labels");
    for (const auto& [key, value] : labels->items()) {
      if (value.is_string()) container.labels[key] = value;
    }
    container.state = state_in(item);
    container.health = text_in(item, "Status");
    container.image = text_in(item, "Image");
    container.image_id = text_in(item, "ImageID");
    const auto names = item.find("Names");
    if (names != item.end() && names->is_array() && !names->empty() && names->front().is_string()) {
      container.name = names->front();
    }
    const auto code = item.find("ExitCode");
    if (code != item.end() && code->is_number_integer()) container.exit_code = code->get<int>();
    const auto seconds = [&](const char* key) {
      const auto found = item.find(key);
      return found != item.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
    };
    container.started = seconds("StartedAt");
    container.ended = seconds("ExitedAt");
  }
  return containers;
}

Service::Service(const std::filesystem::path& socket, const std::atomic<bool>& stop,
                 std::function<void()> while_waiting)
    : socket_(socket), stop_(stop), client_(endpoint_at(socket), stop, std::move(while_waiting)) {}

http::Response Service::send(const http::Request& request) {
  http::Response response;
  try {
    response = client_.send(request);
  } catch (const Error& error) {
    if (error.fault() != Fault::transient) throw;
    throw Error(Fault::transient, fmt::format("podman does not answer: {}", error.message()),
                "systemctl enable --now podman.socket starts its service");
  }
  check_version(response.api_version);
  return response;
}

http::Response Service::ask(const http::Request& request, std::string_view doing, long accepted) {
  const bool request_is_removal = request.method == "DELETE";
  auto response = send(request);
  const bool gone = request_is_removal && response.status == 404;
  if (response.success() || gone || response.status == accepted || response.status == 304) return response;
  throw refusal_of(response, fmt::format("podman cannot {}: {}", doing, reason_in(response)));
}

bool Service::answers() {
  try {
    return send(request("GET", "_ping")).success();
  } catch (const Error&) {
    return false;
  }
}

std::vector<Container> Service::containers() {
  const auto response =
      ask(request("GET", "containers/json?all=true&" + filter("label", std::string(labels::digest))),
          "list containers");
  return read_containers(response.body);
}

std::vector<std::string> Service::play(const std::string& kube_pod, std::string_view log_tag) {
  std::string path = "play/kube?start=false";
  if (!log_tag.empty())
    path += "&logDriver=journald&logOptions=" + http::encoded(fmt::format("tag={}", log_tag));
  const auto response = ask(with_body(std::move(path), "application/yaml", kube_pod), "create the pod");
  std::vector<std::string> ids;
  const auto json = Json::parse(response.body, nullptr, false);
  const Json::json_pointer place("/Pods/0/Containers");
  if (!json.is_object() || !json.contains(place)) return ids;
  for (const auto& id : json.at(place)) {
    if (id.is_string()) ids.push_back(id);
  }
  return ids;
}

std::string Service::create_container(const std::string& body, std::string_view log_tag) {
  auto json = Json::parse(body);
  if (!log_tag.empty())
    json["log_configuration"] = {{"driver", "journald"}, {"options", {{"tag", std::string(log_tag)}}}};
  const auto response =
      ask(with_body("containers/create", "application/json", json.dump()), "create the container");
  const auto made = Json::parse(response.body, nullptr, false);
  auto id = made.is_object() ? text_in(made, "Id") : "";
  if (id.empty()) throw Error(Fault::transient, "podman returned no id for a container");
  return id;
}

void Service::start_pod(const std::string& name) {
  const auto path = fmt::format("pods/{}/start", http::encoded(name));
  // If a container does not start, the status is 409, and the body says which and why.
  const auto response = ask(with_body(path, "application/json", ""), "start the pod", 409);
  const auto json = Json::parse(response.body, nullptr, false);
  if (json.is_object() && json.contains("Errs") && json["Errs"].is_array()) {
    for (const auto& error : json["Errs"]) {
      if (!error.is_string()) continue;
      const auto reason = printable(error.get<std::string>().substr(0, most_shown));
      throw refusal_of(response, fmt::format("podman cannot start the pod: {}", reason));
    }
  }
  if (response.status == 409) {
    throw refusal_of(response, fmt::format("podman cannot start the pod: {}", reason_in(response)));
  }
}

void Service::unpause_pod(const std::string& name) {
  ask(with_body(fmt::format("pods/{}/unpause", http::encoded(name)), "application/json", ""),
      "unpause the pod");
}

void Service::stop_pod(const std::string& name, std::chrono::seconds grace) {
  auto made =
      with_body(fmt::format("pods/{}/stop?t={}", http::encoded(name), grace.count()), "application/json", "");
  made.timeout = made.silence = grace + stop_patience;
  constexpr long nothing_to_do = 304;
  // Podman 4.3 considers a pod stopped when one of its containers has ended.
  if (ask(made, "stop the pod", 404).status == nothing_to_do) stop_containers(running_in(name), grace);
}

std::vector<std::string> Service::running_in(const std::string& pod) {
  std::vector<std::string> ids;
  const auto response =
      ask(request("GET", fmt::format("pods/{}/json", http::encoded(pod))), "inspect the pod", 404);
  const auto json = Json::parse(response.body, nullptr, false);
  if (!json.is_object() || !json.contains("Containers") || !json["Containers"].is_array()) return ids;
  for (const auto& container : json["Containers"]) {
    if (container.is_object() && text_in(container, "State") == "running")
      ids.push_back(text_in(container, "Id"));
  }
  return ids;
}

void Service::remove_pod(const std::string& name) {
  auto made = request("DELETE", fmt::format("pods/{}?force=true", http::encoded(name)));
  made.timeout = made.silence = stop_patience;
  ask(made, "remove the pod");
}

}  // namespace greenwave::drivers::podman
