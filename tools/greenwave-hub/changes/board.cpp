#include "changes/board.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace greenwave::hub {

namespace {

constexpr std::size_t most_known = 16;
/// What failed is tried again after this time.
constexpr auto rest = std::chrono::minutes(1);

HttpReply under_way() {
  HttpReply reply{.status = 202, .body = R"({"state":"working"})"};
  reply.headers.emplace_back("Retry-After", "1");
  return reply;
}

HttpReply none(const Compared& compared) {
  const nlohmann::json answer{{"state", "none"},
                              {"commit", compared.pair.head},
                              {"error", compared.why},
                              {"remedy", compared.remedy}};
  return {.body = answer.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

}  // namespace

void ChangesBoard::allow(std::set<std::string> commits) {
  allowed_ = std::move(commits);
  std::erase_if(known_, [this](const auto& known) {
    return !known.second.is_under_way && !strange_in(known.first).empty();
  });
}

/// A commit that may not be asked for; empty: there is none.
std::string ChangesBoard::strange_in(const CommitPair& pair) const {
  if (pair.about == About::objects) return "";
  if (!allowed_.contains(pair.head)) return pair.head;
  const bool is_free = pair.base.empty() || !pair.device.empty();
  return is_free || allowed_.contains(pair.base) ? "" : pair.base;
}

void ChangesBoard::told(Compared compared) {
  const auto found = known_.find(compared.pair);
  if (found == known_.end()) return;
  found->second.is_under_way = false;
  found->second.compared = std::move(compared);
}

HttpReply ChangesBoard::answer(const CommitPair& pair, Instant now) {
  if (allowed_.empty()) {
    return none({.pair = pair,
                 .answer = {},
                 .why = "the hub has not read the city's repository",
                 .remedy = "hub.yaml names it with follow; after a start it takes a moment"});
  }
  if (const auto strange = strange_in(pair); !strange.empty()) {
    return refusal(404, fmt::format("no wave is at commit {}, nor is the branch", strange),
                   "see /v1/rollout for those that are");
  }
  const auto found = known_.find(pair);
  if (found != known_.end()) {
    const auto& known = found->second;
    if (known.is_under_way) return under_way();
    if (!known.compared.answer.empty()) return {.body = known.compared.answer};
    if (now - known.asked < rest) return none(known.compared);
  } else if (known_.size() >= most_known) {
    forget_one();
  }
  if (known_.size() >= most_known && found == known_.end())
    return too_many("comparisons", std::chrono::seconds(5));
  known_.insert_or_assign(pair, Known{.compared = {pair, {}, {}, {}}, .asked = now});
  compare_(pair);
  return under_way();
}

/// Of those that are done, one of a device, which is found again soonest; and of these the one that was asked
/// for first.
void ChangesBoard::forget_one() {
  const auto worth = [](const auto& one) { return std::tuple(one->first.device.empty(), one->second.asked); };
  auto least = known_.end();
  for (auto one = known_.begin(); one != known_.end(); ++one) {
    if (one->second.is_under_way) continue;
    if (least == known_.end() || worth(one) < worth(least)) least = one;
  }
  if (least != known_.end()) known_.erase(least);
}

}  // namespace greenwave::hub
