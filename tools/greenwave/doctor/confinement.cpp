#include "doctor/checks.h"
#include "sandbox/confine.h"

namespace greenwave::cli {

void check_confinement(Findings& findings) {
  const auto [users, landlock] = sandbox::lacking_here();
  for (const auto& user : users) {
    findings.push_back({CheckResult::warning, "confinement", user,
                        "run systemd-sysusers, which makes it from the package's file"});
  }
  if (!landlock.empty()) {
    findings.push_back({CheckResult::warning, "confinement", landlock,
                        "it needs a kernel with CONFIG_SECURITY_LANDLOCK, and landlock in its lsm= list"});
  }
  if (!users.empty() || !landlock.empty()) return;
  findings.push_back({CheckResult::ok, "confinement",
                      "what speaks with the server and what reads commits can do nothing else", ""});
}

}  // namespace greenwave::cli
