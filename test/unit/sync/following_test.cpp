#include <atomic>

#include <catch2/catch.hpp>

#include "git/file_transport.h"
#include "support/git_repository.h"
#include "support/temporary_directory.h"
#include "sync/intake/git_intake.h"

using namespace greenwave;
using namespace greenwave::test;
using sync::Following;
using sync::holds;

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
  const auto fresh = sync::following_from(branch, "", "");
  CHECK(fresh.is_undecided());
  CHECK(fresh.refs() == Refs{branch});
  const auto canaries = sync::decided(fresh, city(), device({{"role", "canary"}}));
  CHECK_FALSE(canaries.is_undecided());
  CHECK(canaries.refs() == Refs{canary, branch});
  CHECK(canaries.wave == "canary");

  const auto later = sync::following_from(branch, sync::wave_text(canaries), sync::arrival_text(canaries));
  CHECK((later == canaries));  // it is remembered
  const auto others = sync::decided(later, city(), device({}));
  CHECK(others.refs() == Refs{branch});
  CHECK(others.wave.empty());
}

TEST_CASE("following: with another branch in the configuration the device decides again, and never holds") {
  auto following = sync::decided(Following{.branch = branch}, city(), device({{"role", "canary"}}));
  following.arrived_by = canary;
  const auto other =
      sync::following_from("refs/heads/release", sync::wave_text(following), sync::arrival_text(following));
  CHECK(other.is_undecided());
  CHECK(other.refs() == Refs{"refs/heads/release"});
  CHECK(other.arrived_by.empty());
}

TEST_CASE("following: it holds at a ref that is another one than before and does not lead on") {
  GitRepository origin;
  const auto one = origin.commit({{"a", "1"}});
  origin.commit({{"a", "2"}});
  const auto three = origin.commit({{"a", "3"}});
  const TemporaryDirectory directory;
  git::Store store(directory / "git");
  git::FileTransport transport(origin.path(), branch, never);
  // Only the tips come, as on a device: what lies between is not known.
  for (const auto& commit : {three, one}) {
    transport.fetch(commit, store);
    store.keep("applied", commit);
  }
  Following following{.branch = branch};
  CHECK_FALSE(holds(store, following, three, canary, one));  // by which ref its commit came is not known
  following.arrived_by = branch;
  CHECK(holds(store, following, three, canary, one));
  // Its own ref: other rules say whether that may be.
  CHECK_FALSE(holds(store, following, three, branch, one));
  CHECK_FALSE(holds(store, following, three, canary, three));
  CHECK_FALSE(holds(store, following, CommitId(), canary, one));
  CHECK(holds(store, sync::following_from(branch, "", sync::arrival_text(following)), three, canary, one));
  following.arrived_by = canary;
  CHECK_FALSE(holds(store, following, three, canary, one));
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
  CHECK_FALSE(holds(store, Following{.branch = branch, .arrived_by = branch}, one, canary, three));
}
