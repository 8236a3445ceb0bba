#include "git/trust.h"

#include <cerrno>

#include <fmt/format.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "doctor/checks.h"

namespace greenwave::cli {

void check_trust(const config::Config& config, Findings& findings) {
  const auto& file = config.allowed_signers;
  if (file.empty()) {
    findings.push_back({Verdict::warning, "trust",
                        "commits are not checked: who can push can change this device",
                        "name a file of the people who may sign commits in trust.allowedSigners"});
    return;
  }
  if (::access(file.c_str(), R_OK) != 0 && errno == EACCES && ::geteuid() != 0) {
    findings.push_back({Verdict::warning, "trust",
                        fmt::format("{}: this user may not read it", file.native()),
                        "sudo greenwave doctor sees more"});
    return;
  }
  try {
    const git::Trust trust(read_file(file, 1 << 20), file.native());
    for (const auto& warning : trust.warnings().list()) {
      findings.push_back({Verdict::warning, "trust", to_string(warning), ""});
    }
    findings.push_back({Verdict::ok, "trust",
                        fmt::format("{} lets {} sign commits", file.native(), count_of(trust.keys(), "key")),
                        ""});
  } catch (const Error& error) {
    findings.push_back(
        {Verdict::failed, "trust", error.message(),
         error.remedy().empty() ? "correct it, then: sudo systemctl reload greenwaved" : error.remedy()});
  }
}

}  // namespace greenwave::cli
