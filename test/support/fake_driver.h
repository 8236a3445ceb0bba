#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "drivers/driver.h"
#include "support/objects.h"

namespace greenwave::test {

/// A driver whose device is a map from object to content: fails, or ends the world, where a test wants it.
class FakeDriver : public drivers::Driver {
 public:
  std::set<std::string> kinds{"File", "Directory", "SystemdUnit", "Command"};
  std::map<ObjectId, Digest> device;
  std::string note;                                      ///< said of each success
  std::set<std::string> failing;                         ///< objects whose steps fail
  plan::Disruption disruption = plan::Disruption::none;  ///< of every difference
  bool owes = true;                                      ///< a restart that was left out is still to be done
  /// Called before each step; may throw.
  std::function<void(const plan::Step&)> before;
  std::vector<std::vector<std::string>> batches;  ///< what was asked for, a list a call

  bool serves(const ObjectId& id) const override { return kinds.contains(id.kind); }

  plan::Footprint footprint(const Manifest& manifest, Problems&) const override {
    return Make(to_string(manifest.id)).desired.footprint;
  }

  void begin(const drivers::Pass&) override {}

  std::optional<std::string> drift(const Entry& entry, std::optional<std::vector<FileSignature>>&) override {
    const auto found = device.find(entry.id);
    if (found != device.end() && found->second == entry.digest) return {};
    return "content changed";
  }

  plan::Difference compare(const plan::Desired& desired, const Entry*, const SourceTree&) override {
    using Kind = plan::Difference::Kind;
    plan::Difference difference;
    const auto found = device.find(desired.manifest.id);
    difference.kind = found == device.end()                      ? Kind::create
                      : found->second == desired.manifest.digest ? Kind::none
                                                                 : Kind::change;
    difference.record = "intended";
    if (difference.kind != Kind::none) difference.disruption = disruption;
    return difference;
  }

  void apply(std::span<const plan::Step* const> steps, const SourceTree&, const drivers::Report& report,
             const std::function<bool()>& stop) override {
    auto& batch = batches.emplace_back();
    for (const auto* step : steps) {
      if (stop()) return;
      batch.push_back(in_words(*step));
      if (before) before(*step);
      drivers::Outcome outcome;
      outcome.ok = !failing.contains(to_string(step->id));
      outcome.owes_restart = step->wait == plan::Wait::restart && owes;
      if (!outcome.ok) outcome.error = "the disk is full";
      if (outcome.ok && step->verb == plan::Verb::remove) device.erase(step->id);
      if (outcome.ok && step->desired != nullptr) device[step->id] = step->desired->manifest.digest;
      if (outcome.ok) outcome.entry.record = "applied";
      outcome.note = note;
      report(*step, std::move(outcome));
    }
  }
};

}  // namespace greenwave::test
