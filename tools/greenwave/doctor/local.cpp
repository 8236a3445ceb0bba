#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/text.h"
#include "base/version.h"
#include "doctor/checks.h"
#include "state/state.h"

namespace greenwave::cli {

namespace {

constexpr std::uint64_t mebibyte = 1 << 20;
constexpr std::uint64_t little_space = 100 * mebibyte;
constexpr std::uint64_t no_space = 10 * mebibyte;
constexpr Time earliest = Time(std::chrono::sys_days(std::chrono::year(2025) / 1 / 1));

void check_credential_file(const char* key, const std::filesystem::path& path, bool secret,
                           Findings& findings) {
  if (path.empty()) return;
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) {
    const bool hidden = errno == EACCES && ::geteuid() != 0;
    findings.push_back({hidden ? CheckResult::warning : CheckResult::failed, "credentials",
                        fmt::format("{}: {}: {}", key, path.native(), std::strerror(errno)),
                        hidden ? "this user cannot look at it; run it as root: sudo greenwave doctor"
                               : "create the file, or fix repository.credentials in agent.yaml"});
  } else if (secret && (about.st_mode & (S_IRWXO | S_IWGRP)) != 0) {
    findings.push_back({CheckResult::warning, "credentials",
                        fmt::format("{}: {} has mode {:04o}: users other than its owner can use it", key,
                                    path.native(), about.st_mode & 07777),
                        fmt::format("chmod 600 {}", path.native())});
  } else if (about.st_size == 0) {
    findings.push_back({CheckResult::failed, "credentials",
                        fmt::format("{}: {} is empty", key, path.native()), "write the credential into it"});
  } else {
    findings.push_back({CheckResult::ok, "credentials", fmt::format("{}: {}", key, path.native()), ""});
  }
}

void check_file_system(const char* role, const std::filesystem::path& path, Findings& findings) {
  struct statvfs about {};
  if (::statvfs(path.c_str(), &about) != 0) {
    findings.push_back({errno == ENOENT ? CheckResult::warning : CheckResult::failed, "disk",
                        fmt::format("{} {}: {}", role, path.native(), std::strerror(errno)),
                        "greenwaved creates it when it first starts"});
    return;
  }
  const std::uint64_t free = std::uint64_t{about.f_bavail} * about.f_frsize;
  const auto text = fmt::format("{} {}: {} free", role, path.native(), bytes_in_words(free));
  if ((about.f_flag & ST_RDONLY) != 0) {
    findings.push_back({CheckResult::failed, "disk",
                        fmt::format("{} {} is mounted read-only", role, path.native()),
                        "check dmesg for storage errors, then remount it read-write"});
  } else if (free < no_space) {
    findings.push_back({CheckResult::failed, "disk", text, "free some space: journalctl --vacuum-size=50M"});
  } else if (about.f_files > 0 && about.f_favail < 100) {
    findings.push_back({CheckResult::failed, "disk",
                        fmt::format("{} {}: no inodes left", role, path.native()),
                        "remove small files: each uses an inode"});
  } else if (free < little_space) {
    findings.push_back(
        {CheckResult::warning, "disk", text, "free some space soon: journalctl --vacuum-size=50M"});
  } else {
    findings.push_back({CheckResult::ok, "disk", text, ""});
  }
}

}  // namespace

void check_daemon(const Context& context, Findings& findings) {
  try {
    const auto version = context.client().get("/v1/version").value("version", "");
    if (version == program_version) {
      findings.push_back({CheckResult::ok, "daemon", fmt::format("greenwaved {} answers", version), ""});
    } else {
      findings.push_back(
          {CheckResult::warning, "daemon",
           fmt::format("greenwaved {} is running, but {} is installed", printable(version), program_version),
           "sudo systemctl restart greenwaved"});
    }
  } catch (const Error& error) {
    findings.push_back({CheckResult::failed, "daemon", error.message(), error.remedy()});
  }
}

void check_configuration(const Context& context, Findings& findings) {
  const auto& file = context.globals.config;
  try {
    const auto config = config::load_config(file, context.globals.root,
                                            config::Check::words);  // check_credentials checks the files
    for (const auto& warning : config.warnings) {
      findings.push_back({CheckResult::warning, "configuration", warning, ""});
    }
    findings.push_back({CheckResult::ok, "configuration",
                        fmt::format("{} is valid: device {}", file.native(), printable(config.device)), ""});
  } catch (const Error& error) {
    findings.push_back(
        {CheckResult::failed, "configuration", error.message(),
         error.remedy().empty() ? "fix it, then: sudo systemctl reload greenwaved" : error.remedy()});
  }
}

void check_credentials(const config::Credentials& credentials, Findings& findings) {
  check_credential_file("tokenFile", credentials.token_file, true, findings);
  check_credential_file("passwordFile", credentials.password_file, true, findings);
  check_credential_file("sshKeyFile", credentials.ssh_key_file, true, findings);
  check_credential_file("clientKey", credentials.client_key, true, findings);
  check_credential_file("knownHostsFile", credentials.known_hosts_file, false, findings);
  check_credential_file("clientCertificate", credentials.client_certificate, false, findings);
  check_credential_file("caFile", credentials.ca_file, false, findings);
}

void check_disk(const config::Config& config, Findings& findings) {
  check_file_system("state directory", config.state_directory, findings);
  check_file_system("root", config.root, findings);
}

void check_state(const std::filesystem::path& database, Findings& findings) {
  try {
    const auto state = state::State::open_read_only(database);
    if (!state) {
      findings.push_back({CheckResult::warning, "state",
                          fmt::format("{} does not exist yet", database.native()),
                          "greenwaved creates it when it first starts"});
      return;
    }
    findings.push_back(
        {CheckResult::ok, "state",
         fmt::format("{}: {}", database.native(), count_of(state->inventory().size(), "object")), ""});
  } catch (const Error& error) {
    findings.push_back({::geteuid() == 0 ? CheckResult::failed : CheckResult::warning, "state",
                        error.message(),
                        ::geteuid() == 0 ? error.remedy() : "run it as root: sudo greenwave doctor"});
  }
}

void check_clock(Time now, std::optional<Time> newest, Findings& findings) {
  const char* remedy = "set it: sudo chronyc makestep, or sudo date -s 'YYYY-MM-DD HH:MM'";
  if (now < earliest) {
    findings.push_back({CheckResult::failed, "clock",
                        fmt::format("{}: the clock is not set, so certificates look invalid", moment(now)),
                        remedy});
  } else if (newest && now + std::chrono::minutes(10) < *newest) {
    findings.push_back({CheckResult::failed, "clock",
                        fmt::format("{}, but the device has records from {}", moment(now), moment(*newest)),
                        remedy});
  } else {
    findings.push_back({CheckResult::ok, "clock", moment(now), ""});
  }
}

}  // namespace greenwave::cli
