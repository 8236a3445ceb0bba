#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "city/approvals.h"
#include "model/cluster.h"
#include "promote/plan.h"
#include "promote/record.h"
#include "promote/remote.h"

namespace greenwave::promote {

struct Options {
  std::string url;
  std::string branch = "main";
  std::string path;  ///< of the cluster in the repository
  std::string from;  ///< empty: commits enter at the first wave's ref
  std::optional<Health> health;
  std::optional<cli::Approvers> approvers;  ///< empty: approvals are not looked at
  std::filesystem::path key;  ///< that signs tags on what moves, and on what enters; empty: nothing is signed
  Duration silent_after{};
  Time now{};
};

/// A city's waves in its repository. The branch, which most of the city runs, defines the waves and their
/// devices.
class City {
 public:
  /// Reads the repository and decides what may move. Throws Error.
  explicit City(const Options& request);

  /// Moves what may move, and records when each ref got its commit. A ref that the server refuses to move
  /// becomes `blocked`.
  void move();

  const std::vector<Stage>& stages() const { return stages_; }
  const std::vector<Decision>& decisions() const { return decisions_; }
  /// 0, 1 when something is halted, 2 when something is blocked.
  int exit_code() const;

 private:
  void read_cluster(const CommitId& branch_commit);
  void add_stages(const Refs& refs);
  /// Blocks what the devices would refuse.
  void require_approvals();
  /// Signs a tag on the commit, unless it has one, for devices that take a tag's word for it.
  void vouch_for(const CommitId& commit);
  void remember(const std::vector<std::string>& moved);

  Options options_;
  std::string branch_;  ///< its full name
  Remote remote_;
  Cluster cluster_;
  std::vector<Device> devices_;
  std::set<std::string> tags_;  ///< that the repository has, by their full names
  std::vector<Stage> stages_;
  std::vector<Decision> decisions_;
  Record record_;
  CommitId record_commit_;
};

}  // namespace greenwave::promote
