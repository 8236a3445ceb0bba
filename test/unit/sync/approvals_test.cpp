#include "git/approvals.h"

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <set>

#include <catch2/catch.hpp>

#include "base/contains.h"
#include "base/error.h"
#include "support/commit_graph.h"
#include "support/seeds.h"
#include "sync/intake/judge.h"

using namespace greenwave;
using sync::judge;

namespace {

/// The people of a city, and what its devices trust.
struct People {
  test::Signer ana, ana_at_home, bo, carl, shared, anybody;
  /// Carl and Dora share a key; whoever has the last key is nobody in particular.
  git::Trust trust{"ana@sf.example " + ana.public_key() + "\nana@sf.example " + ana_at_home.public_key() +
                       "\nbo@sf.example " + bo.public_key() + "\ncarl@sf.example " + carl.public_key() +
                       "\ncarl@sf.example,dora@sf.example " + shared.public_key() + "\n*@sf.example " +
                       anybody.public_key() + "\n",
                   "allowed_signers"};
};

const People& people() {
  static const People people;
  return people;
}

config::PathRule two_of(std::vector<std::string> signers, std::string path = "base") {
  return {.path = std::move(path), .signers = std::move(signers), .threshold = 2};
}

/// Ana, Bo and Carl.
config::PathRule two_people() {
  return two_of({"ana@sf.example", "bo@sf.example", "carl@sf.example"});
}

/// A city whose repository a test grows by hand; "base" is what is guarded.
struct City {
  test::CommitGraph graph;
  std::vector<config::PathRule> rules{two_people()};
  const git::Trust* trust = &people().trust;

  CommitId commit(const std::string& base, const std::vector<CommitId>& parents,
                  const test::Signer& signer = people().ana, const std::string& message = "Change") {
    test::CommitGraph::Files files{{"other/file", base + message}};
    if (!base.empty()) files["base/file"] = base;
    return graph.commit(files, parents, &signer, message);
  }

  /// Why a device that has `before` does not take `tip`; empty: it does.
  std::string refusal(const CommitId& before, const CommitId& tip) {
    const sync::Supply nothing{.trees = [](const auto&) { FAIL("every directory is there"); },
                               .history = [](std::size_t) {}};
    return refusal_in(graph.store(), before, tip, nothing);
  }

  std::string refusal_in(git::Store& store, const CommitId& before, const CommitId& tip,
                         const sync::Supply& supply) {
    try {
      judge(store, {*trust, rules}, {.commit = tip, .accepted = before}, supply);
      return "";
    } catch (const Error& error) {
      CHECK(error.fault() == Fault::untrusted);
      return error.what();
    }
  }
};

}  // namespace

TEST_CASE("approvals: one signature is not enough, and an empty commit of somebody else is the other one") {
  City city;
  const auto has = city.commit("old", {});
  const auto changed = city.commit("new", {has});
  CHECK(city.refusal(has, changed) ==
        "commit " + changed.text() +
            " changes base, which 2 of ana@sf.example, bo@sf.example, carl@sf.example must approve: "
            "ana@sf.example did, 1 more needed, from bo@sf.example, carl@sf.example; who approves signs a "
            "commit "
            "on top of it: git commit --allow-empty -S -m Approve, and pushes");
  CHECK(city.refusal(has, city.commit("new", {changed})) != "");
  CHECK(city.refusal(has, city.commit("new", {changed}, people().bo)) == "");
  CHECK(city.refusal(has, city.commit("old", {has})) == "");
}

TEST_CASE("approvals: the author's and the merger's signatures count in a merge") {
  City city;
  const auto fork = city.commit("old", {});
  const auto topic = city.commit("new", {fork});
  const auto has = city.commit("old", {fork}, people().ana, "Elsewhere");
  const auto merge = city.commit("new", {has, topic}, people().bo, "Merge");
  CHECK(city.refusal(has, merge) == "");
  CHECK(city.refusal(fork, merge) == "");
  const auto own_merge = city.commit("new", {has, topic}, people().ana, "Merge");
  CHECK_THAT(city.refusal(has, own_merge), Catch::Contains("1 more needed"));
}

TEST_CASE("approvals: a squashed or rebased commit has lost the signatures on what it was made of") {
  City city;
  const auto has = city.commit("old", {});
  const auto topic = city.commit("new", {has});
  city.commit("new", {topic}, people().bo, "Approve");
  const auto squashed = city.commit("new", {has}, people().ana, "Squash");
  CHECK_THAT(city.refusal(has, squashed), Catch::Contains("ana@sf.example did, 1 more needed"));
  CHECK(city.refusal(has, city.commit("new", {squashed}, people().bo)) == "");
}

TEST_CASE("approvals: a signer who has left the file vouches for nothing new") {
  City city;
  const auto has = city.commit("old", {});
  const auto changed = city.commit("new", {has}, people().bo);
  const auto tip = city.commit("new", {changed});
  CHECK(city.refusal(has, tip) == "");
  const git::Trust later("ana@sf.example " + people().ana.public_key(), "allowed_signers");
  city.trust = &later;
  CHECK_THAT(city.refusal(has, tip), Catch::Contains("1 more needed, and nobody else has a key"));
}

TEST_CASE("approvals: a person with two keys counts once, and so does a key with two names") {
  City city;
  city.rules = {two_of({"ana@sf.example", "carl@sf.example", "dora@sf.example"})};
  const auto has = city.commit("old", {});
  const auto ana = city.commit("new", {has});
  CHECK(city.refusal(has, city.commit("new", {ana}, people().ana_at_home)) != "");
  const auto shared = city.commit("new", {has}, people().shared);
  CHECK(city.refusal(has, shared) != "");
  CHECK(city.refusal(has, city.commit("new", {shared}, people().shared, "Again")) != "");
  CHECK(city.refusal(has, city.commit("new", {shared}, people().ana)) == "");
}

TEST_CASE("approvals: whoever holds the key of a pattern is none of the signers") {
  City city;
  const auto has = city.commit("old", {});
  const auto changed = city.commit("new", {has}, people().bo);
  CHECK_THAT(city.refusal(has, city.commit("new", {changed}, people().anybody)),
             Catch::Contains("bo@sf.example did"));
}

TEST_CASE("approvals: removing a path and adding it are changes of it") {
  City city;
  const auto has = city.commit("old", {});
  const auto removed = city.commit("", {has});
  CHECK_THAT(city.refusal(has, removed), Catch::Contains("removes base, which 2 of"));
  const auto gone = city.commit("", {removed}, people().bo);
  CHECK(city.refusal(has, gone) == "");
  CHECK_THAT(city.refusal(gone, city.commit("old", {gone})), Catch::Contains("adds base, which 2 of"));
}

TEST_CASE("approvals: going back to what was approved once is a change like any other") {
  City city;
  const auto old = city.commit("old", {}, people().bo);
  const auto approved = city.commit("old", {old});
  const auto has = city.commit("new", {city.commit("new", {approved})}, people().bo);
  const auto back = city.commit("old", {has});
  CHECK_THAT(city.refusal(has, back), Catch::Contains("ana@sf.example did, 1 more needed"));
  CHECK(city.refusal(has, city.commit("old", {back}, people().bo)) == "");
}

TEST_CASE("approvals: a merge brings nothing back that the main line has left behind") {
  City city;
  const auto fork = city.commit("old", {}, people().bo);
  const auto stale = city.commit("old", {fork}, people().bo, "Bo's branch, about other things");
  const auto has = city.commit("new", {city.commit("new", {fork})}, people().bo);
  const auto is_refused = [&](const CommitId& tip) {
    CHECK_THAT(city.refusal(has, tip),
               Catch::Contains("changes base") && Catch::Contains("ana@sf.example did"));
  };
  is_refused(city.commit("old", {has, fork}, people().ana, "Merge what it came from"));
  is_refused(city.commit("old", {has, stale}, people().ana, "Merge a branch, and take its base"));
  const auto reverted = city.commit("old", {has}, people().ana, "Revert");
  is_refused(city.commit("old", {reverted, stale}, people().ana, "Merge a branch that has it anyway"));
  const auto honest = city.commit("old", {reverted, stale}, people().bo, "Merge it, knowing what it has");
  CHECK(city.refusal(has, honest) == "");
}

TEST_CASE(
    "approvals: what was changed again on the way to the tip is not approved by the signatures before") {
  City city;
  const auto has = city.commit("old", {});
  const auto one = city.commit("one", {city.commit("one", {has})}, people().bo);
  const auto two = city.commit("two", {city.commit("two", {one})}, people().bo);
  CHECK(city.refusal(has, two) == "");
  CHECK_THAT(city.refusal(has, city.commit("one", {two, one})), Catch::Contains("ana@sf.example did"));
}

TEST_CASE("approvals: a new device takes what enough people vouch for, however long ago it was made") {
  City city;
  const auto first = city.commit("old", {}, people().bo);
  CHECK_THAT(city.refusal({}, first), Catch::Contains("has base, which 2 of"));
  const auto elsewhere = city.commit("old", {first}, people().ana, "Elsewhere");
  CHECK(city.refusal({}, elsewhere) == "");
  CHECK(city.refusal({}, city.commit("", {elsewhere})) == "");
}

TEST_CASE("approvals: every rule holds whose path a change is below") {
  City city;
  city.rules = {two_people(),
                two_of({"ana@sf.example", "bo@sf.example"}, ""),
                {.path = "base/file", .signers = {"carl@sf.example"}, .threshold = 1}};
  const auto has = city.commit("old", {});
  const auto both = city.commit("new", {city.commit("new", {has})}, people().bo);
  CHECK_THAT(city.refusal(has, both), Catch::Contains("changes base/file, which 1 of carl@sf.example"));
  CHECK_THAT(city.refusal(has, city.commit("old", {has}, people().bo, "Elsewhere")),
             Catch::Contains("changes the repository"));
}

TEST_CASE("approvals: whoever abandons commits by a trailer needs approvals of what is there then") {
  City city;
  const auto fork = city.commit("old", {}, people().bo);
  const auto has = city.commit("new", {city.commit("new", {fork})}, people().bo);
  const auto reset = city.commit("old", {fork}, people().ana, "Back\n\nGreenwave-Reset: " + has.text());
  CHECK_THAT(city.refusal(has, reset), Catch::Contains("ana@sf.example did, 1 more needed"));
  CHECK(city.refusal(has, city.commit("old", {reset}, people().bo)) == "");
}

TEST_CASE(
    "approvals: in a history with gaps no signature counts that may be older than what the device has") {
  City city;
  const auto fork = city.commit("old", {}, people().bo);
  const auto stale = city.commit("old", {fork}, people().bo, "Bo's branch");
  const auto between = city.commit("new", {fork});
  const auto has = city.commit("new", {between}, people().bo);
  const auto reverted = city.commit("old", {has}, people().ana, "Revert");
  const auto tip = city.commit("old", {reverted, stale}, people().ana, "Merge");
  const test::TemporaryDirectory directory;
  git::Store store(directory.path() / "git");
  for (const auto& commit : {fork, stale, has, reverted, tip}) city.graph.give(commit.text(), store);
  const auto trees = [&](const git::Missing& names) {
    for (const auto& name : names) city.graph.give(name, store);
  };
  const auto refusal = city.refusal_in(store, has, tip, {.trees = trees, .history = [](std::size_t) {}});
  CHECK_THAT(refusal, Catch::Contains("ana@sf.example did, 1 more needed") &&
                          Catch::Contains("a part of its history is missing"));
}

namespace {

/// A random history, and who approves what in it, straight from the definition.
class RandomCity {
 public:
  RandomCity(City& city, unsigned seed) : random_(seed), city_(city) {
    const auto count = 4 + pick(14);
    while (commits_.size() < count) grow();
  }

  /// Tries one step of a device's, in a whole repository and in a device's own.
  void try_step() {
    const auto tip = commits_.size() - 1;
    std::vector<std::size_t> older;
    for (std::size_t i = 0; i < tip; ++i) {
      if (leads_to(i, tip)) older.push_back(i);
    }
    before_ = older.empty() || pick(5) == 0 ? tip : older[pick(older.size())];
    is_first_ = before_ == tip;
    city_.rules = {{.path = "base", .signers = names_, .threshold = 1 + pick(4)}};
    const auto more = missing(tip);
    const auto expected = more == 0 ? "" : std::to_string(more) + " more needed";
    const auto before = is_first_ ? CommitId() : commits_[before_].id;
    CHECK_THAT(city_.refusal(before, commits_[tip].id), Says(expected));
    CHECK_THAT(in_a_device(before, commits_[tip].id), Says(expected));
  }

 private:
  struct Commit {
    CommitId id;
    std::string base;
    std::vector<std::size_t> parents;
    std::set<std::size_t> ancestors;  ///< it is one too
    std::set<std::string> signers;    ///< one person's names; empty: nobody that counts
    const test::Signer* key = nullptr;
  };

  struct Says : Catch::MatcherBase<std::string> {
    explicit Says(std::string wanted) : text(std::move(wanted)) {}
    bool match(const std::string& refusal) const override {
      return text.empty() ? refusal.empty() : refusal.find(text) != std::string::npos;
    }
    std::string describe() const override { return text.empty() ? "is no refusal" : "says " + text; }
    std::string text;
  };

  std::size_t pick(std::size_t count) {
    return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_);
  }

  void grow() {
    Commit commit;
    const auto n = commits_.size();
    std::set<std::size_t> chosen;
    if (n > 0 && pick(20) != 0) chosen.insert(n - 1 - std::min(pick(n), pick(n)));
    while (!chosen.empty() && pick(2) == 0) chosen.insert(pick(n));
    commit.parents.assign(chosen.begin(), chosen.end());
    std::shuffle(commit.parents.begin(), commit.parents.end(), random_);
    const bool keeps = !commit.parents.empty() && pick(3) != 0;
    commit.base =
        keeps ? commits_[commit.parents.front()].base : std::vector<std::string>{"a", "b", ""}[pick(7) / 3];
    const auto& all = people();
    const std::vector<std::pair<const test::Signer*, std::set<std::string>>> keys{
        {&all.ana, {"ana@sf.example"}},
        {&all.ana_at_home, {"ana@sf.example"}},
        {&all.bo, {"bo@sf.example"}},
        {&all.carl, {"carl@sf.example"}},
        {&all.shared, {"carl@sf.example", "dora@sf.example"}},
        {&all.anybody, {}}};
    const auto& [key, signers] = keys[pick(keys.size())];
    commit.key = key;
    commit.signers = signers;
    std::vector<CommitId> ids;
    for (const auto parent : commit.parents) ids.push_back(commits_[parent].id);
    commit.id = city_.commit(commit.base, ids, *key, pick(2) == 0 ? "One" : "Two");
    commit.ancestors.insert(n);
    for (const auto parent : commit.parents) {
      commit.ancestors.insert(commits_[parent].ancestors.begin(), commits_[parent].ancestors.end());
    }
    commits_.push_back(std::move(commit));
  }

  bool leads_to(std::size_t ancestor, std::size_t commit) const {
    return commits_[commit].ancestors.contains(ancestor);
  }

  bool is_unchanged(std::size_t commit, std::size_t tip) const {
    for (std::size_t i = 0; i <= tip; ++i) {
      if (leads_to(commit, i) && leads_to(i, tip) && commits_[i].base != commits_[tip].base) return false;
    }
    return true;
  }

  bool is_introduced(std::size_t commit, std::size_t tip) const {
    const auto& parents = commits_[commit].parents;
    return parents.empty() || std::ranges::any_of(parents, [&](std::size_t parent) {
             return commits_[parent].base != commits_[tip].base ||
                    (is_unchanged(parent, tip) && is_introduced(parent, tip));
           });
  }

  /// The most people who can be told apart, if each of the keys is one's.
  static std::size_t most_people(std::vector<std::set<std::string>> keys, std::set<std::string> taken = {}) {
    if (keys.empty()) return 0;
    const auto names = keys.back();
    keys.pop_back();
    auto most = most_people(keys, taken);
    for (const auto& name : names) {
      if (taken.contains(name)) continue;
      auto with = taken;
      with.insert(name);
      most = std::max(most, 1 + most_people(keys, with));
    }
    return most;
  }

  std::size_t missing(std::size_t tip) const {
    const auto& base = commits_[tip].base;
    if (is_first_ ? base.empty() : commits_[before_].base == base) return 0;
    std::map<const test::Signer*, std::set<std::string>> keys;
    for (std::size_t i = 0; i <= tip; ++i) {
      if (!leads_to(i, tip) || !is_unchanged(i, tip) || (!is_first_ && !is_introduced(i, tip))) continue;
      for (const auto& name : commits_[i].signers) {
        if (contains(names_, name)) keys[commits_[i].key].insert(name);
      }
    }
    std::vector<std::set<std::string>> voices;
    for (const auto& [key, names] : keys) voices.push_back(names);
    const auto threshold = city_.rules.front().threshold;
    return threshold - std::min(threshold, most_people(voices));
  }

  /// The same in the store of a device, to which a server sends no more than it is asked for.
  std::string in_a_device(const CommitId& before, const CommitId& tip) {
    const test::TemporaryDirectory directory;
    git::Store store(directory.path() / "git");
    test::keep_in_memory(store);
    city_.graph.give(tip.text(), store);
    if (!is_first_) {
      city_.graph.give(before.text(), store);
      give_between(store, pick(2) == 0);
    }
    const sync::Supply supply{
        .trees =
            [&](const git::Missing& names) {
              for (const auto& name : names) city_.graph.give(name, store);
            },
        .history = [&](std::size_t generations) { give_history(store, commits_.size() - 1, generations); }};
    return city_.refusal_in(store, before, tip, supply);
  }

  /// What a fetch brings: all that is not behind what the device has, or that with all that old branches
  /// have.
  void give_between(git::Store& store, bool with_old_branches) {
    std::vector<std::size_t> waiting{commits_.size() - 1};
    std::set<std::size_t> seen;
    while (!waiting.empty()) {
      const auto commit = waiting.back();
      waiting.pop_back();
      if (!seen.insert(commit).second || commit == before_) continue;
      if (!with_old_branches && leads_to(commit, before_)) continue;
      city_.graph.give(commits_[commit].id.text(), store);
      const auto& parents = commits_[commit].parents;
      waiting.insert(waiting.end(), parents.begin(), parents.end());
    }
  }

  void give_history(git::Store& store, std::size_t commit, std::size_t generations) {
    if (generations == 0) return;
    city_.graph.give(commits_[commit].id.text(), store);
    for (const auto parent : commits_[commit].parents) give_history(store, parent, generations - 1);
  }

  std::mt19937 random_;
  City& city_;
  std::vector<Commit> commits_;
  std::vector<std::string> names_{"ana@sf.example", "bo@sf.example", "carl@sf.example", "dora@sf.example"};
  std::size_t before_ = 0;
  bool is_first_ = false;
};

}  // namespace

TEST_CASE("approvals: in any history those count who count by the definition, in a device's store as well") {
  City city;
  const auto from = test::first_seed();
  for (unsigned seed = from; seed < from + test::seed_count(200); ++seed) {
    CAPTURE(seed);
    RandomCity(city, seed).try_step();
  }
}
