#include "sync/intake/judge.h"

#include <catch2/catch.hpp>

#include "base/log.h"
#include "git/server_transport.h"
#include "git/signed_commit.h"
#include "git/sshsig.h"
#include "render/local_engine.h"
#include "support/git_workshop.h"
#include "support/local_upload_pack.h"
#include "support/temporary_directory.h"
#include "sync/intake/git_intake.h"
#include "sync/remembered.h"

using namespace greenwave;
using namespace greenwave::sync;

namespace {

const std::atomic<bool> never = false;

/// A device that takes what Ana and Bo sign.
struct Cabinet {
  test::TemporaryDirectory directory;
  test::Workshop city;
  std::string ana = city.key("ana", "ed25519");
  std::string bo = city.key("bo", "ed25519");
  git::Trust trust{
      "ana@sf.example " + city.public_key("ana") + "\nbo@sf.example " + city.public_key("bo") + "\n",
      "allowed_signers"};
  config::Config config;
  Labels facts;
  Log log{Level::error};
  SystemClock clock;
  git::ServerTransport transport{std::make_unique<test::LocalUploadPack>(city.city()), "refs/heads/main", "",
                                 never};
  std::atomic<bool> give_up = false;
  std::unique_ptr<GitIntake> intake;
  Remembered remembered;

  Cabinet() {
    for (const auto* name : {"uploadpack.allowAnySHA1InWant", "uploadpack.allowFilter"}) {
      city.git({"config", name, "true"});
    }
    config.device = "sf-1";
    config.state_directory = directory.path();
    remembered.following = following_from("refs/heads/main", "", "");
    intake = std::make_unique<GitIntake>(
        IntakeParts{.config = config,
                    .facts = facts,
                    .log = log,
                    .clock = clock,
                    .transport = transport,
                    .trust = &trust,
                    .stop = never,
                    .give_up = give_up,
                    .heartbeat = [] {},
                    .begin_render = [] { return std::make_unique<render::LocalEngine>(); },
                    .reveal = [](const SourceTree&) { return std::vector<std::string>(); }});
    city.write("greenwave.yaml",
               "apiVersion: greenwave.dev/v1\nkind: Cluster\nmetadata: {name: sf}\nspec: {layers: [{path: "
               "base}]}\n");
    city.write("base/motd.yaml", motd("hello"));
    city.write("lamps/left.txt", "on");
    city.write("other/deep/file.txt", "1");
  }

  void guard_lamps() {
    config.path_rules = {{.path = "lamps", .signers = {"ana@sf.example", "bo@sf.example"}, .threshold = 2}};
  }

  static std::string motd(const std::string& text) {
    return "apiVersion: greenwave.dev/v1\nkind: File\nmetadata: {name: motd}\nspec: {path: /etc/motd, "
           "content: " +
           text + "}\n";
  }

  Arrival receive() {
    auto arrival =
        intake->receive({.bundle = {}, .remembered = remembered, .own = {}}, [](const std::string&) {});
    remembered = arrival.remembered;
    return arrival;
  }

  /// Whether the bytes of a file of this content came.
  bool has_file(const CommitId& commit, const std::string& path) const {
    return city.has_object(config.store(), city.git({"rev-parse", commit.text() + ":" + path}));
  }
};

}  // namespace

TEST_CASE(
    "judge: a change of a guarded path that one person signed is refused before any of its files comes") {
  Cabinet cabinet;
  cabinet.guard_lamps();
  cabinet.city.commit("First", cabinet.ana);
  const auto alone = cabinet.receive();
  REQUIRE(alone.why_not);
  CHECK_THAT(alone.why_not->what(),
             Catch::Contains("has lamps, which 2 of ana@sf.example, bo@sf.example must approve"));
  CHECK(alone.answered);
  const auto first = cabinet.city.commit("Approve", cabinet.bo);
  CHECK(cabinet.receive().commit == first);

  cabinet.city.write("other/deep/file.txt", "2");
  const auto other = cabinet.city.commit("Not lamps", cabinet.bo);
  CHECK(cabinet.receive().commit == other);

  cabinet.city.write("lamps/left.txt", "off");
  cabinet.city.write("base/motd.yaml", Cabinet::motd("bo was here"));
  const auto lamps = cabinet.city.commit("Lamps", cabinet.bo);
  const auto refused = cabinet.receive();
  REQUIRE(refused.why_not);
  CHECK_THAT(refused.why_not->what(), Catch::Contains("changes lamps"));
  CHECK(cabinet.remembered.accepted == other);
  CHECK_FALSE(cabinet.remembered.signers.contains(lamps));
  CHECK(cabinet.has_file(other, "base/motd.yaml"));
  CHECK_FALSE(cabinet.has_file(lamps, "base/motd.yaml"));

  const auto approved = cabinet.city.commit("Approve", cabinet.ana);
  CHECK(cabinet.receive().commit == approved);
  CHECK(cabinet.has_file(approved, "base/motd.yaml"));
}

TEST_CASE(
    "judge: a merge of a branch that is older than what the device has is judged by its whole history") {
  Cabinet cabinet;
  cabinet.guard_lamps();
  const auto& city = cabinet.city;
  city.commit("First", cabinet.ana);
  city.git({"branch", "topic"});
  city.write("other/deep/file.txt", "2");
  city.commit("On", cabinet.bo);
  CHECK_FALSE(cabinet.receive().why_not);
  city.git({"checkout", "-q", "topic"});
  city.write("lamps/left.txt", "off");
  city.commit("Lamps", cabinet.ana);
  city.git({"checkout", "-q", "main"});
  city.git({"-c", "gpg.format=ssh", "-c", "user.signingkey=" + cabinet.bo, "merge", "-q", "-S", "-m", "Merge",
            "topic"});
  const CommitId merged(city.git({"rev-parse", "HEAD"}));
  const auto arrival = cabinet.receive();
  CHECK_FALSE(arrival.why_not);
  CHECK(arrival.commit == merged);
}

TEST_CASE("judge: a commit that must say which ref it is for is refused with the trailer that it lacks") {
  Cabinet cabinet;
  cabinet.config.require_ref = true;
  const auto refusal = [&](const std::string& message) {
    const auto commit = cabinet.city.commit(message, cabinet.ana);
    const auto arrival = cabinet.receive();
    REQUIRE(arrival.why_not);
    CHECK(arrival.why_not->fault() == Fault::untrusted);
    CHECK_THAT(arrival.why_not->what(), Catch::Contains(commit.text()));
    return std::string(arrival.why_not->what());
  };
  CHECK_THAT(refusal("First"), Catch::Contains("does not say which branch it is for") &&
                                   Catch::Contains("\"Greenwave-Ref: refs/heads/main\""));
  CHECK_THAT(refusal("A branch\n\nGreenwave-Ref: refs/heads/topic"),
             Catch::Contains("is for refs/heads/topic, not for refs/heads/main"));
  refusal("Greenwave-Ref: refs/heads/main");  // a subject is no trailer
  refusal("x\n\nGreenwave-Ref: refs/heads/main\n\nnot at the end");
  refusal("x\n\nGreenwave-Ref: main");
  cabinet.city.commit("Good\n\nGreenwave-Ref: refs/heads/topic\ngreenwave-ref:  refs/heads/main ",
                      cabinet.ana);
  CHECK_FALSE(cabinet.receive().why_not);
  refusal("And on");  // what an ancestor says does not count
}

TEST_CASE("judge: a commit under another id is known as the one that it is") {
  Cabinet cabinet;
  const auto key = cabinet.city.key("ursula", "ecdsa");
  const git::Trust trust("ursula@sf.example " + cabinet.city.public_key("ursula"), "allowed_signers");
  cabinet.trust = trust;
  const auto genuine = cabinet.city.commit("First", key);
  auto parts = git::take_apart(cabinet.city.object(genuine));
  parts.signature = git::armored(*git::mirrored_signature(git::parse_ssh_signature(parts.signature)));
  std::ofstream(cabinet.city.directory() / "object", std::ios::binary) << git::put_together(parts);
  const CommitId variant(cabinet.city.git({"hash-object", "-t", "commit", "-w", "../object"}));
  cabinet.city.git({"update-ref", "refs/heads/main", variant.text()});
  CHECK(cabinet.receive().commit == variant);

  cabinet.city.git({"update-ref", "refs/heads/main", genuine.text()});
  const auto arrival = cabinet.receive();
  CHECK(arrival.commit == genuine);
  CHECK(arrival.same_as == variant);
  CHECK(cabinet.remembered.accepted == genuine);

  cabinet.city.git({"update-ref", "refs/heads/main", variant.text()});
  CHECK(cabinet.receive().same_as == genuine);
  cabinet.city.git({"update-ref", "refs/heads/main", genuine.text()});
  cabinet.city.write("lamps/left.txt", "off");
  const auto next = cabinet.city.commit("Next", key);
  const auto forward = cabinet.receive();
  CHECK(forward.commit == next);
  CHECK(forward.same_as.empty());
}
