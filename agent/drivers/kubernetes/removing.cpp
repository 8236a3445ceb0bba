#include "drivers/kubernetes/removing.h"

#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "drivers/kubernetes/answer.h"
#include "drivers/kubernetes/body.h"
#include "drivers/kubernetes/kind.h"
#include "drivers/kubernetes/refusal.h"
#include "drivers/kubernetes/seen.h"

namespace greenwave::drivers::kubernetes {

namespace {

struct Removal {
  const plan::Step* step;
  Record record;
  Target target;
  std::string uid;  ///< of the object on the server
};

StepResult let_go(std::string note) {
  StepResult outcome;
  outcome.ok = true;
  outcome.note = std::move(note);
  return outcome;
}

Call removal_call(const Server& server, const Removal& removal) {
  Call call;
  call.method = "DELETE";
  call.path = removal.target.path();
  call.body = nlohmann::json{{"apiVersion", "v1"},
                             {"kind", "DeleteOptions"},
                             {"propagationPolicy", removal.record.propagation},
                             {"preconditions", {{"uid", removal.uid}}}}
                  .dump();
  call.body_type = "application/json";
  call.user = server.user_in(removal.target.namespace_);
  return call;
}

/// Why the object must stay; empty: it may be deleted.
std::string why_it_stays(const Removal& removal, const nlohmann::json& object, const Server& server) {
  const auto seen = read_seen(object, server.digest_key);
  if (!removal.record.uid.empty() && seen.uid != removal.record.uid)
    return "left in place: someone else has recreated it";
  const auto& label = at(object, {"metadata", "labels", device_label});
  if (seen.fields.empty() || !label.is_string() || label != server.label) {
    return fmt::format("left in place: {} has taken it over",
                       seen.last_manager.empty() ? "someone else" : seen.last_manager);
  }
  return {};
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

}  // namespace

void remove(Server& server, std::span<const plan::Step* const> steps, const ReportStep& report) {
  std::vector<Removal> removals;
  for (const auto* step : steps) {
    auto record = record_from(step->entry->record);
    if (record.resource.plural.empty()) {
      // Its apply began, but the server was not known to have its kind.
      report(*step, let_go(""));
    } else if (!record.may_go) {
      report(*step, let_go(fmt::format("left in place: a {} is pruned only with the annotation {}: enabled",
                                       step->id.kind, annotations::prune)));
    } else {
      const auto target = Server::target_of(step->id, record);
      removals.push_back({step, std::move(record), target, {}});
    }
  }
  std::vector<Call> looks;
  for (const auto& removal : removals) {
    looks.push_back({.path = removal.target.path(),
                     .accept = metadata_only,
                     .user = server.user_in(removal.target.namespace_)});
  }
  auto answers = server.send_all(looks, changing_patience);
  std::vector<Removal> going;
  std::vector<Call> calls;
  for (std::size_t i = 0; i < removals.size(); ++i) {
    auto& removal = removals[i];
    const auto& response = answers[i].response;
    if (answers[i].failure || (!response.success() && response.status != 404)) {
      report(*removal.step, refusal_of(answers[i], removal, "get"));
    } else if (!response.success()) {
      report(*removal.step, let_go(""));
    } else {
      const auto object = parse_answer(response.body);
      if (auto why = why_it_stays(removal, object, server); !why.empty()) {
        report(*removal.step, let_go(std::move(why)));
        continue;
      }
      removal.uid = text_at(object, {"metadata", "uid"});
      calls.push_back(removal_call(server, removal));
      going.push_back(std::move(removal));
    }
  }
  answers = server.send_all(calls, changing_patience);
  for (std::size_t i = 0; i < going.size(); ++i) {
    const bool gone =
        !answers[i].failure && (answers[i].response.success() || answers[i].response.status == 404);
    report(*going[i].step, gone ? let_go("") : refusal_of(answers[i], going[i], "delete"));
    if (gone && is_definition(going[i].step->id)) server.discovery.forget();
  }
}

}  // namespace greenwave::drivers::kubernetes
