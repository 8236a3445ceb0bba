#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "drivers/host/file_driver.h"
#include "kinds/table.h"
#include "support/memory_tree.h"
#include "support/objects.h"
#include "support/temporary_directory.h"
#include "sync/apply.h"
#include "unit/drivers/temporary_root.h"
#include "yaml/load.h"

namespace greenwave::test {

struct PowerCut {};

/// What a test does to the steps of a driver.
struct Mischief {
  std::set<std::string> failing;     ///< objects whose steps fail before they change anything
  std::set<std::string> disruptive;  ///< objects whose steps must wait for a window
  std::string cut;                   ///< the power goes at this object's step
  bool cut_late = false;             ///< when it is done
};

/// A driver that does what another one does, but for the mischief.
class Fallible : public drivers::Driver {
 public:
  Fallible(drivers::Driver& real, Mischief& mischief) : real_(real), mischief_(mischief) {}

  std::unique_ptr<drivers::Session> look(const drivers::LookOptions& options,
                                         std::span<const Entry* const> entries) override {
    return std::make_unique<Session>(real_.look(options, entries), mischief_);
  }
  std::vector<std::string> notes() const override { return {}; }

 private:
  class Comparison : public drivers::Comparison {
   public:
    Comparison(std::unique_ptr<drivers::Comparison> real, Mischief& mischief)
        : real_(std::move(real)), mischief_(mischief) {}

    plan::Difference difference(const drivers::Candidate& candidate) override {
      return disrupting(candidate, real_->difference(candidate));
    }
    plan::Difference succession(const drivers::Candidate& candidate) override {
      return disrupting(candidate, real_->succession(candidate));
    }
    void leave_out(std::span<const ObjectId> refused) override { real_->leave_out(refused); }
    void apply(std::span<const plan::Step* const> steps, const drivers::ReportStep& report,
               const std::function<bool()>& stop) override {
      std::vector<const plan::Step*> good;
      for (const auto* step : steps) {
        const auto name = to_string(step->id);
        if (name == mischief_.cut) {
          const drivers::ReportStep unheard = [](const plan::Step&, drivers::StepResult) {};
          if (mischief_.cut_late) good.push_back(step);
          real_->apply(good, unheard, stop);
          throw PowerCut();
        }
        if (!mischief_.failing.contains(name)) {
          good.push_back(step);
          continue;
        }
        drivers::StepResult failed;
        failed.error = "it was made to fail";
        report(*step, std::move(failed));
      }
      real_->apply(good, report, stop);
    }

   private:
    plan::Difference disrupting(const drivers::Candidate& candidate, plan::Difference difference) const {
      const bool disrupts = mischief_.disruptive.contains(to_string(candidate.desired->manifest.id));
      if (disrupts && difference.kind != plan::Difference::Kind::none) {
        difference.disruption = plan::Disruption::whole;
      }
      return difference;
    }

    std::unique_ptr<drivers::Comparison> real_;
    Mischief& mischief_;
  };

  class Session : public drivers::Session {
   public:
    Session(std::unique_ptr<drivers::Session> real, Mischief& mischief)
        : real_(std::move(real)), mischief_(mischief) {}

    drivers::Drift drift(const Entry& entry) override { return real_->drift(entry); }
    std::unique_ptr<drivers::Comparison> compare(const drivers::Render& render,
                                                 std::span<const drivers::Candidate> candidates) override {
      return std::make_unique<Comparison>(real_->compare(render, candidates), mischief_);
    }
    std::vector<drivers::Health> health(std::span<const Entry* const> entries, Duration) override {
      return std::vector<drivers::Health>(entries.size());
    }
    std::optional<std::string> unreachable() const override { return {}; }

   private:
    std::unique_ptr<drivers::Session> real_;
    Mischief& mischief_;
  };

  drivers::Driver& real_;
  Mischief& mischief_;
};

/// A device with real files below a temporary root, its real state, and what a commit declares for it.
class Street {
 public:
  explicit Street(std::map<std::string, std::string> sources = {}) : tree_(std::move(sources)) {}

  Mischief mischief;
  bool closed = false;  ///< no window is open
  bool may_prune = true;
  std::vector<ObjectId> refused;
  std::vector<std::string> problems;            ///< of the last sync
  std::map<std::string, std::string> not_done;  ///< objects of the last sync that failed or wait, and why
  std::vector<std::string> done;                ///< "update File/a", in order

  /// The next commit declares nothing yet.
  Street& commit() {
    desired_.clear();
    refused.clear();
    return *this;
  }

  Street& file(const std::string& name, const std::string& path, const std::string& content,
               const std::string& metadata = "", const std::string& more = "") {
    return object("File", name, "path: " + path + ", content: \"" + content + "\"" + more, metadata);
  }
  Street& directory(const std::string& name, const std::string& path, const std::string& more = "") {
    return object("Directory", name, "path: " + path + more, "");
  }
  Street& depends_on(const std::string& refs, const std::string& name, const std::string& path,
                     const std::string& content) {
    return file(name, path, content, ", annotations: {greenwave.dev/depends-on: \"" + refs + "\"}");
  }

  Street& object(const std::string& kind, const std::string& name, const std::string& spec,
                 const std::string& metadata) {
    const auto text = "apiVersion: greenwave.dev/v1\nkind: " + kind + "\nmetadata: {name: " + name +
                      metadata + "}\nspec: {" + spec + "}\n";
    Problems reading;
    auto document = yaml::load(text, name + ".yaml", reading);
    INFO(text);
    REQUIRE(document);
    plan::Desired one;
    one.manifest.id = {std::string(own_api), kind, "", name};
    one.manifest.document = std::move(*document);
    const auto* source = one.manifest.spec().find("source");
    if (source != nullptr) {
      const auto item = tree_.find(*source->string());
      one.manifest.source = Source{*source->string(), item->oid, true};
    }
    seal(one.manifest, "");
    one.footprint = kinds_.footprint(one.manifest, reading);
    for (const auto& problem : reading.list()) FAIL(to_string(problem));
    desired_.push_back(std::move(one));
    return *this;
  }

  sync::Applied sync() {
    const auto inventory = state_->inventory();
    const sync::Drivers drivers{{&kinds_, &driver_}};
    const auto observed = sync::observe(inventory, drivers, {});
    auto compared = sync::compare({desired_, tree_}, inventory, observed, false);
    plan::Input input;
    input.desired = desired_;
    input.inventory = inventory;
    input.owed = state_->owed();
    input.refused = refused;
    input.refused.insert(input.refused.end(), compared.refused.begin(), compared.refused.end());
    input.differences = std::move(compared.differences);
    input.may_prune = may_prune;
    input.tree = &tree_;
    auto left_out = input.refused;
    auto planned = plan::plan(std::move(input), *compared.places);
    left_out.insert(left_out.end(), planned.refused.begin(), planned.refused.end());
    for (const auto& part : compared.parts) part.comparison->leave_out(left_out);
    if (closed) plan::hold(planned.steps, 0, {});
    problems.clear();
    not_done.clear();
    done.clear();
    for (const auto& problem : planned.problems.list()) problems.push_back(to_string(problem));
    for (const auto& failed : compared.failed) not_done[failed.object] = failed.reason;
    sync::ApplyContext context{compared.parts, *compared.places, *state_, CommitId("c1")};
    auto applied = sync::apply(std::move(planned), context);
    for (const auto& failed : applied.failed) not_done[failed.object] = failed.reason;
    for (const auto& waiting : applied.waiting) not_done[waiting.object] = waiting.what;
    for (const auto& action : applied.actions) {
      if (action.ok) done.push_back(action.verb + " " + action.object);
    }
    return applied;
  }

  /// Every file below /etc: its content by its path.
  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> found;
    for (const auto& item : std::filesystem::recursive_directory_iterator(root_ / "etc")) {
      if (!item.is_regular_file()) continue;
      const auto path = "/" + std::filesystem::relative(item.path(), root_.path()).native();
      found[path] = root_.read(path.substr(1));
    }
    return found;
  }

  std::vector<Entry> inventory() const { return state_->inventory(); }
  const TemporaryRoot& root() const { return root_; }
  const std::vector<plan::Desired>& desired() const { return desired_; }

 private:
  TemporaryRoot root_;
  TemporaryDirectory directory_;
  std::unique_ptr<state::State> state_ = std::make_unique<state::State>(directory_ / "state.db");
  MemoryTree tree_;
  drivers::host::FileDriver files_{root_.host()};
  Fallible driver_{files_, mischief};
  kinds::TableKinds kinds_{kinds::Rules{root_.host(), {}}, kinds::Server::files};
  std::vector<plan::Desired> desired_;
};

}  // namespace greenwave::test
