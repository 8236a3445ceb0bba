#include "sync/remembered.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "state/keys.h"

namespace greenwave::sync {

namespace {

namespace keys = state::keys;

using Signers = std::map<CommitId, git::Signer>;

std::string to_text(const Signers& signers) {
  auto json = nlohmann::json::object();
  for (const auto& [commit, signer] : signers) json[commit.text()] = {signer.principal, signer.key};
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Signers signers_from(const std::string& text) {
  Signers signers;
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return signers;
  try {
    for (const auto& [commit, signer] : json.items()) {
      signers[CommitId(commit)] = {signer.at(0).get<std::string>(), signer.at(1).get<std::string>()};
    }
  } catch (const nlohmann::json::exception&) {
    return {};  // no writer of ours wrote it
  }
  return signers;
}

std::optional<Time> time_from(const std::string& text) {
  try {
    if (!text.empty()) return from_iso(text);
  } catch (const Error&) {
    // No writer of ours wrote it; the outage counts from its next failure.
  }
  return {};
}

}  // namespace

Remembered recall(const state::State& state, std::string branch) {
  const auto text = [&](const char* key) { return state.value(key).value_or(""); };
  return {.accepted = CommitId(text(keys::accepted)),
          .twin = CommitId(text(keys::twin)),
          .signers = signers_from(text(keys::signers)),
          .following = following_from(std::move(branch), text(keys::wave), text(keys::followed)),
          .tips = seen_tips_from(text(keys::tips)),
          .unreachable_since = time_from(text(keys::unreachable_since))};
}

void remember(state::State& state, const Remembered& before, const Remembered& after) {
  if (after.signers != before.signers) state.note_value(keys::signers, to_text(after.signers));
  const auto& was = before.following;
  const auto& is = after.following;
  if (wave_text(is) != wave_text(was)) state.note_value(keys::wave, wave_text(is));
  if (is.arrived_by != was.arrived_by) state.note_value(keys::followed, arrival_text(is));
  const auto& since = after.unreachable_since;
  if (since != before.unreachable_since) {
    state.note_value(keys::unreachable_since, since ? to_iso(*since) : "");
  }
  if (is_worth_storing(before.tips, after.tips)) state.set_value(keys::tips, to_text(after.tips));
  if (after.twin != before.twin) state.note_value(keys::twin, after.twin.text());
  if (after.accepted != before.accepted) state.set_value(keys::accepted, after.accepted.text());
}

}  // namespace greenwave::sync
