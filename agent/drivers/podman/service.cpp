#include "drivers/podman/service.h"

#include <charconv>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "drivers/podman/sheet.h"

namespace greenwave::drivers::podman {

namespace {

using Json = nlohmann::json;

/// The oldest API that has what is asked for here: podman 4.0, of 2022.
constexpr int oldest = 4;
constexpr std::string_view base = "/v4.0.0/libpod/";
constexpr std::size_t most_shown = 500;
constexpr auto stop_patience = std::chrono::minutes(5);  ///< what a pod's own grace may be, and more
constexpr auto load_patience = std::chrono::minutes(30);
constexpr auto longest_run = std::chrono::hours(24 * 365);  ///< what is to end earlier is stopped by others
constexpr auto pull_patience = std::chrono::hours(2);

std::string escape(std::string_view text) {
  std::string result;
  for (const unsigned char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    result += plain ? std::string(1, static_cast<char>(c)) : fmt::format("%{:02X}", c);
  }
  return result;
}

std::string filter(std::string_view key, const std::string& value) {
  return "filters=" + escape(Json{{std::string(key), {value}}}.dump());
}

std::string text_in(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

std::string label_in(const Json& json, std::string_view key) {
  const auto labels = json.find("Labels");
  return labels != json.end() && labels->is_object() ? text_in(*labels, std::string(key).c_str()) : "";
}

/// What podman says went wrong, for people.
std::string reason_in(const http::Response& response) {
  const auto json = Json::parse(response.body, nullptr, false);
  auto reason = json.is_object() ? text_in(json, "message") : "";
  if (reason.empty()) reason = fmt::format("HTTP status {}", response.status);
  return printable(trim(reason).substr(0, most_shown));
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

std::vector<std::string> names_in(const std::string& volumes) {
  std::vector<std::string> names;
  const auto json = Json::parse(volumes, nullptr, false);
  if (!json.is_array()) return names;
  for (const auto& volume : json) {
    if (volume.is_object()) names.push_back(text_in(volume, "Name"));
  }
  return names;
}

/// Whether a registry wants to know who asks, or knows and refuses. Registries' own words (the distribution
/// specification's codes UNAUTHORIZED and DENIED), as podman passes them on.
bool is_refusal(std::string_view error) {
  return error.find("unauthorized") != error.npos || error.find("denied: ") != error.npos ||
         error.find("access to the resource is denied") != error.npos;
}

http::Endpoint endpoint_at(const std::filesystem::path& socket) {
  http::Endpoint endpoint;
  endpoint.address = "http://podman";
  endpoint.unix_socket = socket;
  return endpoint;
}

http::Request request(std::string method, std::string path) {
  http::Request request;
  request.method = std::move(method);
  request.path = std::string(base) + std::move(path);
  return request;
}

http::Request with_body(std::string path, std::string type, std::string body) {
  auto made = request("POST", std::move(path));
  made.headers.push_back("Content-Type: " + std::move(type));
  made.body = std::move(body);
  made.timeout = std::chrono::minutes(5);
  made.silence = made.timeout;
  return made;
}

}  // namespace

std::vector<Container> read_containers(std::string_view text) {
  const auto json = Json::parse(text, nullptr, false);
  if (!json.is_array()) throw Error(Fault::transient, "podman's list of containers cannot be read");
  std::vector<Container> containers;
  for (const auto& item : json) {
    if (!item.is_object()) continue;
    auto& container = containers.emplace_back();
    container.id = text_in(item, "Id");
    container.pod = text_in(item, "PodName");
    container.object = label_in(item, labels::object);
    container.digest = label_in(item, labels::digest);
    container.probes = label_in(item, labels::probes);
    container.restart = label_in(item, labels::restart);
    container.state = text_in(item, "State");
    container.health = text_in(item, "Status");
    container.image = text_in(item, "Image");
    container.image_id = text_in(item, "ImageID");
    const auto names = item.find("Names");
    if (names != item.end() && names->is_array() && !names->empty() && names->front().is_string()) {
      container.name = names->front();
    }
    const auto code = item.find("ExitCode");
    if (code != item.end() && code->is_number_integer()) container.exit_code = code->get<int>();
    const auto started = item.find("StartedAt");
    if (started != item.end() && started->is_number_integer())
      container.started = started->get<std::int64_t>();
  }
  return containers;
}

Service::Service(const std::filesystem::path& socket, const std::atomic<bool>& stop,
                 std::function<void()> while_waiting)
    : client_(endpoint_at(socket), stop, std::move(while_waiting)) {}

http::Response Service::send(http::Request request) {
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

http::Response Service::ask(http::Request request, std::string_view doing, long accepted) {
  const bool request_is_removal = request.method == "DELETE";
  auto response = send(std::move(request));
  const bool gone = request_is_removal && response.status == 404;
  if (response.success() || gone || response.status == accepted || response.status == 304) return response;
  throw Error(Fault::transient, fmt::format("podman cannot {}: {}", doing, reason_in(response)));
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

std::vector<std::string> Service::play(const std::string& sheet, std::string_view log_tag) {
  std::string path = "play/kube?start=false";
  if (!log_tag.empty()) path += "&logDriver=journald&logOptions=" + escape(fmt::format("tag={}", log_tag));
  const auto response = ask(with_body(std::move(path), "application/yaml", sheet), "make the pod");
  std::vector<std::string> ids;
  const auto json = Json::parse(response.body, nullptr, false);
  const Json::json_pointer place("/Pods/0/Containers");
  if (!json.is_object() || !json.contains(place)) return ids;
  for (const auto& id : json.at(place)) {
    if (id.is_string()) ids.push_back(id);
  }
  return ids;
}

void Service::start_pod(const std::string& name) {
  const auto path = fmt::format("pods/{}/start", escape(name));
  // Where a container does not start, the status is 409, and the body says which and why.
  const auto response = ask(with_body(path, "application/json", ""), "start the pod", 409);
  const auto json = Json::parse(response.body, nullptr, false);
  if (json.is_object() && json.contains("Errs") && json["Errs"].is_array()) {
    for (const auto& error : json["Errs"]) {
      if (!error.is_string()) continue;
      const auto reason = printable(error.get<std::string>().substr(0, most_shown));
      throw Error(Fault::transient, fmt::format("podman cannot start the pod: {}", reason));
    }
  }
  if (response.status == 409) {
    throw Error(Fault::transient, fmt::format("podman cannot start the pod: {}", reason_in(response)));
  }
}

void Service::stop_pod(const std::string& name) {
  auto made = with_body(fmt::format("pods/{}/stop", escape(name)), "application/json", "");
  made.timeout = made.silence = stop_patience;
  constexpr long nothing_to_do = 304;
  // Podman 4.3 takes a pod of which one container has ended for one that is stopped.
  if (ask(std::move(made), "stop the pod", 404).status == nothing_to_do) stop_containers(name);
}

void Service::stop_containers(const std::string& pod) {
  const auto response = ask(request("GET", fmt::format("pods/{}/json", escape(pod))), "look at the pod", 404);
  const auto json = Json::parse(response.body, nullptr, false);
  if (!json.is_object() || !json.contains("Containers") || !json["Containers"].is_array()) return;
  for (const auto& container : json["Containers"]) {
    if (!container.is_object() || text_in(container, "State") != "running") continue;
    stop_container(text_in(container, "Id"));
  }
}

void Service::remove_pod(const std::string& name) {
  auto made = request("DELETE", fmt::format("pods/{}?force=true", escape(name)));
  made.timeout = made.silence = stop_patience;
  ask(std::move(made), "remove the pod");
}

int Service::wait(const std::string& container) {
  auto made = request("POST", fmt::format("containers/{}/wait?condition=stopped", escape(container)));
  made.timeout = {};
  made.silence = longest_run;
  const auto response = ask(std::move(made), "wait for the container");
  const auto text = trim(response.body);
  int status = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), status).ec != std::errc())
    throw Error(Fault::transient, "podman does not say how the container ended");
  return status;
}

bool Service::has_volume(const std::string& name) {
  return ask(request("GET", fmt::format("volumes/{}/exists", escape(name))), "look for a volume", 404)
      .success();
}

void Service::create_volume(const std::string& name, const std::map<std::string, std::string>& own_labels) {
  const Json body{{"Name", name}, {"Labels", own_labels}};
  ask(with_body("volumes/create", "application/json", body.dump()), "make a volume");
}

bool Service::remove_volume(const std::string& name) {
  return ask(request("DELETE", "volumes/" + escape(name)), "remove a volume", 409).status != 409;
}

std::vector<std::string> Service::volumes() {
  return names_in(ask(request("GET", "volumes/json"), "list volumes").body);
}

std::vector<std::string> Service::volumes(std::string_view label, std::string_view value) {
  const auto path = "volumes/json?" + filter("label", fmt::format("{}={}", label, value));
  return names_in(ask(request("GET", path), "list volumes").body);
}

std::string Service::image(const std::string& reference) {
  const auto response =
      ask(request("GET", fmt::format("images/{}/json", escape(reference))), "look for an image", 404);
  if (!response.success()) return {};
  const auto json = Json::parse(response.body, nullptr, false);
  return json.is_object() ? text_in(json, "Id") : "";
}

std::string Service::pull(const std::string& reference, const std::string& credentials) {
  auto made = with_body(fmt::format("images/pull?policy=always&reference={}", escape(reference)),
                        "application/json", "");
  made.timeout = made.silence = pull_patience;
  if (!credentials.empty()) made.headers.push_back("X-Registry-Auth: " + credentials);
  const auto response = ask(std::move(made), "pull the image");
  std::string id;
  for (const auto line : split(response.body, '\n')) {
    const auto json = Json::parse(line, nullptr, false);
    if (!json.is_object()) continue;
    if (const auto error = text_in(json, "error"); !error.empty()) {
      throw Error(Fault::transient,
                  fmt::format("podman cannot pull {}: {}", printable(reference),
                              printable(error.substr(0, most_shown))),
                  is_refusal(error)
                      ? "podman.credentials in agent.yaml names a file with who the registry takes "
                        "this device for; the old pod stays"
                      : "the old pod stays; the pull is tried again");
    }
    if (auto found = text_in(json, "id"); !found.empty()) id = std::move(found);
  }
  if (id.empty())
    throw Error(Fault::transient, fmt::format("podman gave no image for {}", printable(reference)));
  return id;
}

void Service::load(const std::filesystem::path& archive) {
  const Fd file(::open(archive.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat about {};
  if (!file || ::fstat(file.get(), &about) != 0) throw system_error("cannot read", archive.native());
  auto made = with_body("images/load", "application/x-tar", "");
  made.timeout = made.silence = load_patience;
  made.source_bytes = static_cast<std::uint64_t>(about.st_size);
  made.source = [&file](std::span<char> buffer) {
    const auto size = ::read(file.get(), buffer.data(), buffer.size());
    return size > 0 ? static_cast<std::size_t>(size) : 0;
  };
  ask(std::move(made), fmt::format("load {}", archive.native()));
}

bool Service::remove_image(const std::string& id) {
  const auto response = send(request("DELETE", fmt::format("images/{}", escape(id))));
  return response.success() || response.status == 404;
}

std::string Service::log(const std::string& container, unsigned lines) {
  const auto response = send(request(
      "GET", fmt::format("containers/{}/logs?stdout=true&stderr=true&tail={}", escape(container), lines)));
  return response.success() ? response.body : "";
}

std::string Service::address(const std::string& container) {
  const auto json = Json::parse(inspect(container), nullptr, false);
  const Json::json_pointer place("/NetworkSettings/Networks");
  if (!json.is_object() || !json.contains(place) || !json.at(place).is_object()) return {};
  for (const auto& [name, network] : json.at(place).items()) {
    if (!network.is_object()) continue;
    if (auto address = text_in(network, "IPAddress"); !address.empty()) return address;
    if (auto address = text_in(network, "GlobalIPv6Address"); !address.empty()) return address;
  }
  return {};
}

void Service::stop_container(const std::string& id) {
  auto made = with_body(fmt::format("containers/{}/stop", escape(id)), "application/json", "");
  made.timeout = made.silence = stop_patience;
  ask(std::move(made), "stop the container", 404);
}

void Service::restart_container(const std::string& id) {
  auto made = with_body(fmt::format("containers/{}/restart", escape(id)), "application/json", "");
  made.timeout = made.silence = stop_patience;
  ask(std::move(made), "restart the container");
}

std::string Service::create_exec(const std::string& container, const std::vector<std::string>& argv) {
  const Json body{{"Cmd", argv}, {"AttachStdout", true}, {"AttachStderr", true}};
  const auto response =
      ask(with_body(fmt::format("containers/{}/exec", escape(container)), "application/json", body.dump()),
          "run a command in the container");
  const auto json = Json::parse(response.body, nullptr, false);
  auto id = json.is_object() ? text_in(json, "Id") : "";
  if (id.empty()) throw Error(Fault::transient, "podman gave no id for a command");
  return id;
}

std::optional<int> Service::run_exec(const std::string& id, Duration timeout) {
  auto made = with_body(fmt::format("exec/{}/start", escape(id)), "application/json", R"({"Detach":false})");
  made.timeout = made.silence = timeout;
  made.sink = [](std::string_view) { return true; };  // what it says is its own business
  try {
    client_.send(made);
  } catch (const Error& error) {
    if (error.fault() != Fault::transient) throw;
  }
  return exec_status(id);
}

std::optional<int> Service::exec_status(const std::string& id) {
  const auto response =
      ask(request("GET", fmt::format("exec/{}/json", escape(id))), "look at a command", 404);
  const auto json = Json::parse(response.body, nullptr, false);
  if (!response.success() || !json.is_object()) return -1;  // gone, with its container
  if (json.value("Running", false)) return {};
  const auto code = json.find("ExitCode");
  return code != json.end() && code->is_number_integer() ? code->get<int>() : -1;
}

std::string Service::inspect(const std::string& container) {
  return ask(request("GET", fmt::format("containers/{}/json", escape(container))), "inspect a container", 404)
      .body;
}

}  // namespace greenwave::drivers::podman
