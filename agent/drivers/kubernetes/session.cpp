#include "drivers/kubernetes/session.h"

#include <fmt/format.h>

#include "base/error.h"
#include "drivers/kubernetes/applying.h"
#include "drivers/kubernetes/handover.h"
#include "drivers/kubernetes/inspection.h"
#include "drivers/kubernetes/preview.h"
#include "drivers/kubernetes/removing.h"

namespace greenwave::drivers::kubernetes {

namespace {

/// Limits the memory for requests, and the time until a sync checks whether it must stop.
constexpr std::size_t most_steps_at_once = 200;

bool removes(const plan::Step& step) {
  return step.verb == plan::Verb::remove;
}

int rank_of_step(const plan::Step& step) {
  return step.desired != nullptr ? step.desired->footprint.rank : step.entry->rank;
}

class ServerComparison : public Comparison {
 public:
  ServerComparison(Server& server, ServerSession& session, const std::function<void()>& while_waiting)
      : server_(server), session_(session), while_waiting_(while_waiting), preview_(server) {}

  Preview& preview() { return preview_; }

  plan::Difference difference(const Candidate& candidate) override {
    if (session_.trouble()) throw *session_.trouble();
    const auto& id = candidate.desired->manifest.id;
    auto difference = preview_.take(id);
    if (!difference) throw Error(Fault::internal, fmt::format("{} was not compared", to_string(id)));
    return std::move(*difference);
  }

  void apply(std::span<const plan::Step* const> steps, const ReportStep& report,
             const std::function<bool()>& stop) override {
    Applying applying(server_, while_waiting_);
    for (std::size_t begin = 0; begin < steps.size() && !stop();) {
      auto end = begin + 1;
      while (end < steps.size() && end - begin < most_steps_at_once &&
             removes(*steps[end]) == removes(*steps[begin]) &&
             rank_of_step(*steps[end]) == rank_of_step(*steps[begin])) {
        ++end;
      }
      const auto group = steps.subspan(begin, end - begin);
      begin = end;
      if (session_.trouble()) {
        for (const auto* step : group) {
          StepResult result;
          result.fail(*session_.trouble());
          report(*step, std::move(result));
        }
      } else if (removes(*group.front())) {
        remove(
            server_, group, [this](const Target& target) { return session_.seen(target); }, report);
      } else {
        applying.run(group, report);
      }
      session_.note_outage();
    }
  }

 private:
  Server& server_;
  ServerSession& session_;
  const std::function<void()>& while_waiting_;
  Preview preview_;
};

}  // namespace

ServerSession::ServerSession(Server& server, const LookOptions& options,
                             std::span<const Entry* const> entries,
                             const std::function<void()>& while_waiting)
    : server_(server), options_(options), while_waiting_(while_waiting), listings_(server) {
  server_.away.reset();
  try {
    server_.api.refresh();
  } catch (const Error& error) {
    trouble_ = error;
  }
  if (entries.empty()) return;
  std::vector<Target> targets;
  for (const auto* entry : entries) {
    const auto record = record_from(entry->record);
    if (!record.resource.plural.empty()) targets.push_back(Server::target_of(entry->id, record));
  }
  ask([&] { listings_.look(targets); });
}

void ServerSession::ask(const std::function<void()>& questions) {
  if (trouble_) return;
  try {
    questions();
    note_outage();
  } catch (const Error& error) {
    if (error.fault() == Fault::damaged) throw;
    trouble_ = error;
  }
}

void ServerSession::note_outage() {
  if (server_.away) trouble_ = server_.away;
}

Drift ServerSession::drift(const Entry& entry) {
  if (trouble_) throw *trouble_;
  const auto record = record_from(entry.record);
  if (record.resource.plural.empty()) return {};
  const auto* seen = listings_.find(Server::target_of(entry.id, record));
  if (seen == nullptr && record.ends && !record.uid.empty()) return {};  // it is done
  if (seen == nullptr) {
    const bool renamed = had_other_name(record, server_.owner);
    return {.how =
                renamed ? "it is held under another name" : "it is gone, or no longer has the agent's label"};
  }
  if (seen->deleting) return {.how = "it is being deleted"};
  if (seen->uid != record.uid) return {.how = "someone else has recreated it"};
  if (seen->version == record.version || seen->fields == record.fields) return {};
  return {.how =
              fmt::format("changed by {}", seen->last_manager.empty() ? "someone else" : seen->last_manager)};
}

const Seen* ServerSession::seen(const Target& target) const {
  return listings_.known(target);
}

std::unique_ptr<Comparison> ServerSession::compare(const Render&, std::span<const Candidate> candidates) {
  auto comparison = std::make_unique<ServerComparison>(server_, *this, while_waiting_);
  if (!candidates.empty()) ask([&] { comparison->preview().look(candidates, options_); });
  return comparison;
}

std::vector<Health> ServerSession::health(std::span<const Entry* const> entries, Duration patience) {
  return inspect(server_, entries, patience);
}

std::optional<std::string> ServerSession::unreachable() const {
  if (trouble_) return trouble_->what();
  if (server_.away) return server_.away->what();
  return {};
}

}  // namespace greenwave::drivers::kubernetes
