#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "config/config.h"
#include "context/context.h"

namespace greenwave::cli {

enum class CheckResult { ok, warning, failed };

/// The result of one check, and what to do about it.
struct Finding {
  CheckResult result = CheckResult::ok;
  std::string check;  ///< "dns", "disk", …
  std::string text;
  std::string remedy;  ///< empty when the check is ok
};

using Findings = std::vector<Finding>;

// Each checks one thing, changes nothing, and adds its findings. None throws.

void check_daemon(const Context& context, Findings& findings);
void check_configuration(const Context& context, Findings& findings);
void check_trust(const config::Config& config, Findings& findings);
/// What a commit may do here; no more than information.
void check_rights(const config::Config& config, Findings& findings);
/// What the kernel and the users here lack to confine the processes that read what comes from outside.
void check_confinement(Findings& findings);
/// Podman, or the Kubernetes API server, where one is the device's runtime.
void check_runtime(const config::Config& config, Findings& findings);
void check_identity(const config::Config& config, Findings& findings);
void check_credentials(const config::Credentials& credentials, Findings& findings);
void check_systemd(const config::Config& config, Findings& findings);
void check_disk(const config::Config& config, Findings& findings);
/// What the last sync came to, of the daemon or its state file.
void check_standing(const Context& context, Findings& findings);
/// The newest commit that this device has: its directory, this device in the inventory, its recipient, and
/// whether what is declared can be written.
void check_declared(const config::Config& config, const std::filesystem::path& database, Findings& findings);
void check_state(const std::filesystem::path& database, Findings& findings);
/// `newest` is the latest time in the device's records.
void check_clock(Time now, std::optional<Time> newest, Findings& findings);
/// The certificate for the hub, whether the hub answers, and its clock.
void check_hub(const config::Hub& hub, Time now, Findings& findings);
/// DNS, a connection, then what the scheme needs (TLS, ssh's host key), then the repository itself.
void check_repository(const config::Repository& repository, Time now, Findings& findings);

/// Connects to one of the host's addresses. Returns an empty Fd when that fails, which `findings` explains.
Fd check_connection(const std::string& host, std::uint16_t port, Findings& findings);
/// Does a TLS handshake over `socket`, sends nothing else, and checks the server's certificate.
void check_tls(const Fd& socket, const std::string& host, const std::filesystem::path& ca_file, Time now,
               Findings& findings);
std::string findings_text(const Findings& findings, const Style& style);
nlohmann::json to_json(const Findings& findings);
bool has_failed(const Findings& findings);

}  // namespace greenwave::cli
