#pragma once

#include <cstddef>
#include <vector>

#include "base/problem.h"
#include "plan/graph.h"
#include "plan/objects.h"

namespace greenwave::plan {

/// What objects name in each other, resolved to numbers.
class References {
 public:
  /// Refuses objects that name one which no manifest declares.
  References(Objects& objects, Problems& problems);

  const std::vector<std::size_t>& depends_on(std::size_t number) const { return all_[number].depends_on; }
  const std::vector<std::size_t>& restart_on(std::size_t number) const { return all_[number].restart_on; }
  const std::vector<std::size_t>& reload_on(std::size_t number) const { return all_[number].reload_on; }

  /// What is named comes before what names it.
  void order(Graph& graph) const;

  /// Refuses what depends on a refused object, `sorted` being an order in which dependencies come first.
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
