#include "city/approvals.h"

#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "config/config.h"
#include "model/paths.h"

namespace greenwave::cli {

void add_trust_options(CommandLine& line, TrustOptions& options) {
  line.option("--trust", options.agent,
              "A device's agent.yaml: says which approvals its trust.paths still misses")
      .value_name("FILE");
  line.option("--signers", options.signers, "Its file of allowed signers, if not where it says")
      .value_name("FILE");
}

std::optional<Approvers> Approvers::from(const TrustOptions& options) {
  if (options.agent.empty()) {
    if (options.signers.empty()) return {};
    throw Error(Fault::invalid, "--signers needs --trust", "name the agent.yaml that has trust.paths");
  }
  auto config = config::load_config(options.agent, "/", config::Check::words);
  if (config.path_rules.empty()) {
    throw Error(Fault::invalid, fmt::format("{} has no trust.paths", printable(options.agent.native())),
                "add rules to it, or leave --trust out");
  }
  const auto& file = options.signers.empty() ? config.allowed_signers : options.signers;
  return Approvers(std::move(config.path_rules), git::Trust(read_file(file, 1 << 20), file.native()));
}

std::vector<std::string> guarded_paths(const std::filesystem::path& agent) {
  std::vector<std::string> paths;
  if (agent.empty()) return paths;
  for (const auto& rule : config::load_config(agent, "/", config::Check::words).path_rules) {
    paths.push_back(rule.path);
  }
  return paths;
}

Approvers::Approvers(std::vector<config::PathRule> rules, git::Trust trust)
    : rules_(std::move(rules)), trust_(std::move(trust)) {}

std::vector<git::PathApproval> Approvers::judge(const git::Repository& repository, const std::string& path,
                                                const CommitId& accepted, const CommitId& tip) const {
  auto directory = normal_path(join_path(repository.prefix(), path)).value_or("");
  git::Approvals approvals(repository.raw(), trust_, rules_,
                           {.accepted = accepted, .tip = tip, .directory = std::move(directory)});
  auto found = approvals.judge();
  const bool is_cut = !approvals.wanted().empty() || approvals.lacks_history();
  if (is_cut && !git::missing_approvals(found).empty()) {
    throw Error(Fault::invalid, "the approvals cannot be counted: a part of the history is missing here",
                "fetch it: git fetch --unshallow, and --refetch for a clone with a filter");
  }
  return found;
}

nlohmann::json to_json(const std::vector<git::PathApproval>& approvals) {
  auto list = nlohmann::json::array();
  for (const auto& one : approvals) {
    list.push_back({{"path", one.rule.path.empty() ? "." : one.rule.path},
                    {"threshold", one.rule.threshold},
                    {"vouched", one.vouched},
                    {"could", one.could},
                    {"missing", one.missing()}});
  }
  return list;
}

}  // namespace greenwave::cli
