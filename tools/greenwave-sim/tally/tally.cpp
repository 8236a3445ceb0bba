#include "tally/tally.h"

#include <algorithm>
#include <utility>

namespace greenwave::sim {

namespace {

using nlohmann::json;

template <typename Value>
Value at(const std::vector<Value>& sorted, double part) {
  return sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))];
}

json traffic_json(const Traffic& traffic) {
  return {{"requests", traffic.requests},
          {"connections", traffic.connections},
          {"sent", traffic.sent},
          {"received", traffic.received},
          {"lost", traffic.lost}};
}

}  // namespace

json Moments::to_json() const {
  if (times_.empty()) return {{"count", 0}};
  auto sorted = times_;
  std::ranges::sort(sorted);
  const auto seconds = [&](double part) {
    return std::chrono::duration<double>(at(sorted, part).time_since_epoch()).count();
  };
  return {{"count", sorted.size()}, {"first", seconds(0)},    {"p50", seconds(0.5)},
          {"p99", seconds(0.99)},   {"p999", seconds(0.999)}, {"last", seconds(1)}};
}

json Lengths::to_json() const {
  if (lengths_.empty()) return {{"count", 0}};
  auto sorted = lengths_;
  std::ranges::sort(sorted);
  return {{"count", sorted.size()},
          {"p50", at(sorted, 0.5).count()},
          {"p99", at(sorted, 0.99).count()},
          {"p999", at(sorted, 0.999).count()},
          {"most", sorted.back().count()}};
}

json to_json(const CityTally& tally) {
  auto commits = json::object();
  for (const auto& [commit, one] : tally.commits) {
    commits[commit.text()] = {{"known", one.known.to_json()},
                              {"fetched", one.fetched.to_json()},
                              {"well", one.well.to_json()},
                              {"takenBack", one.taken_back.to_json()}};
  }
  return {{"git", traffic_json(tally.git)},
          {"hub", traffic_json(tally.hub)},
          {"polls", tally.polls},
          {"failedPolls", tally.failed_polls},
          {"holds", tally.holds},
          {"lostHolds", tally.lost_holds},
          {"fetches", tally.fetches},
          {"failedFetches", tally.failed_fetches},
          {"refusedCommits", tally.refused_commits},
          {"reports", tally.reports},
          {"failedReports", tally.failed_reports},
          {"refusedReports", tally.refused_reports},
          {"pollTookMs", tally.poll_took.to_json()},
          {"reportTookMs", tally.report_took.to_json()},
          {"commits", std::move(commits)}};
}

void Series::add(const Traffic& all) {
  requests_.push_back(all.requests - before_.requests);
  connections_.push_back(all.connections - before_.connections);
  before_ = all;
}

json Series::take() {
  return {{"requests", std::exchange(requests_, {})}, {"connections", std::exchange(connections_, {})}};
}

}  // namespace greenwave::sim
