#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/cluster.h"
#include "promote/plan.h"
#include "promote/record.h"
#include "promote/remote.h"

namespace greenwave::promote {

struct Request {
  std::string url;
  std::string branch = "main";
  std::string path;  ///< of the cluster in the repository
  std::string from;  ///< empty: commits come in at the first wave's ref
  std::optional<Health> health;
  Duration silent_after{};
  Time now{};
};

/// A city's waves as its repository has them. Which waves there are, and who is in them, is what the branch
/// says: what most of the city runs.
class City {
 public:
  /// Reads it and works out what may move. Throws Error.
  explicit City(const Request& request);

  /// Moves what may move, and writes down since when each ref has its commit. A ref that the server doesn't
  /// let move becomes `blocked`.
  void move();

  const std::vector<Stage>& stages() const { return stages_; }
  const std::vector<Outcome>& outcomes() const { return outcomes_; }
  /// 0, 1 when something is halted, 2 when something is blocked.
  int exit_code() const;

 private:
  void read_cluster(const std::string& branch_commit);
  void add_stages(const std::map<std::string, std::string>& refs);
  void remember(const std::vector<std::string>& moved);

  Request request_;
  std::string branch_;  ///< its full name
  Remote remote_;
  Cluster cluster_;
  std::vector<Device> devices_;
  std::vector<Stage> stages_;
  std::vector<Outcome> outcomes_;
  Record record_;
  std::string record_commit_;
};

}  // namespace greenwave::promote
