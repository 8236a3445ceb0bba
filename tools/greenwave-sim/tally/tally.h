#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "model/commit_id.h"
#include "wire/traffic.h"

namespace greenwave::sim {

/// When something happened to each of a fleet's devices, by the real wall clock.
class Moments {
 public:
  void add(Time when) { times_.push_back(when); }
  std::size_t count() const { return times_.size(); }
  /// {"count", "first", "p50", "p99", "p999", "last"}, in seconds since the epoch.
  nlohmann::json to_json() const;

 private:
  std::vector<Time> times_;
};

/// How long things took.
class Lengths {
 public:
  void add(Duration length) { lengths_.push_back(length); }
  /// {"count", "p50", "p99", "p999", "most"}, in milliseconds.
  nlohmann::json to_json() const;

 private:
  std::vector<Duration> lengths_;
};

/// What became of a commit in a city.
struct CommitTally {
  Moments known;       ///< the device knows of it
  Moments fetched;     ///< and has what it needs of it
  Moments well;        ///< and keeps it
  Moments taken_back;  ///< or has gone back from it
};

/// What a city's devices did since it was last taken.
struct CityTally {
  Traffic git;
  Traffic hub;
  std::uint64_t polls = 0;
  std::uint64_t failed_polls = 0;
  std::uint64_t holds = 0;
  std::uint64_t lost_holds = 0;
  std::uint64_t fetches = 0;
  std::uint64_t failed_fetches = 0;
  std::uint64_t refused_commits = 0;
  std::uint64_t reports = 0;  ///< acknowledged
  std::uint64_t failed_reports = 0;
  std::uint64_t refused_reports = 0;
  Lengths poll_took;    ///< from when it was due, so that waiting in line counts
  Lengths report_took;  ///< from when there was something to say
  std::map<CommitId, CommitTally> commits;
};

nlohmann::json to_json(const CityTally& tally);

/// Requests and new connections in each real second since it was last taken.
class Series {
 public:
  /// Once a second: what all have come to since the program began.
  void add(const Traffic& all);
  nlohmann::json take();

 private:
  Traffic before_;
  std::vector<std::uint64_t> requests_, connections_;
};

}  // namespace greenwave::sim
