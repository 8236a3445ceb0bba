#include "plan/hold.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

namespace greenwave::plan {

namespace {

class Hold {
 public:
  Hold(std::vector<Step>& steps, std::size_t first) : steps_(steps), first_(first) {
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (steps[i].desired != nullptr) numbers_.emplace(steps[i].id, i);
    }
  }

  void run(Closed closed) {
    for (auto i = first_; i < steps_.size(); ++i) {
      const auto& step = steps_[i];
      const bool removal = step.verb == Verb::remove && (closed.removals || step.entry->live);
      if (removal || step.difference.disruption == Disruption::whole) wait_for_all_of(i);
    }
    while (changed_) {
      changed_ = false;
      for (auto i = first_; i < steps_.size(); ++i) spread(i);
    }
    for (auto i = first_; i < steps_.size(); ++i) {
      auto& step = steps_[i];
      if (step.wait == Wait::nothing && disrupts(step)) step.wait = Wait::restart;
    }
  }

 private:
  bool waits(std::size_t number) const { return number >= first_ && steps_[number].wait == Wait::all; }

  void wait_for_all_of(std::size_t number) {
    if (number < first_ || waits(number)) return;
    steps_[number].wait = Wait::all;
    changed_ = true;
  }

  void spread(std::size_t number) {
    const auto& step = steps_[number];
    if (std::ranges::any_of(step.needs, [this](const Need& need) { return waits(need.step); }))
      wait_for_all_of(number);
    for (const auto& need : step.needs) {
      // An object that makes way for a waiting step stays until then.
      const bool makes_way = need.why == Why::place && steps_[need.step].verb == Verb::remove;
      if (makes_way && waits(number)) wait_for_all_of(need.step);
    }
    std::vector<std::size_t> causes;
    for (const auto* list : {&step.restart_because, &step.reload_because}) {
      for (const auto& cause : *list) {
        if (const auto found = numbers_.find(cause); found != numbers_.end()) causes.push_back(found->second);
      }
    }
    if (!waits(number) && std::ranges::none_of(causes, [this](auto cause) { return waits(cause); })) return;
    wait_for_all_of(number);
    for (const auto cause : causes) wait_for_all_of(cause);
  }

  std::vector<Step>& steps_;
  std::size_t first_;
  std::unordered_map<ObjectId, std::size_t> numbers_;
  bool changed_ = true;
};

}  // namespace

bool disrupts(const Step& step) {
  return step.difference.disruption != Disruption::none || !step.restart_because.empty() ||
         (step.verb == Verb::remove && step.entry->live);
}

void hold(std::vector<Step>& steps, std::size_t first, Closed closed) {
  Hold(steps, first).run(closed);
}

std::string waiting_in_words(const Step& step) {
  if (step.wait == Wait::nothing) return {};
  if (step.wait == Wait::all && step.verb != Verb::restart) return std::string(to_string(step.verb));
  std::string causes;
  for (const auto& cause : step.restart_because) {
    if (cause != step.id) causes += (causes.empty() ? " for " : ", ") + to_string(cause);
  }
  return "restart" + causes;
}

}  // namespace greenwave::plan
