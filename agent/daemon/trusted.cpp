#include "daemon/trusted.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "state/keys.h"

namespace greenwave::daemon {

namespace {

using Texts = std::vector<std::string>;

/// Of no other form: worn flash costs a line that says all of it again.
Texts recalled(const state::State& state) {
  const auto json = nlohmann::json::parse(state.value(state::keys::trusted).value_or("[]"), nullptr, false);
  Texts texts;
  if (!json.is_array()) return texts;
  for (const auto& text : json) {
    if (text.is_string()) texts.push_back(text);
  }
  std::ranges::sort(texts);
  return texts;
}

void add_missing(std::vector<state::Action>& actions, const char* verb, const Texts& from, const Texts& in) {
  Texts missing;
  std::ranges::set_difference(from, in, std::back_inserter(missing));
  for (auto& text : missing) {
    auto& action = actions.emplace_back();
    action.verb = verb;
    action.object = std::move(text);
  }
}

}  // namespace

std::vector<std::string> trusted(const config::Config& config, const std::optional<git::Trust>& trust) {
  Texts texts;
  if (!trust) return texts;
  for (const auto& signer : trust->allowed()) texts.push_back("signer " + signer);
  if (config.require_ref) texts.emplace_back("trust.requireRef");
  if (config.accept_tags) texts.emplace_back("trust.tags");
  if (!config.tip_repository.empty()) {
    texts.push_back(fmt::format("trust.tip of {}", printable(config.tip_repository)));
  }
  for (const auto& rule : config.path_rules) {
    texts.push_back(fmt::format("trust.paths {}: {} of {}", config::name_of(rule), rule.threshold,
                                printable(fmt::format("{}", fmt::join(rule.signers, ", ")))));
  }
  std::ranges::sort(texts);
  return texts;
}

void note_trusted(state::State& state, const std::vector<std::string>& now_trusted, Time now) {
  const auto before = recalled(state);
  state::SyncRecord record;
  record.started = now;
  record.trigger = state::Trigger::trust;
  add_missing(record.actions, "trust", now_trusted, before);
  add_missing(record.actions, "distrust", before, now_trusted);
  if (record.actions.empty()) return;
  state.note(record, state::keys::trusted, nlohmann::json(now_trusted).dump());
}

}  // namespace greenwave::daemon
