#include <cerrno>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "doctor/checks.h"
#include "secrets/keyring.h"

namespace greenwave::cli {

namespace {

void check_identity_file(const std::filesystem::path& file, Findings& findings) {
  if (::access(file.c_str(), R_OK) != 0 && errno == EACCES && ::geteuid() != 0) {
    findings.push_back({CheckResult::warning, "identity",
                        fmt::format("{}: this user cannot read it", file.native()),
                        "run it as root: sudo greenwave doctor"});
    return;
  }
  Problems problems;
  const auto keys = secrets::read_keyring({file}, problems);
  for (const auto& problem : problems.list()) {
    findings.push_back({CheckResult::failed, "identity",
                        fmt::format("{}: {}", file.native(), problem.message), problem.remedy});
  }
  struct stat about {};
  if (::stat(file.c_str(), &about) == 0 && (about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    findings.push_back(
        {CheckResult::failed, "identity",
         fmt::format("{} has mode {:04o}: users other than root can open this device's secrets",
                     file.native(), about.st_mode & 07777),
         fmt::format("chmod 600 {}, then replace it: sudo greenwave identity --renew", file.native())});
  }
  for (const auto& key : keys) {
    findings.push_back({CheckResult::ok, "identity",
                        fmt::format("{} opens secrets encrypted for {}", file.native(), key.recipient), ""});
  }
}

}  // namespace

void check_identity(const config::Config& config, Findings& findings) {
  if (config.identity_files.empty()) {
    findings.push_back({CheckResult::ok, "identity",
                        "no identity file; none is needed until the repository holds secrets for this device",
                        ""});
  }
  for (const auto& file : config.identity_files) check_identity_file(file, findings);
}

}  // namespace greenwave::cli
