#pragma once

#include <cstddef>
#include <vector>

#include "base/problem.h"
#include "plan/objects.h"
#include "plan/waits.h"

namespace greenwave::plan {

/// The references between objects, resolved to numbers.
class References {
 public:
  /// Refuses objects that refer to one that no manifest declares, or that was refused before it had a number.
  References(Objects& objects, Problems& problems);

  const std::vector<std::size_t>& restart_on(std::size_t number) const { return all_[number].restart_on; }
  const std::vector<std::size_t>& reload_on(std::size_t number) const { return all_[number].reload_on; }

  /// Objects that write part of this object's definition, or whose part of it is about to be removed.
  const std::vector<std::size_t>& defined_by(std::size_t number) const { return all_[number].defined_by; }

  /// Referenced objects come before those that refer to them.
  void add_waits(Waits& waits) const;
  /// An object's definition comes before it, unless something else requires another order: call last.
  void add_order(Waits& waits) const;

  /// Those that refer to an object that no manifest declares.
  const std::vector<std::size_t>& dangling() const { return dangling_; }

  /// Whether something that the object restarts or reloads on is refused.
  bool restarts_on_refused(std::size_t number, const Objects& objects) const;

 private:
  struct Named {
    std::vector<std::size_t> depends_on;
    std::vector<std::size_t> restart_on;
    std::vector<std::size_t> reload_on;
    std::vector<std::size_t> defined_by;
    bool restarts_on_nameless = false;  ///< on one that was refused before it had a number
  };

  void read_definitions(const Objects& objects);

  std::vector<Named> all_;
  std::vector<std::size_t> dangling_;
};

}  // namespace greenwave::plan
