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
    Manner manner{};
    bool settled = false;              ///< a conflict was settled already
    std::vector<std::string> notes{};  ///< for people
    std::string leftover{};  ///< the patch that takes what kubectl has applied beside us; empty: nothing
  };

  Applying(Server& server, std::function<void()> while_waiting)
      : server_(server), while_waiting_(std::move(while_waiting)) {}

  /// Does steps that do not depend on each other, and reports each of them.
  void run(std::span<const plan::Step* const> steps, const ReportStep& report);

 private:
  void resolve(std::vector<Work>& works);
  bool resolve_all(std::vector<Work>& works);
  void hand_over(std::vector<Work>& works);
  void send(std::vector<Work*> works);
  bool settle_conflict(Work& work, const http::Answer& answer) const;
  void take(Work& work, const http::Answer& answer);
  void take_leftovers(std::vector<Work>& works);
  http::Answer ask(const Call& call) {
    return std::move(server_.send_all({&call, 1}, changing_patience).front());
  }

  // mending.cpp: what the server refuses to change.
  bool mend(Work& work, const http::Response& refusal);
  bool is_the_manifests_fault(const Work& work);
  bool make_room(Work& work, const http::Response& refusal);
  void recreate(Work& work);
  bool wait_until_gone(const Work& work);

  void wait_until_established(std::vector<Work>& works);
  void succeed(Work& work, const http::Response& response);
  static void fail(Work& work, Fault fault, std::string why);
  void refuse(Work& work, const http::Answer& answer, std::string_view verb) const;
  Call look_at(const Work& work) const;

  Server& server_;
  std::function<void()> while_waiting_;
  bool brought_kinds_ =
      false;  ///< definitions were applied; the server may need a moment until it serves their kinds
};

}  // namespace greenwave::drivers::kubernetes
