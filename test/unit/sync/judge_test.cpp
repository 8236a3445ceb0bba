#include "sync/intake/judge.h"

#include <catch2/catch.hpp>

#include "base/log.h"
#include "git/server_transport.h"
#include "git/signed_commit.h"
#include "git/sshsig.h"
#include "support/git_workshop.h"
#include "support/local_upload_pack.h"
#include "support/temporary_directory.h"
#include "sync/intake/git_intake.h"
#include "sync/remembered.h"

using namespace greenwave;
using namespace greenwave::sync;

namespace {

const std::atomic<bool> never = false;

/// Bo may change what is below lamps/ alone.
void lamps_are_bos(const Change& change) {
  if (change.signer.principal != "bo@sf.example") return;
  for (const auto& path : change.paths) {
    if (path.starts_with("lamps/")) continue;
    throw Error(Fault::untrusted, change.signer.principal + " may not change " + path);
  }
}

/// A device that takes what Ana signs, and from Bo what is about lamps.
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
  std::vector<std::vector<std::string>> judged;
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
                    .reveal = [](const SourceTree&) { return std::vector<std::string>(); },
                    .rules = {[this](const Change& change) {
                      judged.push_back(change.paths);
                      lamps_are_bos(change);
                    }}});
    city.write("greenwave.yaml",
               "apiVersion: greenwave.dev/v1\nkind: Cluster\nmetadata: {name: sf}\nspec: {layers: [{path: "
               "base}]}\n");
    city.write("base/motd.yaml", motd("hello"));
    city.write("lamps/left.txt", "on");
    city.write("other/deep/file.txt", "1");
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

TEST_CASE("judge: a rule on paths refuses a commit before any of its files comes") {
  Cabinet cabinet;
  const auto first = cabinet.city.commit("First", cabinet.ana);
  const auto arrived = cabinet.receive();
  REQUIRE_FALSE(arrived.why_not);
  CHECK(cabinet.judged.back() == std::vector<std::string>{"base/motd.yaml", "greenwave.yaml",
                                                          "lamps/left.txt", "other/deep/file.txt"});

  cabinet.city.write("lamps/left.txt", "off");
  cabinet.city.write("lamps/right/a.txt", "off");
  const auto lamps = cabinet.city.commit("Lamps", cabinet.bo);
  CHECK(cabinet.receive().commit == lamps);
  CHECK(cabinet.judged.back() == std::vector<std::string>{"lamps/left.txt", "lamps/right/a.txt"});

  cabinet.city.write("base/motd.yaml", Cabinet::motd("bo was here"));
  const auto refused = cabinet.city.commit("Not lamps", cabinet.bo);
  const auto answer = cabinet.receive();
  REQUIRE(answer.why_not);
  CHECK_THAT(answer.why_not->what(), Catch::Contains("bo@sf.example may not change base/motd.yaml"));
  CHECK(answer.answered);
  CHECK(cabinet.remembered.accepted == lamps);
  CHECK_FALSE(cabinet.remembered.signers.contains(refused));
  CHECK(cabinet.has_file(first, "base/motd.yaml"));
  CHECK_FALSE(cabinet.has_file(refused, "base/motd.yaml"));
}

TEST_CASE("judge: no rule is asked about a commit whose signature is not good") {
  Cabinet cabinet;
  cabinet.city.commit("First", cabinet.ana);
  cabinet.receive();
  const auto asked = cabinet.judged.size();
  cabinet.city.write("lamps/left.txt", "off");
  cabinet.city.commit("Unsigned");
  CHECK(cabinet.receive().why_not);
  CHECK(cabinet.judged.size() == asked);
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
