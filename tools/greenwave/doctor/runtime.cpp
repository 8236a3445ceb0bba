#include <atomic>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "doctor/checks.h"
#include "drivers/kubernetes/api.h"
#include "drivers/podman/service.h"

namespace greenwave::cli {

namespace {

const std::atomic<bool> never_stops = false;

void check_podman(const config::Podman& settings, Findings& findings) {
  drivers::podman::Service service(settings.socket, never_stops);
  const auto containers = service.containers();
  findings.push_back({CheckResult::ok, "podman",
                      fmt::format("answers on {}, runs {} from this device's manifests",
                                  settings.socket.native(), count_of(containers.size(), "container")),
                      ""});
}

void check_kubernetes(const config::Kubernetes& settings, Findings& findings) {
  drivers::kubernetes::Api api(settings, never_stops, [] {});
  api.refresh();
  const auto answer = api.send({.path = "/version"}, Duration::zero());
  if (answer.failure) throw *answer.failure;
  // Anybody may read the version. Listing the API needs valid credentials.
  const auto served = api.send({.path = "/api"}, Duration::zero());
  if (served.failure) throw *served.failure;
  const auto json = nlohmann::json::parse(answer.response.body, nullptr, false);
  const auto version = json.is_object() ? json.value("gitVersion", "") : "";
  const auto who =
      fmt::format("{}, {}", api.name(), version.empty() ? "unknown version" : printable(version));
  if (served.response.success()) {
    findings.push_back({CheckResult::ok, "kubernetes", fmt::format("{} accepts the credentials", who), ""});
  } else {
    findings.push_back({CheckResult::failed, "kubernetes",
                        fmt::format("{} answers the credentials with HTTP {}", who, served.response.status),
                        "the token or the certificate may have expired: write a new one to its file"});
  }
}

}  // namespace

void check_runtime(const config::Config& config, Findings& findings) {
  const bool is_podman = config.runtime == config::Runtime::podman;
  try {
    if (is_podman) check_podman(config.podman, findings);
    if (config.runtime == config::Runtime::kubernetes) check_kubernetes(config.kubernetes, findings);
  } catch (const Error& error) {
    findings.push_back(
        {CheckResult::failed, is_podman ? "podman" : "kubernetes", error.message(), error.remedy()});
  }
}

}  // namespace greenwave::cli
