#include "sync/apply.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <set>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "base/listed.h"
#include "sync/entries.h"

namespace greenwave::sync {

namespace {

/// Bounds the memory of a batch, and how long a first sync goes without a durable result.
constexpr std::size_t most_steps = 8192;

std::string names_of(const std::vector<ObjectId>& ids) {
  return listed(ids, 4, [](const ObjectId& id) { return to_string(id); });
}

drivers::StepResult failure(Fault fault, std::string error) {
  drivers::StepResult outcome;
  outcome.error = std::move(error);
  outcome.fault = fault;
  return outcome;
}

}  // namespace

class Apply::Steps {
 public:
  Steps(plan::Plan plan, const ApplyContext& context)
      : plan_(std::move(plan)), context_(context), results_(plan_.steps.size(), Result::pending) {
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
      const auto& step = plan_.steps[i];
      if (step.desired != nullptr) number_of_.emplace(step.id, i);
      for (const auto& cause : step.restart_because) owed_for_[cause].push_back({step.id, true, cause});
      for (const auto& cause : step.reload_because) owed_for_[cause].push_back({step.id, false, cause});
      for (const auto& need : step.needs) {
        const bool is_succeeded = need.why == plan::Why::successor && !need.claim.empty();
        if (step.desired == nullptr && is_succeeded) {
          context_.places.yield(step.id, plan_.steps[need.step].id);
        }
        const bool leaves = step.verb == plan::Verb::remove && need.why == plan::Why::successor;
        if (leaves) leaving_after_[need.step].push_back(i);
        if (takes_path(need) && needs_intent(step)) taking_after_[need.step].push_back(i);
      }
    }
    for (const auto& owed : plan_.owed) owed_for_[owed.because].push_back(owed);
  }

  const plan::Plan& plan() const { return plan_; }

  Applied run(std::size_t first, std::size_t end) {
    try {
      auto next = first;
      while (next < end && !stopping()) {
        const auto batch = batch_from(next, end);
        carry_out(batch);
        next = batch.end;
      }
      applied_.stopped = applied_.stopped || next < end;
      finish_parts();
    } catch (const Error& error) {
      applied_.error = error;
    }
    return std::exchange(applied_, {});
  }

 private:
  enum class Result { pending, ok, failed, skipped };

  struct Batch {
    const ComparedPart* part = nullptr;
    std::vector<const plan::Step*> steps;  ///< for the driver
    std::vector<ObjectId> released;
    std::set<std::size_t> takers;  ///< steps of later batches that take what these give up
    std::size_t end = 0;           ///< the first step after it
  };

  static bool takes_path(const plan::Need& need) {
    const bool is_place = need.why == plan::Why::place || need.why == plan::Why::below ||
                          need.why == plan::Why::inside || need.why == plan::Why::purge;
    return is_place && need.claim.starts_with(plan::path_claim);
  }

  void finish_parts() {
    for (const auto& part : context_.compared) {
      try {
        part.comparison->finish();
      } catch (const Error& error) {
        applied_.failed.push_back({"the end of the pass", error.what()});
      }
    }
  }

  bool stopping() const { return applied_.stopped || (context_.stop && context_.stop()); }

  std::size_t number(const plan::Step& step) const {
    return static_cast<std::size_t>(&step - plan_.steps.data());
  }

  /// How the step went that a cause of `step` has in this plan; null when it has none before `step`.
  const Result* result_of_cause(const plan::Step& step, const ObjectId& cause) const {
    const auto found = number_of_.find(cause);
    return found == number_of_.end() || found->second >= number(step) ? nullptr : &results_[found->second];
  }

  Batch batch_from(std::size_t first, std::size_t end) {
    Batch batch;
    for (batch.end = first; batch.end < end; ++batch.end) {
      auto& step = plan_.steps[batch.end];
      if (const auto later = context_.later.find(step.id); later != context_.later.end()) {
        if (results_[batch.end] == Result::pending) applied_.failed.push_back(later->second);
        results_[batch.end] = Result::failed;
        continue;
      }
      if (batch.steps.size() == most_steps || waits(step)) break;
      const bool disrupts = context_.closed && plan::disrupts(step) && step.wait == plan::Wait::nothing;
      if (disrupts && !batch.steps.empty()) break;
      if (disrupts) {
        if (const auto closed = context_.closed()) plan::hold(plan_.steps, batch.end, *closed);
      }
      if (step.wait != plan::Wait::nothing) wait_for(step);
      if (step.wait == plan::Wait::all) {
        results_[batch.end] = Result::skipped;
        continue;
      }
      const auto* part = serving(context_.compared, step.id);
      if (batch.part != nullptr && part != nullptr && part != batch.part) break;
      if (!is_due(step)) continue;
      if (step.verb == plan::Verb::release) {
        batch.released.push_back(step.id);
        drivers::StepResult outcome;
        outcome.ok = true;
        finish(step, outcome);
      } else if (part == nullptr) {
        finish(step, failure(Fault::invalid,
                             fmt::format("nothing on this device handles {}; set the runtime in agent.yaml",
                                         step.id.api_version)));
      } else {
        batch.part = part;
        batch.steps.push_back(&step);
        // So that the next one that disrupts is asked about when it is its turn.
        if (disrupts && step.wait == plan::Wait::nothing) {
          ++batch.end;
          break;
        }
      }
    }
    return batch;
  }

  void wait_for(const plan::Step& step) {
    const auto name = to_string(step.id);
    const auto known = [&name](const WaitingObject& waiting) { return waiting.object == name; };
    if (std::ranges::none_of(applied_.waiting, known)) {
      applied_.waiting.push_back({name, plan::waiting_in_words(step)});
    }
  }

  /// Whether something that decides about the step is not known yet: it is in the same batch.
  bool waits(const plan::Step& step) const {
    const auto is_pending = [&](const ObjectId& cause) {
      const auto* result = result_of_cause(step, cause);
      return result != nullptr && *result == Result::pending;
    };
    return std::ranges::any_of(
               step.needs,
               [this](const plan::Need& need) { return results_[need.step] == Result::pending; }) ||
           std::any_of(step.restart_because.begin(), step.restart_because.end(), is_pending) ||
           std::any_of(step.reload_because.begin(), step.reload_because.end(), is_pending);
  }

  /// Takes what failed out of the step's causes; false when nothing is left to do, or the step is held.
  bool is_due(plan::Step& step) {
    if (is_held(step)) return false;
    const auto did_not_change = [&](const ObjectId& cause) {
      const auto* result = result_of_cause(step, cause);
      return result != nullptr && *result != Result::ok;
    };
    std::erase_if(step.restart_because, did_not_change);
    std::erase_if(step.reload_because, did_not_change);
    if (step.verb == plan::Verb::restart && step.restart_because.empty()) step.verb = plan::Verb::reload;
    if (step.verb == plan::Verb::reload && step.reload_because.empty()) {
      results_[number(step)] = Result::skipped;
      return false;
    }
    return true;
  }

  /// Whether the step must not begin, because another one failed or another object still has its place.
  bool is_held(const plan::Step& step) {
    const plan::Need* unmet = nullptr;
    for (const auto& need : step.needs) {
      const auto result = results_[need.step];
      const bool is_unmet = need.why == plan::Why::restarts ? result == Result::failed : result != Result::ok;
      // A failure says more than a step that was skipped because of it.
      if (is_unmet && (unmet == nullptr || result == Result::failed)) unmet = &need;
      if (is_unmet && result == Result::failed) break;
    }
    const bool leaves = step.desired == nullptr;
    if (unmet != nullptr && leaves) {
      results_[number(step)] = Result::skipped;  // the object that takes over has said why
    } else if (unmet != nullptr) {
      finish(step, failure(Fault::transient, held_in_words(*unmet)));
    } else if (auto taken = taken_place(step)) {
      finish(step, failure(Fault::conflict, std::move(*taken)));
    } else {
      return false;
    }
    return true;
  }

  std::string held_in_words(const plan::Need& need) const {
    const auto name = to_string(plan_.steps[need.step].id);
    switch (need.why) {
      case plan::Why::depends:
      case plan::Why::successor:
        return fmt::format("skipped because {0} failed; will be applied once {0} is fixed", name);
      case plan::Why::restarts:
        return fmt::format("held because {0}, which it restarts on, failed; goes on once {0} is fixed", name);
      default:
        return fmt::format(
            "waits for {1}, which {0} still has, because {0} failed; goes on once {0} is fixed", name,
            plan::claim_in_words(need.claim));
    }
  }

  /// Why the step cannot take a place that it needs; nothing if it can.
  std::optional<std::string> taken_place(const plan::Step& step) const {
    if (step.desired == nullptr) return {};
    for (const auto& claim : step.desired->footprint.claims) {
      const bool has_it = step.entry != nullptr && !step.entry->intended &&
                          std::ranges::find(step.entry->claims, claim) != step.entry->claims.end();
      if (has_it) continue;
      if (const auto* other = context_.places.other_at(claim, step.id)) {
        return fmt::format("{} belongs to {}; remove it there, or choose another place",
                           plan::claim_in_words(claim), to_string(*other));
      }
    }
    return {};
  }

  void carry_out(Batch batch) {
    if (batch.steps.empty() && batch.released.empty()) return;
    for (const auto* step : batch.steps) {
      const auto taking = taking_after_.find(number(*step));
      if (taking != taking_after_.end()) batch.takers.insert(taking->second.begin(), taking->second.end());
    }
    intend(batch);
    std::vector<Entry> entries;
    entries.reserve(batch.steps.size());
    std::vector<Entry> handing_over;
    auto forgotten = batch.released;
    std::vector<plan::Owed> done;
    const auto report = [&](const plan::Step& step, const drivers::StepResult& outcome) {
      if (outcome.ok && step.verb == plan::Verb::remove) {
        forgotten.push_back(step.id);
      } else {
        entries.push_back(result_of(step, outcome, context_.commit));
        if (outcome.ok) hand_over(step, entries.back(), handing_over);
      }
      if (outcome.ok && !outcome.owes_restart) {
        if (step.wait == plan::Wait::restart) done.push_back({step.id, true, step.id});
        for (const auto& cause : step.restart_because) done.push_back({step.id, true, cause});
        for (const auto& cause : step.reload_because) done.push_back({step.id, false, cause});
      }
      if (!outcome.ok) applied_.tried.push_back({to_string(step.id), outcome.error, outcome.fault});
      finish(step, outcome);
    };
    drive(batch, report);
    for (const auto* step : batch.steps) {
      if (results_[number(*step)] != Result::pending) continue;
      applied_.stopped = true;
      if (needs_intent(*step)) take_back(*step, entries, forgotten);
    }
    for (const auto& entry : entries) context_.places.put(entry);
    for (const auto taker : batch.takers) {
      if (!has_gained(plan_.steps[taker])) take_back(plan_.steps[taker], entries, forgotten);
    }
    entries.insert(entries.end(), handing_over.begin(), handing_over.end());
    context_.state.settle(entries, forgotten, done);
    for (const auto& gone : forgotten) context_.places.forget(gone);
  }

  /// An object that takes another's place has it from now on, even if removing the other one fails.
  void hand_over(const plan::Step& step, const Entry& taken, std::vector<Entry>& handing_over) {
    const auto leaving = leaving_after_.find(number(step));
    if (leaving == leaving_after_.end()) return;
    std::set<std::string> claims(taken.claims.begin(), taken.claims.end());
    for (const auto& file : taken.files) {
      if (!file.content.is_zero()) claims.insert(std::string(plan::path_claim) + file.path);
    }
    for (const auto after : leaving->second) {
      auto entry = *plan_.steps[after].entry;
      const auto has_claim = [&](const std::string& claim) { return claims.contains(claim); };
      const auto has_file = [&](const FileSignature& file) {
        return !file.content.is_zero() && has_claim(std::string(plan::path_claim) + file.path);
      };
      if (std::erase_if(entry.claims, has_claim) + std::erase_if(entry.files, has_file) == 0) continue;
      handing_over.push_back(entry);
      plan_.steps[after].entry = &left_.emplace_back(std::move(entry));
    }
  }

  void intend(const Batch& batch) {
    std::vector<Entry> entries;
    entries.reserve(batch.steps.size());
    std::vector<plan::Owed> owed;
    for (const auto* step : batch.steps) {
      if (needs_intent(*step)) entries.push_back(intent_of(*step));
      if (step->wait == plan::Wait::restart && step->difference.disruption == plan::Disruption::restart) {
        owed.push_back({step->id, true, step->id});
      }
      const auto units = owed_for_.find(step->id);
      const bool changes = plan::changes_device(*step) || step->verb == plan::Verb::remove;
      if (units == owed_for_.end() || !changes) continue;
      // A unit that was restarted already owes it no more.
      std::ranges::copy_if(units->second, std::back_inserter(owed), [this](const plan::Owed& one) {
        const auto unit = number_of_.find(one.unit);
        return unit == number_of_.end() || results_[unit->second] == Result::pending;
      });
    }
    // What is kept of a place for its next owner belongs to that one from now on, whether it comes or not.
    for (const auto taker : batch.takers) entries.push_back(expectation_of(plan_.steps[taker]));
    if (!entries.empty()) context_.state.intend(entries, owed);
  }

  void drive(const Batch& batch, const drivers::ReportStep& report) {
    if (batch.steps.empty()) return;
    std::optional<Error> why;
    try {
      batch.part->comparison->apply(batch.steps, report, [this] { return stopping(); });
      if (!stopping()) why = Error(Fault::internal, "internal error: the driver reported no result");
    } catch (const Error& error) {
      why = error;
    } catch (const std::exception& error) {
      // Drivers report failures; what comes here instead must not cost the other objects their turn.
      why = Error(Fault::internal, error.what());
    }
    if (!why) return;
    for (const auto* step : batch.steps) {
      if (results_[number(*step)] == Result::pending) report(*step, failure(why->fault(), why->what()));
    }
  }

  /// Nothing of the step was begun: its intent is taken back.
  static void take_back(const plan::Step& step, std::vector<Entry>& entries,
                        std::vector<ObjectId>& forgotten) {
    if (step.entry != nullptr) {
      entries.push_back(*step.entry);
    } else {
      forgotten.push_back(step.id);
    }
  }

  /// Whether something that another object gave up for this step is in nobody's hands.
  bool has_gained(const plan::Step& step) const {
    return std::ranges::any_of(step.needs, [this](const plan::Need& need) {
      return takes_path(need) && results_[need.step] == Result::ok;
    });
  }

  std::string reason_of(const plan::Step& step) const {
    std::string reason;
    if (const auto how = context_.drifted.find(step.id);
        step.verb == plan::Verb::repair && how != context_.drifted.end()) {
      reason = how->second;
    }
    const bool restarts = !step.restart_because.empty();
    const auto& causes = restarts ? step.restart_because : step.reload_because;
    if (causes.empty()) return reason;
    return fmt::format("{}{}{} for {}{}", reason, reason.empty() ? "" : ", ", restarts ? "restart" : "reload",
                       names_of(causes), step.wait == plan::Wait::restart ? " waits" : "");
  }

  void finish(const plan::Step& step, const drivers::StepResult& outcome) {
    results_[number(step)] = outcome.ok ? Result::ok : Result::failed;
    const bool only_waits = step.verb == plan::Verb::restart || step.verb == plan::Verb::reload;
    if (outcome.ok && only_waits && step.wait == plan::Wait::restart) return;
    auto& action = applied_.actions.emplace_back();
    action.verb = word_of(step);
    action.object = to_string(step.id);
    action.ok = outcome.ok;
    action.error = outcome.ok ? "" : outcome.error;
    action.reason = reason_of(step);
    if (outcome.ok && !outcome.note.empty()) {
      action.reason += (action.reason.empty() ? "" : ", ") + outcome.note;
    }
    action.was = step.difference.was;
    if (!outcome.ok) {
      applied_.failed.push_back({.object = action.object,
                                 .reason = action.error,
                                 .fault = outcome.fault,
                                 .refused = !step.difference.missing.empty()});
    }
    if (outcome.ok && step.verb == plan::Verb::repair) ++applied_.repaired;
    if (context_.progress) context_.progress(action);
  }

  plan::Plan plan_;
  const ApplyContext& context_;
  Applied applied_;              ///< in this part
  std::vector<Result> results_;  ///< of each step
  std::unordered_map<ObjectId, std::size_t> number_of_;
  std::unordered_map<std::size_t, std::vector<std::size_t>>
      leaving_after_;  ///< removals, by the step that takes over
  std::unordered_map<std::size_t, std::vector<std::size_t>> taking_after_;  ///< by what gives up a path
  std::deque<Entry> left_;  ///< the entries of those that hand something over
  std::unordered_map<ObjectId, std::vector<plan::Owed>> owed_for_;  ///< restarts that an object's change owes
};

Apply::Apply(plan::Plan plan, const ApplyContext& context)
    : steps_(std::make_unique<Steps>(std::move(plan), context)) {}

Apply::~Apply() = default;

std::span<const plan::Step> Apply::brings() const {
  return std::span(steps_->plan().steps).first(steps_->plan().prune_from);
}

std::span<const plan::Step> Apply::prunes() const {
  return std::span(steps_->plan().steps).subspan(steps_->plan().prune_from);
}

Applied Apply::bring() {
  return steps_->run(0, steps_->plan().prune_from);
}

Applied Apply::prune() {
  return steps_->run(steps_->plan().prune_from, steps_->plan().steps.size());
}

void add(Applied& applied, Applied more) {
  const auto append = [](auto& list, auto& added) {
    list.insert(list.end(), std::move_iterator(added.begin()), std::move_iterator(added.end()));
  };
  append(applied.actions, more.actions);
  append(applied.failed, more.failed);
  append(applied.tried, more.tried);
  append(applied.waiting, more.waiting);
  applied.repaired += more.repaired;
  applied.stopped = applied.stopped || more.stopped;
  if (!applied.error) applied.error = std::move(more.error);
}

Applied apply(plan::Plan plan, const ApplyContext& context) {
  Apply both(std::move(plan), context);
  auto applied = both.bring();
  if (!applied.stopped && !applied.error) add(applied, both.prune());
  return applied;
}

}  // namespace greenwave::sync
