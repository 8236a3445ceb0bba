#include "drivers/kubernetes/removing.h"

#include <iterator>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "drivers/kubernetes/answer.h"
#include "drivers/kubernetes/kind.h"
#include "drivers/kubernetes/refusal.h"

namespace greenwave::drivers::kubernetes {

namespace {

/// Of looking again at what has changed since it was looked at.
constexpr int most_rounds = 4;

struct Removal {
  const plan::Step* step = nullptr;
  Record record{};
  Target target{};
  bool releases = false;  ///< others have the object too
};

StepResult let_go(std::string note) {
  StepResult outcome;
  outcome.ok = true;
  outcome.note = std::move(note);
  return outcome;
}

/// Refused by the server where the object is no longer as it was seen: another agent may hold it by now.
Call deletion_call(const Server& server, const Removal& removal, const Seen& seen) {
  Call call;
  call.method = "DELETE";
  call.path = removal.target.path();
  call.body = nlohmann::json{{"apiVersion", "v1"},
                             {"kind", "DeleteOptions"},
                             {"propagationPolicy", removal.record.propagation},
                             {"preconditions", {{"uid", seen.uid}, {"resourceVersion", seen.version}}}}
                  .dump();
  call.body_type = "application/json";
  call.accept = metadata_only;
  call.user = server.user_in(removal.target.namespace_);
  call.fixed = true;
  return call;
}

/// Why the object must stay; empty: it may be deleted.
std::string why_it_stays(const Removal& removal, const Seen& seen) {
  if (!removal.record.uid.empty() && seen.uid != removal.record.uid)
    return "left in place: someone else has recreated it";
  if (!seen.fields.empty() && seen.ours && !seen.taken) return {};
  return fmt::format("left in place: {} has taken it over",
                     seen.last_manager.empty() ? "someone else" : seen.last_manager);
}

StepResult refusal_of(const http::Answer& answer, const Removal& removal, std::string_view verb) {
  StepResult outcome;
  if (answer.failure) {
    outcome.fail(*answer.failure);
    return outcome;
  }
  const auto& target = removal.target;
  outcome.error = explain(answer.response, {verb, target.resource, target.namespace_, target.name});
  outcome.fault = fault_of(answer.response);
  return outcome;
}

class Removing {
 public:
  Removing(Server& server, const ReportStep& report) : server_(server), report_(report) {}

  /// False: it must be looked at first.
  bool begin(Removal& removal, const Seen* seen) {
    if (seen == nullptr) return false;
    if (auto why = why_it_stays(removal, *seen); !why.empty()) {
      report_(*removal.step, let_go(std::move(why)));
      return true;
    }
    removal.releases = seen->shared;
    calls_.push_back(seen->shared ? release_call(server_, removal.target, seen->version)
                                  : deletion_call(server_, removal, *seen));
    going_.push_back(std::move(removal));
    return true;
  }

  /// Sends what was begun, and returns what has changed meanwhile.
  std::vector<Removal> send() {
    const auto answers = server_.send_all(calls_, changing_patience);
    std::vector<Removal> changed;
    for (std::size_t i = 0; i < going_.size(); ++i) {
      auto& removal = going_[i];
      const auto& response = answers[i].response;
      const bool is_gone = response.success() || response.status == 404;
      if (!answers[i].failure && response.status == 409) {
        changed.push_back(std::move(removal));
      } else if (answers[i].failure || !is_gone) {
        report_(*removal.step, refusal_of(answers[i], removal, removal.releases ? "patch" : "delete"));
      } else {
        report_(*removal.step, let_go(removal.releases ? "left in place: other devices have it too" : ""));
        if (is_definition(removal.step->id)) server_.discovery.forget();
      }
    }
    going_.clear();
    calls_.clear();
    return changed;
  }

  void look(std::vector<Removal> removals) {
    std::vector<Call> looks;
    for (const auto& removal : removals) {
      looks.push_back({.path = removal.target.path(),
                       .accept = metadata_only,
                       .user = server_.user_in(removal.target.namespace_)});
    }
    const auto answers = server_.send_all(looks, changing_patience);
    for (std::size_t i = 0; i < removals.size(); ++i) {
      auto& removal = removals[i];
      const auto& response = answers[i].response;
      if (answers[i].failure || (!response.success() && response.status != 404)) {
        report_(*removal.step, refusal_of(answers[i], removal, "get"));
      } else if (!response.success()) {
        report_(*removal.step, let_go(""));
      } else {
        const auto seen = read_seen(parse_answer(response.body), server_.owner, server_.digest_key);
        begin(removal, &seen);
      }
    }
  }

 private:
  Server& server_;
  const ReportStep& report_;
  std::vector<Removal> going_;
  std::vector<Call> calls_;
};

}  // namespace

void remove(Server& server, std::span<const plan::Step* const> steps, const Recall& recall,
            const ReportStep& report) {
  Removing removing(server, report);
  std::vector<Removal> unknown;
  for (const auto* step : steps) {
    auto record = record_from(step->entry->record);
    if (record.resource.plural.empty()) {
      // Its apply began, but the server was not known to have its kind.
      report(*step, let_go(""));
      continue;
    }
    if (!record.may_go) {
      report(*step, let_go(fmt::format("left in place: a {} is pruned only with the annotation {}: enabled",
                                       step->id.kind, annotations::prune)));
      continue;
    }
    const auto target = Server::target_of(step->id, record);
    Removal removal{step, std::move(record), target};
    if (!removing.begin(removal, recall(target))) unknown.push_back(std::move(removal));
  }
  for (int round = 1;; ++round) {
    auto changed = removing.send();
    changed.insert(changed.end(), std::make_move_iterator(unknown.begin()),
                   std::make_move_iterator(unknown.end()));
    unknown.clear();
    if (changed.empty()) return;
    if (round == most_rounds) {
      for (const auto& removal : changed) {
        StepResult outcome;
        outcome.error = "others keep changing it; it is removed at the next sync";
        outcome.fault = Fault::transient;
        report(*removal.step, std::move(outcome));
      }
      return;
    }
    removing.look(std::move(changed));
  }
}

}  // namespace greenwave::drivers::kubernetes
