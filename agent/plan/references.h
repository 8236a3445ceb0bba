#pragma once

#include <cstddef>
#include <vector>

#include "base/problem.h"
#include "plan/graph.h"
#include "plan/objects.h"

namespace greenwave::plan {

/// The references between objects, resolved to numbers.
class References {
 public:
  /// Refuses objects that refer to one which no manifest declares.
  References(Objects& objects, Problems& problems);

  const std::vector<std::size_t>& depends_on(std::size_t number) const { return all_[number].depends_on; }
  const std::vector<std::size_t>& restart_on(std::size_t number) const { return all_[number].restart_on; }
  const std::vector<std::size_t>& reload_on(std::size_t number) const { return all_[number].reload_on; }

  /// Referenced objects come before those that refer to them.
  void order(Graph& graph) const;

  /// Refuses what depends on a refused object. In `sorted`, dependencies come first.
  void hold(const std::vector<std::size_t>& sorted, Objects& objects, Problems& problems) const;

 private:
  struct Named {
    std::vector<std::size_t> depends_on;
    std::vector<std::size_t> restart_on;
    std::vector<std::size_t> reload_on;
    const ObjectId* nameless = nullptr;  ///< a dependency that was refused before it could be numbered
  };

  std::vector<Named> all_;
};

}  // namespace greenwave::plan
