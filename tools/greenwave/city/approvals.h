#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/command_line.h"
#include "config/path_rules.h"
#include "git/approvals.h"
#include "git/repository.h"
#include "git/trust.h"

namespace greenwave::cli {

/// The options that lint, impact and promote share.
struct TrustOptions {
  std::filesystem::path agent;    ///< an agent.yaml; empty: approvals are not looked at
  std::filesystem::path signers;  ///< empty: as agent.yaml says
};
void add_trust_options(CommandLine& line, TrustOptions& options);

/// What the devices' agent.yaml asks of changes.
class Approvers {
 public:
  /// Nothing where the options name no agent.yaml. Throws Error (invalid) when it has no rules, or cannot be
  /// read.
  static std::optional<Approvers> from(const TrustOptions& options);

  /// The approvals of what a device changes that goes from `accepted` (empty: a new one) to `tip`. `path` is
  /// the cluster's directory in the repository. Throws Error (invalid) when the repository is not all there.
  std::vector<git::PathApproval> judge(const git::Repository& repository, const std::string& path,
                                       const CommitId& accepted, const CommitId& tip) const;

 private:
  Approvers(std::vector<config::PathRule> rules, git::Trust trust);

  std::vector<config::PathRule> rules_;
  git::Trust trust_;
};

/// The paths of its rules; none where no file is named. Throws Error (invalid).
std::vector<std::string> guarded_paths(const std::filesystem::path& agent);

/// How to approve.
inline constexpr const char* how_to_approve =
    "who approves signs a commit on top of it: git commit --allow-empty -S -m Approve, and pushes";

/// [{"path", "threshold", "vouched", "could", "missing"}]
nlohmann::json to_json(const std::vector<git::PathApproval>& approvals);

}  // namespace greenwave::cli
