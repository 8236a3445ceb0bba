#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "config/config.h"
#include "context.h"

namespace greenwave::cli {

enum class Verdict { ok, warning, failed };

/// What one look found, in plain words, and what to do about it.
struct Finding {
  Verdict verdict = Verdict::ok;
  std::string check;  ///< "dns", "disk", …
  std::string text;
  std::string remedy;  ///< empty when all is well
};

using Findings = std::vector<Finding>;

// Each looks at one thing, changes nothing, and adds what it found. None throws.

void check_daemon(const Context& context, Findings& findings);
void check_configuration(const Context& context, Findings& findings);
void check_trust(const config::Config& config, Findings& findings);
/// Podman, or the Kubernetes API server, where one is the device's runtime.
void check_runtime(const config::Config& config, Findings& findings);
void check_identity(const config::Config& config, Findings& findings);
void check_credentials(const config::Credentials& credentials, Findings& findings);
void check_systemd(const config::Config& config, Findings& findings);
void check_disk(const config::Config& config, Findings& findings);
void check_state(const std::filesystem::path& database, Findings& findings);
/// `newest` is the latest moment that the device's records prove to have passed.
void check_clock(Time now, std::optional<Time> newest, Findings& findings);
/// DNS, a connection, then what the scheme needs (TLS, ssh's host key), then the repository itself.
void check_repository(const config::Repository& repository, Time now, Findings& findings);

/// A connected socket to one of the host's addresses; no descriptor when it failed (`findings` says why).
Fd check_connection(const std::string& host, std::uint16_t port, Findings& findings);
/// A handshake over `socket` that sends nothing else, and a judgement of the server's certificate.
void check_tls(const Fd& socket, const std::string& host, const std::filesystem::path& ca_file, Time now,
               Findings& findings);
std::string findings_text(const Findings& findings, const Style& style);
nlohmann::json to_json(const Findings& findings);
bool has_failed(const Findings& findings);

}  // namespace greenwave::cli
