#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "drivers/driver.h"
#include "drivers/kinds.h"
#include "support/objects.h"

namespace greenwave::test {

/// A driver whose device is a map from object to content: fails, or ends the world, where a test wants it.
class FakeDriver : public drivers::Driver, public drivers::Kinds, public drivers::Undo {
 public:
  std::set<std::string> kinds{"File", "Directory", "SystemdUnit", "Command", "HealthCheck"};
  std::map<ObjectId, Digest> device;
  std::string note;                                      ///< said of each success
  std::set<std::string> failing;                         ///< objects whose steps fail
  std::map<std::string, Fault> faults;                   ///< and of what kind that is; else it passes
  std::map<std::string, drivers::Health> health;         ///< of objects that are not well
  std::map<std::string, plan::Watch> watches;            ///< by kind: how its health is watched
  std::map<std::string, std::string> restart_on;         ///< by object
  std::string bad_content = "bad";                       ///< what has it is not well
  std::string wrong_content = "wrong";                   ///< what has it is refused for its manifest
  std::set<std::string> refused;                         ///< objects that are refused when they are compared
  std::set<std::string> drifted;                         ///< objects, until a step of theirs succeeds
  plan::Disruption disruption = plan::Disruption::none;  ///< of every difference
  bool owes = true;                                      ///< a restart that was left out is still to be done
  /// Called before each step; may throw.
  std::function<void(const plan::Step&)> before;
  std::map<ObjectId, std::string> contents;       ///< spec.content of what is there
  std::function<void()> looked;                   ///< called before each look at health
  std::vector<std::vector<std::string>> batches;  ///< what was asked for, a list a call
  std::vector<std::string> undone;                ///< Commands

  bool serves(const ObjectId& id) const override { return kinds.contains(id.kind); }

  plan::Footprint footprint(const Manifest& manifest, Problems& problems) const override {
    const auto* content = manifest.spec().find("content");
    if (content != nullptr && content->string() != nullptr && *content->string() == wrong_content) {
      problems.error(content->place, "this is no content", "write another");
    }
    Make made(to_string(manifest.id));
    if (const auto cause = restart_on.find(to_string(manifest.id)); cause != restart_on.end()) {
      made.restart_on(cause->second);
    }
    if (const auto watch = watches.find(manifest.id.kind); watch != watches.end()) {
      made.desired.footprint.watch = watch->second;
    }
    return made.desired.footprint;
  }

  std::unique_ptr<drivers::Session> look(const drivers::LookOptions&,
                                         std::span<const Entry* const>) override {
    return std::make_unique<FakeSession>(*this);
  }

  std::vector<std::string> notes() const override { return {}; }

  drivers::Abilities abilities() override { return {.undo = this}; }
  std::optional<std::string> undo(const Entry& entry) override {
    if (entry.id.kind != "Command") return {};
    undone.push_back(to_string(entry.id));
    return "";
  }

 private:
  std::set<ObjectId> unwell_;

  void note_content(const plan::Step& step) {
    const auto* content = step.desired->manifest.spec().find("content");
    contents[step.id] = content != nullptr && content->string() != nullptr ? *content->string() : "";
    const bool is_bad =
        content != nullptr && content->string() != nullptr && *content->string() == bad_content;
    is_bad ? void(unwell_.insert(step.id)) : void(unwell_.erase(step.id));
  }

  class FakeComparison : public drivers::Comparison {
   public:
    explicit FakeComparison(FakeDriver& driver) : driver_(driver) {}

    plan::Difference difference(const drivers::Candidate& candidate) override {
      using Kind = plan::Difference::Kind;
      const auto& manifest = candidate.desired->manifest;
      if (driver_.refused.contains(to_string(manifest.id))) {
        throw Error(Fault::invalid, "the server does not take it");
      }
      plan::Difference difference;
      const auto found = driver_.device.find(manifest.id);
      difference.kind = found == driver_.device.end()      ? Kind::create
                        : found->second == manifest.digest ? Kind::none
                                                           : Kind::change;
      if (difference.kind == Kind::none && driver_.drifted.contains(to_string(manifest.id))) {
        difference.kind = Kind::change;
      }
      difference.record = "intended";
      if (difference.kind != Kind::none) difference.disruption = driver_.disruption;
      return difference;
    }

    void apply(std::span<const plan::Step* const> steps, const drivers::ReportStep& report,
               const std::function<bool()>& stop) override {
      auto& batch = driver_.batches.emplace_back();
      for (const auto* step : steps) {
        if (stop()) return;
        batch.push_back(in_words(*step));
        if (driver_.before) driver_.before(*step);
        drivers::StepResult result;
        result.ok = !driver_.failing.contains(to_string(step->id));
        result.owes_restart = step->wait == plan::Wait::restart && driver_.owes;
        if (!result.ok) {
          const auto fault = driver_.faults.find(to_string(step->id));
          result.fail(fault == driver_.faults.end() ? Error(Fault::transient, "the disk is full")
                                                    : Error(fault->second, "it cannot be done"));
        }
        if (result.ok) driver_.drifted.erase(to_string(step->id));
        if (result.ok && step->desired != nullptr) driver_.note_content(*step);
        if (result.ok && step->verb == plan::Verb::remove) driver_.device.erase(step->id);
        if (result.ok && step->desired != nullptr) driver_.device[step->id] = step->desired->manifest.digest;
        if (result.ok) result.entry.record = "applied";
        result.note = driver_.note;
        report(*step, std::move(result));
      }
    }

   private:
    FakeDriver& driver_;
  };

  class FakeSession : public drivers::Session {
   public:
    explicit FakeSession(FakeDriver& driver) : driver_(driver) {}

    drivers::Drift drift(const Entry& entry) override {
      const auto found = driver_.device.find(entry.id);
      if (driver_.drifted.contains(to_string(entry.id))) return {.how = "not running"};
      if (found != driver_.device.end() && found->second == entry.digest) return {};
      return {.how = "content changed"};
    }

    std::unique_ptr<drivers::Comparison> compare(const drivers::Render&,
                                                 std::span<const drivers::Candidate>) override {
      return std::make_unique<FakeComparison>(driver_);
    }

    std::vector<drivers::Health> health(std::span<const Entry* const> entries, Duration) override {
      if (driver_.looked) driver_.looked();
      std::vector<drivers::Health> found(entries.size());
      for (std::size_t i = 0; i < entries.size(); ++i) {
        const auto known = driver_.health.find(to_string(entries[i]->id));
        if (known != driver_.health.end()) found[i] = known->second;
        if (driver_.unwell_.contains(entries[i]->id)) found[i] = {drivers::Health::State::bad, "it crashes"};
      }
      return found;
    }

    std::optional<std::string> unreachable() const override { return {}; }

   private:
    FakeDriver& driver_;
  };
};

}  // namespace greenwave::test
