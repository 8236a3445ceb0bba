#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "drivers/driver.h"
#include "drivers/kubernetes/server.h"

namespace greenwave::drivers::kubernetes {

/// Applies steps on the server, those of the same rank at once.
class Applying {
 public:
  /// A step in flight.
  struct Work {
    const plan::Step* step;
    Target target{};
    StepResult outcome{};
    bool done = false;
    std::string taken_from{};  ///< fields that were taken over, and from whom; for people
  };

  Applying(Server& server, std::function<void()> while_waiting)
      : server_(server), while_waiting_(std::move(while_waiting)) {}

  /// Does steps that do not depend on each other, and reports each of them.
  void run(std::span<const plan::Step* const> steps, const ReportStep& report);

 private:
  void resolve(std::vector<Work>& works);
  bool resolve_all(std::vector<Work>& works);
  void hand_over(std::vector<Work>& works);
  void send(std::vector<Work*> works, bool force);
  void take(Work& work, const http::Answer& answer, bool force);
  void recreate(Work& work);
  bool wait_until_gone(const Work& work);
  void wait_until_established(std::vector<Work>& works);
  void succeed(Work& work, const http::Response& response);
  static void fail(Work& work, Fault fault, std::string why);
  void refuse(Work& work, const http::Answer& answer, std::string_view verb) const;

  Server& server_;
  std::function<void()> while_waiting_;
  bool brought_kinds_ =
      false;  ///< definitions were applied; the server may need a moment until it serves their kinds
};

}  // namespace greenwave::drivers::kubernetes
