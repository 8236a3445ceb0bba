#include "git/trust.h"

#include <cerrno>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "doctor/checks.h"
#include "git/approvals.h"

namespace greenwave::cli {

void check_trust(const config::Config& config, Findings& findings) {
  const auto& file = config.allowed_signers;
  if (file.empty()) {
    findings.push_back({CheckResult::warning, "trust",
                        "signatures are not checked: anyone who can push can change this device",
                        "set trust.allowedSigners to a file with the keys that may sign commits"});
    return;
  }
  if (::access(file.c_str(), R_OK) != 0 && errno == EACCES && ::geteuid() != 0) {
    findings.push_back({CheckResult::warning, "trust",
                        fmt::format("{}: this user cannot read it", file.native()),
                        "run it as root: sudo greenwave doctor"});
    return;
  }
  try {
    const git::Trust trust(read_file(file, 1 << 20), file.native());
    for (const auto& warning : trust.warnings().list()) {
      findings.push_back({CheckResult::warning, "trust", to_string(warning), ""});
    }
    const auto unmet = git::check_signers(config.path_rules, trust);
    for (const auto& warning : unmet.list()) {
      findings.push_back({CheckResult::warning, "trust", to_string(warning), ""});
    }
    findings.push_back(
        {CheckResult::ok, "trust",
         fmt::format("{} allows {} to sign commits", file.native(), count_of(trust.keys(), "key")), ""});
  } catch (const Error& error) {
    findings.push_back(
        {CheckResult::failed, "trust", error.message(),
         error.remedy().empty() ? "fix it, then: sudo systemctl reload greenwaved" : error.remedy()});
  }
}

void check_rights(const config::Config& config, Findings& findings) {
  std::vector<std::string_view> narrow;
  if (config.allowed_kinds) narrow.emplace_back("allowedKinds");
  if (config.allowed_paths != config::Config().allowed_paths) narrow.emplace_back("allowedPaths");
  if (config.program_users) narrow.emplace_back("commands.users");
  const auto* who = config.allowed_signers.empty() ? "whoever can push" : "whoever may sign commits";
  findings.push_back(
      {CheckResult::ok, "rights",
       narrow.empty()
           ? fmt::format("{} is root here: agent.yaml sets no allowedKinds, allowedPaths or commands.users "
                         "(greenwaved(8), WHAT A COMMIT CAN DO)",
                         who)
           : fmt::format("{} is bound by {} in agent.yaml", who, fmt::join(narrow, ", ")),
       ""});
}

}  // namespace greenwave::cli
