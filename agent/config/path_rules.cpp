#include "config/path_rules.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/contains.h"
#include "base/text.h"
#include "yaml/fields.h"

namespace greenwave::config {

namespace {

constexpr std::size_t most_rules = 100;
constexpr const char* rule_form =
    "write {path: base, signers: [ana@city.example, bo@city.example], threshold: 2}";

/// "base/x" for "./base//x/"; nothing where that is no path below the root.
std::optional<std::string> rule_path(const std::string& written) {
  if (written.starts_with('/') || !is_text(written) || written.find_first_of("*?[") != std::string::npos)
    return {};
  std::string path;
  for (const auto part : split(written, '/')) {
    if (part == "..") return {};
    if (part.empty() || part == ".") continue;
    if (!path.empty()) path += '/';
    path += part;
  }
  return path;
}

void read_rule_path(yaml::Fields& members, PathRule& rule) {
  const auto written = members.required_text("path");
  if (written.empty()) return;
  auto path = rule_path(written);
  if (!path) {
    members.error(
        "path", fmt::format("trust: paths: \"{}\" is not a path of the repository", printable(written)),
        "write a directory or a file, relative to the cluster's root, without \"..\" and wildcards; "
        "\".\" is all of it");
    return;
  }
  rule.path = std::move(*path);
}

void read_rule_signers(yaml::Fields& members, PathRule& rule) {
  rule.signers = members.texts("signers");
  if (rule.signers.empty()) {
    members.error("signers", "trust: paths: signers is missing, or empty", rule_form);
  }
  std::vector<std::string> seen;
  for (const auto& signer : rule.signers) {
    const bool is_name =
        !signer.empty() && is_text(signer) && signer.find_first_of("*?!, \t\n\"") == std::string::npos;
    if (!is_name) {
      members.error("signers", fmt::format("trust: paths: \"{}\" does not name a signer", printable(signer)),
                    "write a principal as it is in the file of allowed signers, which has no wildcard");
    } else if (contains(seen, signer)) {
      members.error("signers", fmt::format("trust: paths: {} is listed twice", printable(signer)),
                    "list each signer once: one person counts once");
    }
    seen.push_back(signer);
  }
}

void read_threshold(yaml::Fields& members, PathRule& rule) {
  if (!members.has("threshold")) {
    members.error("threshold", "trust: paths: threshold is missing", rule_form);
    return;
  }
  const auto threshold = members.integer("threshold", 1);
  if (!threshold) return;
  rule.threshold = static_cast<std::size_t>(*threshold);
  if (rule.signers.empty() || rule.threshold <= rule.signers.size()) return;
  members.error("threshold",
                fmt::format("trust: paths: threshold is {}, and there {} {}", rule.threshold,
                            rule.signers.size() == 1 ? "is" : "are", count_of(rule.signers.size(), "signer")),
                "list more signers, or lower it");
}

bool is_same_rule(const PathRule& one, const PathRule& other) {
  return one.path == other.path && std::ranges::is_permutation(one.signers, other.signers);
}

}  // namespace

std::string name_of(const PathRule& rule) {
  return rule.path.empty() ? "the repository" : printable(rule.path);
}

std::vector<PathRule> read_path_rules(const yaml::Node& list, Problems& problems) {
  std::vector<PathRule> rules;
  for (const auto& item : *list.sequence()) {
    if (rules.size() == most_rules) {
      problems.error(item.place, fmt::format("trust: paths has more than {} rules", most_rules),
                     "guard directories instead of files");
      break;
    }
    yaml::Fields members(item, "trust: paths", problems);
    PathRule rule{.path = {}, .signers = {}, .place = item.place};
    read_rule_path(members, rule);
    read_rule_signers(members, rule);
    read_threshold(members, rule);
    members.done();
    if (std::ranges::any_of(rules, [&](const auto& other) { return is_same_rule(rule, other); })) {
      problems.error(item.place,
                     fmt::format("trust: paths: {} has a rule with these signers already", name_of(rule)),
                     "keep the one with the right threshold");
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace greenwave::config
