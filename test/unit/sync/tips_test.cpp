#include "sync/intake/tips.h"

#include <optional>
#include <random>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/error.h"
#include "support/git_workshop.h"
#include "support/signer.h"

using namespace greenwave;
using namespace greenwave::sync;
using greenwave::test::Signer;
using std::chrono::hours;

namespace {

constexpr const char* branch = "refs/heads/main";
constexpr const char* canary = "refs/heads/wave/canary";
const std::string springfield = "springfield";
const Time noon = std::chrono::sys_days(std::chrono::year(2026) / 11 / 27) + hours(12);

CommitId commit_named(int number) {
  auto digits = fmt::format("{:040x}", number);
  return CommitId(std::move(digits));
}

git::SignedTip tip_of(int number, std::uint64_t sequence, Time issued = noon) {
  return {.repository = springfield,
          .ref = branch,
          .commit = commit_named(number),
          .sequence = sequence,
          .issued = issued,
          .expires = issued + hours(24)};
}

/// A city whose server signs tips, and a device that follows it.
struct Street {
  Signer server;
  Signer ana;
  git::Trust trust{"server namespaces=\"greenwave-tip\" " + server.public_key() +
                       "\nana namespaces=\"git\" " + ana.public_key() + "\n",
                   "allowed_signers"};
  std::vector<std::string> refs{branch};
  SeenTips seen;
  Time clock = noon;
  BootTime boot{"boot 1", hours(1)};

  std::string signed_by(const Signer& signer, const git::SignedTip& tip,
                        const std::string& space = "greenwave-tip") const {
    const auto statement = git::statement_of(tip);
    return statement + signer.signature_of(statement, space);
  }
  std::string text(const git::SignedTip& tip) const { return signed_by(server, tip); }

  /// What is said, or the commit's name.
  std::string serve(const std::string& text, const std::string& ref = branch) {
    const auto before = seen;
    try {
      const TipLaw law{
          .trust = trust, .repository = springfield, .now = time_at_least(seen, clock, boot), .boot = boot};
      return judge_tip({.ref = ref, .text = text}, refs, law, seen).commit.text();
    } catch (const Error& error) {
      CHECK(error.fault() == Fault::untrusted);
      CHECK_FALSE(error.remedy().empty());
      CHECK(seen == before);
      return error.message();
    }
  }
  std::string serve(const git::SignedTip& tip) { return serve(text(tip)); }

  bool is_expired() const {
    const auto known = known_tip(seen, springfield, refs, time_at_least(seen, clock, boot));
    return known && known->is_expired;
  }
};

bool says(const std::string& what, const std::string& part) {
  INFO(what);
  CHECK(what.find(part) != std::string::npos);
  return what.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("signed tips: a newer one is followed, and one that was seen is followed again") {
  Street street;
  CHECK(street.serve(tip_of(1, 10)) == commit_named(1).text());
  CHECK(street.serve(tip_of(1, 10)) == commit_named(1).text());
  CHECK(street.serve(tip_of(2, 11)) == commit_named(2).text());
  CHECK(street.serve(tip_of(3, 5'000)) == commit_named(3).text());
}

TEST_CASE("signed tips: one with a lower sequence is not followed, whenever it was issued") {
  Street street;
  street.serve(tip_of(2, 11));
  says(street.serve(tip_of(1, 10)), "is an old one: its sequence is 10, and one with 11 was seen");
  says(street.serve(tip_of(1, 10, noon + hours(100))), "is an old one");
}

TEST_CASE("signed tips: the same sequence for another commit is not followed") {
  Street street;
  street.serve(tip_of(2, 11));
  says(street.serve(tip_of(3, 11, noon + hours(1))), "with the sequence 11 name different commits");
}

TEST_CASE("signed tips: what is remembered of them survives a restart of the agent") {
  Street street;
  street.serve(tip_of(2, 11));
  const auto kept = seen_tips_from(to_text(street.seen));
  CHECK(kept == street.seen);
  street.seen = kept;
  says(street.serve(tip_of(1, 10)), "is an old one");
}

TEST_CASE("signed tips: a text that no writer of ours wrote is remembered as nothing") {
  for (const auto* text : {"", "{", "[1]", "[{}]", R"([{"tip": "x", "boot": "b", "sinceMs": 1}])",
                           R"([{"tip": 3, "boot": "b", "sinceMs": 1}])"}) {
    CHECK(seen_tips_from(text).empty());
  }
}

TEST_CASE("signed tips: an unsigned one, or no tip at all, is not followed") {
  Street street;
  says(street.serve(commit_named(1).text() + "\n"), "is not signed, which trust.tip requires");
  says(street.serve("<html>"), "is not signed");
  says(street.serve(git::statement_of(tip_of(1, 10))), "it has no SSH signature");
}

TEST_CASE("signed tips: one by a key for commits, or by a stranger, is not followed") {
  Street street;
  says(street.serve(street.signed_by(street.ana, tip_of(1, 10))), "which may sign commits");
  says(street.serve(street.signed_by(Signer(), tip_of(1, 10))), "which allowed_signers does not list");
}

TEST_CASE("signed tips: a key that may also sign commits signs no tips, however its lines are written") {
  const Signer both;
  const auto key = both.public_key();
  for (const auto& lines :
       {"a " + key, "a namespaces=\"git,greenwave-tip\" " + key, "a namespaces=\"*\" " + key,
        "a namespaces=\"greenwave-tip\" " + key + "\nb namespaces=\"git\" " + key,
        "a namespaces=\"greenwave-tip\" " + key + "\nb " + key}) {
    Street street;
    street.trust = git::Trust(lines + "\n", "allowed_signers");
    says(street.serve(street.signed_by(both, tip_of(1, 10))), "which may sign commits");
  }
  for (const auto* space : {"greenwave-*", "greenwave-tip,file", "file"}) {
    Street street;
    street.trust = git::Trust(fmt::format("a namespaces=\"{}\" {}\n", space, key), "allowed_signers");
    says(street.serve(street.signed_by(both, tip_of(1, 10))), "does not allow for tips alone");
  }
}

TEST_CASE("signed tips: a key for tips signs no commits") {
  const Street street;
  CHECK_FALSE(street.trust.names("server"));
  const auto object = street.server.sign(
      "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor A <a@b> 0 +0000\ncommitter A "
      "<a@b> 0 +0000\n\nx\n");
  CHECK_THROWS_WITH(street.trust.verify(object, CommitId("C")),
                    Catch::Contains("allows for the namespaces \"greenwave-tip\" only"));
}

TEST_CASE("signed tips: a signature for another namespace is not taken") {
  Street street;
  says(street.serve(street.signed_by(street.server, tip_of(1, 10), "git")), "for the namespace \"git\"");
  says(street.serve(street.signed_by(street.server, tip_of(1, 10), "file")), "for the namespace \"file\"");
}

TEST_CASE("signed tips: one about another repository or ref is not followed") {
  Street street;
  auto tip = tip_of(1, 10);
  tip.repository = "shelbyville";
  says(street.serve(tip), "about the repository shelbyville, and trust.tip names springfield");
  tip = tip_of(1, 10);
  tip.ref = "refs/heads/next";
  says(street.serve(tip), "about refs/heads/next instead of refs/heads/main");
}

TEST_CASE("signed tips: every byte of one counts") {
  Street street;
  const auto genuine = street.text(tip_of(1, 10));
  for (std::size_t i = 0; i < genuine.size(); ++i) {
    auto forged = genuine;
    forged[i] = static_cast<char>(forged[i] ^ 1);
    INFO("byte " << i);
    CHECK(street.serve(forged).size() != 40);
    CHECK(street.serve(genuine.substr(0, i)).size() != 40);
    CHECK(street.serve(std::string(genuine).insert(i, "x")).size() != 40);
  }
  CHECK(street.serve(genuine) == commit_named(1).text());
}

TEST_CASE("signed tips: a key's times are compared with when the tip was issued") {
  Street street;
  street.trust = git::Trust(
      "s namespaces=\"greenwave-tip\",valid-before=\"20261201Z\" " + street.server.public_key() + "\n",
      "allowed_signers");
  CHECK(street.serve(tip_of(1, 10)) == commit_named(1).text());
  says(street.serve(tip_of(2, 11, noon + hours(24 * 10))), "which has expired");
}

TEST_CASE("signed tips: one that ssh-keygen signed is followed") {
  const test::Workshop workshop;
  const auto key = workshop.key("server", "ecdsa", "256");
  const auto tip = tip_of(1, 10);
  workshop.write("statement", git::statement_of(tip));
  workshop.run_in(workshop.city(),
                  {"ssh-keygen", "-q", "-Y", "sign", "-n", "greenwave-tip", "-f", key, "statement"});
  Street street;
  street.trust =
      git::Trust("s namespaces=\"greenwave-tip\" " + workshop.public_key("server") + "\n", "allowed_signers");
  const auto text = git::statement_of(tip) + read_file(workshop.city() / "statement.sig", 4096);
  CHECK(street.serve(text) == tip.commit.text());
}

TEST_CASE("signed tips: an expired one is said, and followed") {
  Street street;
  street.serve(tip_of(1, 10));
  CHECK_FALSE(street.is_expired());
  street.clock = noon + hours(25);
  CHECK(street.is_expired());
  CHECK(street.serve(tip_of(1, 10)) == commit_named(1).text());
  CHECK(street.serve(tip_of(2, 11)) == commit_named(2).text());
  CHECK(street.is_expired());
  CHECK(street.serve(tip_of(2, 11, street.clock)) == commit_named(2).text());
  CHECK_FALSE(street.is_expired());
  // An older statement of the same takes nothing back.
  street.serve(tip_of(2, 11));
  CHECK_FALSE(street.is_expired());
}

TEST_CASE("signed tips: a device whose clock stands at 1970 counts a tip's age from boot") {
  Street street;
  street.clock = Time(hours(1));
  street.serve(tip_of(1, 10));
  CHECK_FALSE(street.is_expired());
  street.boot.since += hours(23);
  CHECK_FALSE(street.is_expired());
  street.boot.since += hours(2);
  CHECK(street.is_expired());

  street.boot = {"boot 2", std::chrono::minutes(1)};  // how long it was off, nobody knows
  CHECK_FALSE(street.is_expired());
  CHECK(time_at_least(street.seen, street.clock, street.boot) == noon + std::chrono::minutes(1));
  street.boot.since = hours(25);
  CHECK(street.is_expired());

  street.clock = noon + hours(1);  // it is set
  street.boot = {"boot 3", hours(1)};
  CHECK_FALSE(street.is_expired());
}

TEST_CASE("signed tips: a wave's tip that is held back turns no device to the branch") {
  Street street;
  street.refs = {canary, branch};
  auto wave = tip_of(2, 11);
  wave.ref = canary;
  CHECK(street.serve(tip_of(1, 10)) == commit_named(1).text());  // the wave has no ref yet
  CHECK(street.serve(street.text(wave), canary) == commit_named(2).text());
  says(street.serve(tip_of(1, 10)), "has no signed tip of refs/heads/wave/canary any more");
  street.clock = noon + hours(25);
  CHECK(street.serve(tip_of(1, 10)) == commit_named(1).text());
}

TEST_CASE("signed tips: another name of the repository begins anew") {
  Street street;
  street.serve(tip_of(1, 999'999'999));
  auto tip = tip_of(2, 1);
  tip.repository = "springfield-2";
  const std::string name = tip.repository;
  const TipLaw law{.trust = street.trust, .repository = name, .now = noon, .boot = street.boot};
  CHECK(judge_tip({.ref = branch, .text = street.text(tip)}, street.refs, law, street.seen).commit ==
        tip.commit);
  CHECK(street.seen.at(branch).tip.sequence == 1);
}

TEST_CASE("signed tips: signed again for the same commit, they are stored once a day") {
  Street street;
  street.serve(tip_of(1, 10));
  auto before = street.seen;
  CHECK(is_worth_storing({}, before));
  street.serve(tip_of(1, 10, noon + hours(6)));
  CHECK_FALSE(is_worth_storing(before, street.seen));
  street.serve(tip_of(1, 10, noon + hours(13)));
  CHECK(is_worth_storing(before, street.seen));
  before = street.seen;
  street.serve(tip_of(2, 11, noon + hours(13)));
  CHECK(is_worth_storing(before, street.seen));
}

TEST_CASE("signed tips: whatever is served, a device follows and says what a count by hand does") {
  std::mt19937 random(GENERATE(range(0, 40)));
  const auto chance = [&](int of) { return std::uniform_int_distribution<int>(0, of - 1)(random); };
  Street street;
  const Signer stranger;
  // The truth: what was ever issued, and what time it is.
  Time truth = noon;
  std::uint64_t sequence = 100;
  int commit = 1;
  std::vector<git::SignedTip> issued{tip_of(commit, sequence, truth)};
  // The model: the highest that was followed, and the latest that it is known to hold.
  std::optional<git::SignedTip> highest;
  bool has_clock = true;
  int boots = 1;
  const auto issue = [&](const git::SignedTip& tip) { issued.push_back(tip); };

  for (int step = 0; step < 60; ++step) {
    const auto passing = std::chrono::minutes(chance(600));
    truth += passing;
    street.boot.since += passing;
    if (chance(12) == 0) {
      street.boot = {fmt::format("boot {}", ++boots), Duration::zero()};
      has_clock = chance(2) == 0;
    }
    street.clock = has_clock ? truth : Time(street.boot.since);
    switch (chance(3)) {
      case 0:
        issue(tip_of(++commit, ++sequence, truth));
        break;
      case 1:
        issue(tip_of(commit, sequence, truth));
        break;
      default:
        break;
    }
    auto tip = issued[chance(2) == 0 ? issued.size() - 1
                                     : static_cast<std::size_t>(chance(static_cast<int>(issued.size())))];
    const auto* signer = &street.server;
    std::string space = "greenwave-tip";
    bool is_genuine = true;
    switch (chance(10)) {
      case 0:
        signer = chance(2) == 0 ? &stranger : &street.ana;
        is_genuine = false;
        break;
      case 1:
        space = "git";
        is_genuine = false;
        break;
      case 2:
        (chance(2) == 0 ? tip.repository : tip.ref) = "refs/heads/shelbyville";
        is_genuine = false;
        break;
      case 3:
        tip.commit = commit_named(1'000'000);  // the same sequence for another commit
        break;
      default:
        break;
    }
    const bool is_followed =
        is_genuine && (!highest || tip.sequence > highest->sequence ||
                       (tip.sequence == highest->sequence && tip.commit == highest->commit));
    const auto said = street.serve(street.signed_by(*signer, tip, space));
    INFO("step " << step << ": " << said);
    CHECK((said == tip.commit.text()) == is_followed);
    if (is_followed && (!highest || tip.sequence > highest->sequence || tip.issued > highest->issued)) {
      highest = tip;
    }
    if (chance(10) == 0) street.seen = seen_tips_from(to_text(street.seen));
    if (!highest) continue;
    CHECK(street.seen.at(branch).tip == *highest);
    const bool has_expired = highest->expires < truth;
    if (has_clock) CHECK(street.is_expired() == has_expired);
    CHECK((has_expired || !street.is_expired()));
  }
}
