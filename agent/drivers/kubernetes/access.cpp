#include "drivers/kubernetes/access.h"

#include <cstdlib>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "drivers/kubernetes/kubeconfig.h"

namespace greenwave::drivers::kubernetes {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t largest_file = 1 << 20;
constexpr const char* k3s_file = "/etc/rancher/k3s/k3s.yaml";
constexpr const char* account = "/var/run/secrets/kubernetes.io/serviceaccount";

/// A missing file may appear later: k3s writes its own at its first start.
std::string read(const fs::path& path) {
  try {
    return read_file(path, largest_file);
  } catch (const Error& error) {
    throw Error(Fault::transient, error.message(),
                "kubernetes.kubeconfig in agent.yaml names the file that says how to reach the server");
  }
}

std::string read_token(const fs::path& path) {
  std::string token(trim(read(path)));
  if (token.empty() || token.find_first_of(" \t\r\n") != std::string::npos || !is_text(token)) {
    throw Error(Fault::transient, fmt::format("{} contains no token", path.native()),
                "it must contain only the token");
  }
  return token;
}

std::string data_or_file(const std::string& data, const fs::path& file) {
  return !data.empty() || file.empty() ? data : read(file);
}

Access from_file(const fs::path& file, const std::string& context) {
  const auto found = parse_kubeconfig(read(file), file, context);
  Access access;
  access.endpoint.address = found.server;
  access.endpoint.authorities = data_or_file(found.authorities, found.authorities_file);
  access.endpoint.certificate = data_or_file(found.certificate, found.certificate_file);
  access.endpoint.key = data_or_file(found.key, found.key_file);
  access.token_file = found.token_file;
  access.token = found.token_file.empty() ? found.token : read_token(found.token_file);
  access.namespace_ = found.namespace_;
  if (access.token.empty() && access.endpoint.certificate.empty()) {
    throw Error(Fault::invalid, fmt::format("{} has no credentials for the agent", file.native()),
                "its user needs a token, a tokenFile or a client certificate");
  }
  return access;
}

Access from_pod(const std::string& host) {
  const char* port = std::getenv("KUBERNETES_SERVICE_PORT");
  const fs::path directory = account;
  Access access;
  access.endpoint.address =
      fmt::format("https://{}:{}", host.find(':') == std::string::npos ? host : "[" + host + "]",
                  port != nullptr ? port : "443");
  access.endpoint.authorities = read(directory / "ca.crt");
  access.token_file = directory / "token";
  access.token = read_token(access.token_file);
  access.namespace_ = trim(read(directory / "namespace"));
  return access;
}

}  // namespace

bool same(const Access& a, const Access& b) {
  const auto& left = a.endpoint;
  const auto& right = b.endpoint;
  return left.address == right.address && left.authorities == right.authorities &&
         left.certificate == right.certificate && left.key == right.key && a.token == b.token &&
         a.token_file == b.token_file;
}

Access open_access(const config::Kubernetes& config) {
  if (!config.kubeconfig.empty()) return from_file(config.kubeconfig, config.context);
  const char* host = std::getenv("KUBERNETES_SERVICE_HOST");
  std::error_code ignored;
  if (host != nullptr && fs::exists(fs::path(account) / "token", ignored)) return from_pod(host);
  return from_file(k3s_file, config.context);
}

std::string current_token(const Access& access) {
  return access.token_file.empty() ? access.token : read_token(access.token_file);
}

}  // namespace greenwave::drivers::kubernetes
