#include "sync/following.h"

#include <atomic>

#include <catch2/catch.hpp>

#include "git/file_transport.h"
#include "support/git_repository.h"
#include "support/temporary_directory.h"

using namespace greenwave;
using namespace greenwave::test;
using sync::Following;

namespace {

constexpr const char* branch = "refs/heads/main";
constexpr const char* canary = "refs/heads/wave/canary";
const std::atomic<bool> never = false;

Cluster city() {
  Cluster cluster;
  cluster.name = "fresno";
  Wave wave;
  wave.name = "canary";
  wave.selector = Selector{{{"role", Selector::Operator::in, {"canary"}}}};
  wave.ref = canary;
  cluster.waves = {wave};
  return cluster;
}

Device device(const Labels& labels) {
  Device made;
  made.id = "fr-1";
  made.labels = labels;
  return made;
}

using Refs = std::vector<std::string>;

}  // namespace

TEST_CASE("following: a new device follows the branch, then its wave, with the branch to fall back to") {
  const TemporaryDirectory directory;
  state::State state(directory / "state.db");
  Following following(state, branch);
  CHECK(following.is_undecided());
  CHECK(following.refs() == Refs{branch});
  following.decide(city(), device({{"role", "canary"}}));
  CHECK_FALSE(following.is_undecided());
  CHECK(following.refs() == Refs{canary, branch});
  CHECK(following.wave() == "canary");

  Following later(state, branch);  // it is remembered
  CHECK_FALSE(later.is_undecided());
  CHECK(later.refs() == Refs{canary, branch});
  CHECK(later.wave() == "canary");
  later.decide(city(), device({}));
  CHECK(later.refs() == Refs{branch});
  CHECK(later.wave().empty());
}

TEST_CASE("following: another branch in the configuration makes the device decide anew, and never hold") {
  const TemporaryDirectory directory;
  state::State state(directory / "state.db");
  Following following(state, branch);
  following.decide(city(), device({{"role", "canary"}}));
  following.arrive(canary);
  Following other(state, "refs/heads/release");
  CHECK(other.is_undecided());
  CHECK(other.refs() == Refs{"refs/heads/release"});
}

TEST_CASE("following: it holds at a ref that is another one than before and does not lead on") {
  GitRepository origin;
  const auto one = origin.commit({{"a", "1"}});
  const auto two = origin.commit({{"a", "2"}});
  const auto three = origin.commit({{"a", "3"}});
  const TemporaryDirectory directory;
  git::Store store(directory / "git");
  git::FileTransport transport(origin.path(), branch, never);
  // Only the tips come, as on a device: what lies between is not known.
  for (const auto& commit : {three, one}) {
    transport.fetch(commit, store);
    store.keep("applied", commit);
  }
  state::State state(directory / "state.db");
  Following following(state, branch);
  CHECK_FALSE(following.holds(store, three, canary, one));  // by which ref its commit came is not known
  following.arrive(branch);
  CHECK(following.holds(store, three, canary, one));
  CHECK(following.holds_still(three, canary, one));
  CHECK_FALSE(following.holds_still(three, canary, two));
  CHECK_FALSE(
      following.holds(store, three, branch, one));  // its own ref: other rules say whether that may be
  CHECK_FALSE(following.holds(store, three, canary, three));
  CHECK_FALSE(following.holds(store, "", canary, one));
  CHECK(Following(state, branch).holds(store, three, canary, one));
  following.arrive(canary);
  CHECK_FALSE(following.holds(store, three, canary, one));
}

TEST_CASE("following: a ref that leads on is followed, whichever it was before") {
  GitRepository origin;
  const auto one = origin.commit({{"a", "1"}});
  const TemporaryDirectory directory;
  git::Store store(directory / "git");
  git::FileTransport transport(origin.path(), branch, never);
  transport.fetch(one, store);
  store.keep("applied", one);
  origin.commit({{"a", "2"}});
  const auto three = origin.commit({{"a", "3"}});
  transport.fetch(three, store);
  state::State state(directory / "state.db");
  Following following(state, branch);
  following.arrive(branch);
  CHECK_FALSE(following.holds(store, one, canary, three));
}
