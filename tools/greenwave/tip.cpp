#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "cli.h"
#include "config/ref_name.h"
#include "context/signing_key.h"
#include "tip/sign.h"

namespace greenwave::cli {

namespace {

using tip::Signed;

constexpr Duration shortest_life = std::chrono::minutes(10);
constexpr Duration longest_life = std::chrono::hours(24 * 366);

struct TipOptions {
  tip::SignOptions sign;
  std::string life = "1d";
};

std::string_view word_of(Signed::Did did) {
  switch (did) {
    case Signed::Did::kept:
      return "kept";
    case Signed::Did::signed_now:
      return "signed";
    case Signed::Did::removed:
      return "removed";
    case Signed::Did::failed:
      return "failed";
  }
  return "";
}

nlohmann::json to_json(const std::vector<Signed>& results) {
  auto tips = nlohmann::json::array();
  for (const auto& one : results) {
    auto& json = tips.emplace_back(nlohmann::json{{"ref", one.ref}, {"did", word_of(one.did)}});
    if (!one.commit.empty()) json["commit"] = one.commit.text();
    if (one.expires != Time{}) json["expires"] = to_iso(one.expires);
    if (!one.error.empty()) json["error"] = one.error;
  }
  return {{"tips", std::move(tips)}};
}

std::string text_of(const std::vector<Signed>& results) {
  std::string text;
  for (const auto& one : results) {
    text += fmt::format("{:<8}{}", word_of(one.did), printable(one.ref));
    if (!one.commit.empty()) text += " at " + one.commit.shortened();
    if (one.expires != Time{}) text += ", until " + to_iso(one.expires);
    if (!one.error.empty()) text += ": " + in_lines(one.error, 1000);
    text += '\n';
  }
  return text.empty() ? "the repository has no branch\n" : text;
}

int sign(const Context& context, const TipOptions& options) {
  auto wanted = options.sign;
  wanted.life = parse_duration(options.life);
  if (wanted.life < shortest_life || wanted.life > longest_life) {
    throw Error(Fault::invalid,
                fmt::format("--for {} is not between {} and {}", printable(options.life),
                            to_words(shortest_life), to_words(longest_life)),
                "write 1d, for example: a tip is renewed after half of its life");
  }
  require_signing_key("--key", wanted.key);
  if (!config::is_repository_name(wanted.name)) {
    throw Error(Fault::invalid, fmt::format("\"{}\" is not a name of a repository", printable(wanted.name)),
                "write what trust.tip.repository says in the devices' agent.yaml, such as springfield");
  }
  const auto results = tip::sign_tips(wanted, SystemClock().now());
  context.json ? print(to_json(results)) : print(text_of(results));
  const bool has_failed =
      std::ranges::any_of(results, [](const Signed& one) { return one.did == Signed::Did::failed; });
  return has_failed ? exit_not_done : 0;
}

Action declare_tip(CommandLine& line) {
  const auto options = std::make_shared<TipOptions>();
  auto& its_line = line.subcommand("sign", "Sign the tips of a repository's branches");
  its_line.option("--key", options->sign.key, "The private SSH key that signs tips, and nothing else")
      .value_name("FILE")
      .required();
  its_line.option("--name", options->sign.name, "What tips call the repository: trust.tip.repository")
      .value_name("NAME")
      .required();
  its_line.option("--for", options->life, "How long a tip holds; it is renewed after half of that")
      .value_name("TIME")
      .show_default();
  its_line.option("DIRECTORY", options->sign.repository, "The bare repository").required();
  return [options](const Context& context) { return sign(context, *options); };
}

}  // namespace

const Subcommand tip_command{
    .name = "tip",
    .summary = "Sign which commit is the newest, on the git server",
    .details =
        R"(Writes DIRECTORY.tip/REF for each branch: the branch's commit, signed, for devices with trust.tip. Each run signs
what has changed, or has used up half of its time; greenwave-tip@.timer and .path run it.

Exit codes: 0 every tip is in order, 2 one could not be signed, or none at all.

Examples:
  ssh-keygen -t ed25519 -N "" -C tips -f /etc/greenwave/tip.key
  greenwave tip sign --key /etc/greenwave/tip.key --name springfield /srv/git/springfield.git
  greenwave tip sign --key tip.key --name springfield --for 7d -o json springfield.git)",
    .declare = declare_tip,
};

}  // namespace greenwave::cli
