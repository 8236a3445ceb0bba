// Volumes and images.

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "drivers/podman/service.h"
#include "drivers/podman/service_call.h"
#include "drivers/workload/pull_fault.h"
#include "http/encoded.h"

namespace greenwave::drivers::podman {

namespace {

using Json = nlohmann::json;

constexpr auto load_patience = std::chrono::minutes(30);
constexpr auto pull_patience = std::chrono::hours(2);

std::vector<std::string> names_in(const std::string& volumes) {
  std::vector<std::string> names;
  const auto json = Json::parse(volumes, nullptr, false);
  if (!json.is_array()) return names;
  for (const auto& volume : json) {
    if (volume.is_object()) names.push_back(text_in(volume, "Name"));
  }
  return names;
}

/// Whether a registry requires credentials, or rejects those it got: by the distribution specification's
/// codes UNAUTHORIZED and DENIED in the registry's response, which podman passes on.
bool is_refusal(std::string_view error) {
  return error.find("unauthorized") != error.npos || error.find("denied: ") != error.npos ||
         error.find("access to the resource is denied") != error.npos;
}

}  // namespace

bool Service::has_volume(const std::string& name) {
  return ask(request("GET", fmt::format("volumes/{}/exists", http::encoded(name))), "look for the volume",
             404)
      .success();
}

void Service::create_volume(const std::string& name, const std::map<std::string, std::string>& own_labels,
                            const std::map<std::string, std::string>& options) {
  const Json body{{"Name", name}, {"Labels", own_labels}, {"Options", options}};
  ask(with_body("volumes/create", "application/json", body.dump()), "create the volume");
}

Json Service::volume(const std::string& name) {
  const auto response =
      ask(request("GET", fmt::format("volumes/{}/json", http::encoded(name))), "look at the volume");
  return Json::parse(response.body, nullptr, false);
}

std::string Service::volume_label(const std::string& name, std::string_view key) {
  const auto json = volume(name);
  const Json::json_pointer place("/Labels");
  if (!json.is_object() || !json.contains(place) || !json.at(place).is_object()) return {};
  return text_in(json.at(place), std::string(key).c_str());
}

std::vector<Container> Service::containers_with_volume(const std::string& volume) {
  const auto path = "containers/json?all=true&" + filter("volume", volume);
  return read_containers(ask(request("GET", path), "list containers").body);
}

std::string Service::volume_path(const std::string& name) {
  const auto json = volume(name);
  auto path = json.is_object() ? text_in(json, "Mountpoint") : "";
  if (!path.starts_with('/'))
    throw Error(Fault::transient, fmt::format("podman did not say where the volume {} is", printable(name)));
  return path;
}

bool Service::remove_volume(const std::string& name) {
  return ask(request("DELETE", "volumes/" + http::encoded(name)), "remove a volume", 409).status != 409;
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
      ask(request("GET", fmt::format("images/{}/json", http::encoded(reference))), "look for the image", 404);
  if (!response.success()) return {};
  const auto json = Json::parse(response.body, nullptr, false);
  return json.is_object() ? text_in(json, "Id") : "";
}

std::string Service::image_user(const std::string& reference) {
  const auto response =
      ask(request("GET", fmt::format("images/{}/json", http::encoded(reference))), "look at the image");
  const auto json = Json::parse(response.body, nullptr, false);
  return json.is_object() ? text_in(json, "User") : "";
}

std::string Service::pull(const std::string& reference, const std::string& credentials) {
  auto made = with_body(fmt::format("images/pull?policy=always&reference={}", http::encoded(reference)),
                        "application/json", "");
  made.timeout = made.silence = pull_patience;
  if (!credentials.empty()) made.headers.push_back("X-Registry-Auth: " + credentials);
  const auto response = ask(made, "pull the image");
  std::string id;
  for (const auto line : split(response.body, '\n')) {
    const auto json = Json::parse(line, nullptr, false);
    if (!json.is_object()) continue;
    if (const auto error = text_in(json, "error"); !error.empty()) {
      const auto fault = workload::fault_of_pull(error);
      throw Error(fault,
                  fmt::format("podman cannot pull {}: {}", printable(reference),
                              printable(error.substr(0, most_shown))),
                  is_refusal(error)
                      ? "set podman.credentials in agent.yaml to a file with credentials for this "
                        "registry; the old pod stays"
                  : passes(fault) ? "the old pod stays; the pull is tried again"
                                  : "the old pod stays");
    }
    if (auto found = text_in(json, "id"); !found.empty()) id = std::move(found);
  }
  if (id.empty())
    throw Error(Fault::transient,
                fmt::format("podman returned no id for the image {}", printable(reference)));
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
  ask(made, fmt::format("load {}", archive.native()));
}

bool Service::remove_image(const std::string& id) {
  const auto response = send(request("DELETE", fmt::format("images/{}", http::encoded(id))));
  return response.success() || response.status == 404;
}

}  // namespace greenwave::drivers::podman
