#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "base/file.h"
#include "base/scratch_directory.h"
#include "base/text.h"
#include "config/url.h"
#include "doctor/checks.h"
#include "git/confined/confined_upstream.h"
#include "git/known_hosts.h"

namespace greenwave::cli {

namespace {

constexpr Duration poll_timeout = std::chrono::seconds(20);

void check_host_key(const config::Url& url, const std::filesystem::path& known_hosts, Findings& findings) {
  const auto keyscan = fmt::format(
      "ssh-keyscan -p {} {} (compare the key with the server's before you trust it)", url.port, url.host);
  if (known_hosts.empty()) {
    findings.push_back(
        {CheckResult::warning, "ssh", "no knownHostsFile is set",
         "set repository.credentials.knownHostsFile to a file with the server's key: " + keyscan});
    return;
  }
  try {
    const git::KnownHosts keys(read_file(known_hosts, 1 << 20), url.host, url.port);
    if (!keys.types().empty()) {
      findings.push_back(
          {CheckResult::ok, "ssh", fmt::format("{} has a key for {}", known_hosts.native(), url.host), ""});
    } else {
      findings.push_back(
          {CheckResult::failed, "ssh",
           fmt::format("{} has no key for {} port {}", known_hosts.native(), url.host, url.port),
           "add the server's key: " + keyscan});
    }
  } catch (const Error& error) {
    findings.push_back(
        {CheckResult::failed, "ssh", error.message(), "create it with the server's key: " + keyscan});
  }
}

/// Reads libcurl's variables. Findings do not show them, since a proxy's URL may contain a password.
bool behind_proxy() {
  for (const char* name : {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return true;
  }
  return false;
}

/// Checks DNS, the connection, and TLS or the host key. False when there is no point in polling.
bool check_path(const config::Repository& repository, Time now, Findings& findings) {
  const auto url = config::parse_url(repository.url);
  if (url.scheme == config::Url::Scheme::file) return true;
  const bool https = url.scheme == config::Url::Scheme::https;
  if (https && behind_proxy()) {
    findings.push_back({CheckResult::ok, "connection", "through the proxy in https_proxy", ""});
    return true;
  }
  const auto socket = check_connection(url.host, url.port, findings);
  if (!socket) return false;
  if (https) {
    check_tls(socket, url.host, repository.credentials.ca_file, now, findings);
  } else {
    check_host_key(url, repository.credentials.known_hosts_file, findings);
  }
  return findings.back().result != CheckResult::failed;
}

/// Polls as the daemon does, in a process that can do nothing else, and with a deadline.
void check_poll(const config::Repository& repository, Findings& findings) {
  std::atomic<bool> stop{false};
  std::mutex mutex;
  std::condition_variable_any ended;
  std::jthread deadline([&](const std::stop_token& done) {
    std::unique_lock lock(mutex);
    if (!ended.wait_for(lock, done, poll_timeout, [] { return false; }) && !done.stop_requested())
      stop = true;
  });
  try {
    const ScratchDirectory quarantine("doctor");
    const auto transport =
        git::confined::make_confined_transport(repository, {.quarantine = quarantine.path(), .stop = stop});
    const auto commit = transport->poll();
    findings.push_back({CheckResult::ok, "repository",
                        fmt::format("branch {} is at commit {}", repository.branch, short_id(commit)), ""});
  } catch (const Error& error) {
    findings.push_back({CheckResult::failed, "repository", error.message(), error.remedy()});
  }
}

}  // namespace

void check_repository(const config::Repository& repository, Time now, Findings& findings) {
  if (check_path(repository, now, findings)) check_poll(repository, findings);
}

}  // namespace greenwave::cli
