#include "git/ancestry.h"

#include <catch2/catch.hpp>
#include <git2.h>

#include "base/error.h"
#include "git/commit_identity.h"
#include "git/signed_commit.h"
#include "git/sshsig.h"
#include "git/trust.h"
#include "support/git_workshop.h"

using namespace greenwave;
using git::Move;

namespace {

/// A store that was given some commits of the workshop by git itself: `depth` 0 for the whole history.
struct Device : test::Workshop {
  git::Store store{directory() / "store"};

  void fetch(const CommitId& commit, int depth) const {
    git({"update-ref", "refs/heads/wanted", commit.text()});
    std::vector<std::string> argv{"git", "fetch", "-q", "file://" + city().native(), "wanted"};
    if (depth > 0) argv.push_back("--depth=" + std::to_string(depth));
    run_in(store.directory(), argv);
  }

  /// Stores a commit object of any bytes.
  CommitId put(const std::string& object) const {
    std::ofstream(directory() / "object", std::ios::binary) << object;
    auto id = run_in(store.directory(), {"git", "hash-object", "-t", "commit", "-w", directory() / "object"});
    id.pop_back();
    return CommitId(id);
  }

  void reset_hard(const CommitId& commit) const { git({"reset", "-q", "--hard", commit.text()}); }
};

}  // namespace

TEST_CASE("ancestry: a ref may move forward, through merges too, or stay where it is") {
  const Device device;
  const auto one = device.commit("one");
  device.git({"checkout", "-q", "-b", "side"});
  const auto side = device.commit("side", {}, "2026-06-01T13:00:00Z");
  device.git({"checkout", "-q", "main"});
  device.commit("two", {}, "2026-06-01T14:00:00Z");
  device.git({"merge", "-q", "-m", "merge", "side"});
  const CommitId merge(device.git({"rev-parse", "HEAD"}));
  device.fetch(merge, 0);
  CHECK(git::judge_move(device.store, merge, merge).move == Move::same);
  CHECK(git::judge_move(device.store, one, merge).move == Move::forward);
  CHECK(git::judge_move(device.store, side, merge).move == Move::forward);
  git::require_allowed(git::judge_move(device.store, one, merge), one, merge);
}

TEST_CASE("ancestry: clocks that went backwards don't hide an ancestor") {
  const Device device;
  const auto one = device.commit("one", {}, "2030-01-01T00:00:00Z");
  device.commit("two", {}, "1980-01-01T00:00:00Z");
  const auto three = device.commit("three", {}, "2026-01-01T00:00:00Z");
  device.fetch(three, 0);
  CHECK(git::judge_move(device.store, one, three).move == Move::forward);
}

TEST_CASE("ancestry: a ref that moves back or sideways is refused, naming the trailer that would allow it") {
  const Device device;
  const auto one = device.commit("one");
  const auto two = device.commit("two");
  device.fetch(two, 0);
  const auto back = git::judge_move(device.store, two, one);
  CHECK(back.move == Move::backward);
  CHECK_THROWS_WITH(git::require_allowed(back, two, one),
                    Catch::Contains("commit " + one.text() + " is older than " + two.text()) &&
                        Catch::Contains("\"Greenwave-Reset: " + two.text() + "\""));
  device.reset_hard(one);
  const auto other = device.commit("other");
  device.fetch(other, 0);
  const auto elsewhere = git::judge_move(device.store, two, other);
  CHECK(elsewhere.move == Move::sideways);
  CHECK_THROWS_AS(git::require_allowed(elsewhere, two, other), Error);
}

TEST_CASE("ancestry: a trailer that names the old commit allows a reset, also some commits later") {
  const Device device;
  const auto one = device.commit("one");
  const auto two = device.commit("two");
  device.fetch(two, 0);
  device.reset_hard(one);
  const auto reset = device.commit(
      "Give two up\n\nIt broke the signals.\n\nReviewed-by: Bo\ngreenwave-reset: " + two.text());
  const auto later = device.commit("later");
  device.fetch(later, 0);
  for (const auto& to : {reset, later}) {
    const auto verdict = git::judge_move(device.store, two, to);
    CHECK(verdict.move == Move::reset);
    CHECK(verdict.reset_by == reset);
    git::require_allowed(verdict, two, to);
  }
  CHECK(git::judge_move(device.store, one, later).move == Move::forward);
}

TEST_CASE(
    "ancestry: a trailer that names another commit, is shortened, or is in the middle of a message allows "
    "nothing") {
  const Device device;
  const auto one = device.commit("one");
  const auto two = device.commit("two");
  device.fetch(two, 0);
  for (const auto& message :
       {"x\n\nGreenwave-Reset: " + one.text(), "x\n\nGreenwave-Reset: " + two.shortened(),
        "x\n\nGreenwave-Reset: " + two.text() + "\n\nand more text", "Greenwave-Reset: " + two.text()}) {
    INFO(message);
    device.reset_hard(one);
    const auto to = device.commit(message);
    device.fetch(to, 0);
    CHECK(git::judge_move(device.store, two, to).move == Move::sideways);
  }
}

TEST_CASE("ancestry: without the history the move is unknown, until the commits in between are there") {
  const Device device;
  const auto one = device.commit("one");
  const auto two = device.commit("two");
  device.commit("three");
  const auto four = device.commit("four");
  device.fetch(one, 1);
  device.fetch(four, 1);
  const auto unknown = git::judge_move(device.store, one, four);
  CHECK(unknown.move == Move::unknown);
  CHECK_THROWS_WITH(git::require_allowed(unknown, one, four),
                    Catch::Contains("is not known to descend from"));
  device.fetch(four, 3);
  CHECK(git::judge_move(device.store, one, four).move == Move::forward);
  // The parent that a commit names counts although it is missing itself.
  CHECK(git::judge_move(device.store, two, four).move == Move::forward);
}

TEST_CASE("ancestry: the store gives Trust the commit that it verifies") {
  const Device device;
  const auto file = device.key("ana", "ed25519");
  const auto commit = device.commit("signed", file);
  device.fetch(commit, 1);
  const git::Trust trust("ana@sf.example " + device.public_key("ana"), "allowed_signers");
  CHECK(trust.verify(device.store, commit).key == device.fingerprint("ana"));
  const CommitId tree(device.git({"rev-parse", "HEAD^{tree}"}));
  CHECK_THROWS_WITH(trust.verify(device.store, tree), Catch::Contains("is not a commit"));
  CHECK_THROWS_WITH(trust.verify(device.store, CommitId(std::string(40, '1'))),
                    Catch::Contains("cannot read commit 1111"));
}

namespace {

/// What whoever serves a signed commit can make of it, and agents accepted once.
std::vector<std::string> variants(const std::string& object) {
  std::vector<std::string> found;
  const auto end = object.find("\n\n") + 1;
  found.push_back(std::string(object).insert(end, "gpgsig-sha256 x\n"));
  found.push_back(std::string(object).insert(end, " \n"));
  found.push_back(std::string(object).insert(object.find("\n ") + 2, "\n "));
  auto parts = git::take_apart(object);
  if (const auto mirrored = git::mirrored_signature(git::parse_ssh_signature(parts.signature))) {
    parts.signature = git::armored(*mirrored);
    found.push_back(git::put_together(parts));
  }
  return found;
}

}  // namespace

TEST_CASE("ancestry: a commit that is signed in another way is the same, and its branch goes on") {
  Device device;
  for (const std::string type : {"ed25519", "ecdsa", "rsa"}) {
    INFO(type);
    const auto key = device.key(type, type);
    const auto one = device.commit("one " + type, key);
    const auto two = device.commit("two " + type, key);
    const auto three = device.commit("three " + type, key);
    const auto four = device.commit("four " + type, key);
    device.fetch(four, 0);
    for (const auto& object : variants(device.object(two))) {
      INFO(object);
      const auto variant = device.put(object);
      REQUIRE(variant != two);
      CHECK(git::judge_move(device.store, variant, two).move == Move::same);
      CHECK(git::judge_move(device.store, two, variant).move == Move::same);
      for (const auto& later : {three, four}) {
        CHECK(git::judge_move(device.store, variant, later).move == Move::forward);
        CHECK(git::judge_move(device.store, later, variant).move == Move::backward);
      }
      CHECK(git::judge_move(device.store, one, variant).move == Move::forward);
      CHECK(git::judge_move(device.store, variant, one).move == Move::backward);
      const auto forms = git::keep_other_forms(device.store, variant);
      CHECK(std::ranges::find(forms, two) != forms.end());
      CHECK(forms.size() <= (type == "ecdsa" ? 2 : 1));
    }
  }
}

TEST_CASE("ancestry: other commits with the same files, time and people stay apart") {
  const Device device;
  const auto key = device.key("ana", "ecdsa");
  const auto one = device.commit("one", key);
  const auto two = device.commit("two", key);
  device.fetch(two, 0);
  device.reset_hard(one);
  const auto other = device.commit("two, but otherwise", key);
  device.fetch(other, 0);
  CHECK(git::judge_move(device.store, two, other).move == Move::sideways);
  device.reset_hard(one);
  const auto unsigned_one = device.commit("two");
  device.fetch(unsigned_one, 0);
  CHECK(git::judge_move(device.store, two, unsigned_one).move == Move::sideways);
}

TEST_CASE("ancestry: the genuine name of a mirrored commit counts where the store lacks that commit") {
  const Device device;
  const auto key = device.key("ana", "ecdsa");
  const auto one = device.commit("one", key);
  const auto two = device.commit("two", key);
  const auto mirrored = device.put(variants(device.object(two)).back());
  const auto three = device.commit("three", key);
  device.fetch(three, 1);
  CHECK_FALSE(device.store.has(two));
  CHECK(git::judge_move(device.store, mirrored, three).move == Move::forward);
  device.reset_hard(one);
  const auto reset = device.commit("Give two up\n\nGreenwave-Reset: " + two.text(), key);
  device.fetch(reset, 0);
  CHECK(git::judge_move(device.store, mirrored, reset).move == Move::reset);
}

TEST_CASE(
    "ancestry: a commit is older when ours descends from it, or when that is unknown and it is earlier") {
  const Device device;
  const auto one = device.commit("one", {}, "2026-06-01T12:00:00Z");
  const auto two = device.commit("two", {}, "2026-06-01T12:00:00Z");
  device.fetch(two, 0);
  const auto refused = [&](const CommitId& from, const CommitId& to) {
    try {
      git::require_not_older(device.store, from, to);
      return false;
    } catch (const Error& error) {
      CHECK(error.fault() == Fault::untrusted);
      CHECK_THAT(error.what(),
                 Catch::Contains(to.text() + " is older than " + from.text()) && Catch::Contains("--force"));
      return true;
    }
  };
  CHECK(refused(two, one));
  CHECK_FALSE(refused(one, two));
  CHECK_FALSE(refused(two, two));
  CHECK_FALSE(refused({}, one));
  CHECK_FALSE(refused(CommitId(std::string(40, '1')), one));
  device.reset_hard(one);
  const auto earlier = device.commit("earlier", {}, "2026-06-01T11:59:59Z");
  device.fetch(earlier, 0);
  CHECK(refused(two, earlier));
  device.reset_hard(one);
  const auto later = device.commit("later", {}, "2026-06-01T12:00:01Z");
  device.fetch(later, 0);
  CHECK_FALSE(refused(two, later));
}
