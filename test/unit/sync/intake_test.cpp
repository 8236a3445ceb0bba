#include <catch2/catch.hpp>

#include "base/log.h"
#include "git/file_transport.h"
#include "render/local_engine.h"
#include "support/git_repository.h"
#include "support/sops_file.h"
#include "support/temporary_directory.h"
#include "sync/intake/git_intake.h"
#include "sync/remembered.h"

using namespace greenwave;
using namespace greenwave::sync;
using namespace greenwave::test;

namespace {

const std::atomic<bool> never = false;
std::atomic<bool> nobody_gives_up = false;

/// As a server that can filter: shows the files to whoever says what is needed, and counts.
class ShowingTransport : public git::FileTransport {
 public:
  explicit ShowingTransport(const std::filesystem::path& path)
      : FileTransport(path, "refs/heads/main", never) {}

  using Transport::fetch;
  void fetch(const CommitId& commit, git::Store& store, const git::Visit& visit) override {
    if (is_down) throw Error(Fault::transient, "no route to host");
    ++fetches;
    is_fetching = true;
    FileTransport::fetch(commit, store, visit);
    if (visit) visit(*store.tree(commit, ""));
    is_fetching = false;
  }

  bool is_down = false;
  bool is_fetching = false;
  int fetches = 0;
};

struct Cabinet {
  TemporaryDirectory directory;
  GitRepository origin;
  config::Config config;
  Labels facts;
  Log log{Level::error};
  SystemClock clock;
  std::unique_ptr<ShowingTransport> transport;
  std::unique_ptr<GitIntake> intake;
  int revealed = 0;
  std::vector<std::string> phases;

  Cabinet() {
    config.device = "fr-1";
    config.repository.url = origin.url();
    config.repository.branch = "main";
    config.state_directory = directory.path();
    transport = std::make_unique<ShowingTransport>(origin.path());
    intake = std::make_unique<GitIntake>(
        IntakeParts{.config = config,
                    .facts = facts,
                    .log = log,
                    .clock = clock,
                    .transport = *transport,
                    .trust = nullptr,
                    .stop = never,
                    .give_up = nobody_gives_up,
                    .heartbeat = [] {},
                    .begin_render = [] { return std::make_unique<render::LocalEngine>(); },
                    .reveal =
                        [this](const SourceTree&) {
                          CHECK_FALSE(transport->is_fetching);
                          ++revealed;
                          return std::vector<std::string>();
                        }});
  }

  Arrival receive(Remembered remembered, const Own& own = {}) {
    return intake->receive({.bundle = {}, .remembered = std::move(remembered), .own = own},
                           [this](std::string text) { phases.push_back(std::move(text)); });
  }

  CommitId commit(const std::string& manifest) {
    return origin.commit(
        {{"greenwave.yaml",
          "apiVersion: greenwave.dev/v1\nkind: Cluster\nmetadata: {name: fresno}\nspec: {layers: [{path: "
          "base}]}\n"},
         {"base/motd.yaml", manifest}});
  }
};

Remembered nothing() {
  Remembered remembered;
  remembered.following = following_from("refs/heads/main", "", "");
  return remembered;
}

const std::string motd =
    "apiVersion: greenwave.dev/v1\nkind: File\nmetadata: {name: motd}\nspec: {path: /etc/motd, content: "
    "hello}\n";

}  // namespace

TEST_CASE("intake: the newest commit arrives with its files, and what is remembered of it") {
  Cabinet cabinet;
  const auto one = cabinet.commit(motd);
  const auto arrival = cabinet.receive(nothing());
  CHECK_FALSE(arrival.why_not);
  CHECK(arrival.answered);
  CHECK(arrival.commit == one);
  CHECK(arrival.target == one);
  CHECK_FALSE(arrival.is_held);
  CHECK(arrival.remembered.accepted.empty());  // nobody checks
  CHECK(arrival.remembered.following.arrived_by == "refs/heads/main");
  CHECK_FALSE(arrival.remembered.following.is_undecided());
  CHECK(cabinet.phases.size() == 2);

  const auto fetches = cabinet.transport->fetches;
  CHECK(cabinet.receive(arrival.remembered, {.applied = one}).commit == one);
  CHECK(cabinet.transport->fetches == fetches);  // it is known to be there
}

TEST_CASE("intake: a render made for the fetch is used again, unless something is encrypted") {
  Cabinet cabinet;
  cabinet.commit(motd);
  const auto plain = cabinet.receive(nothing());
  REQUIRE(plain.fresh);
  CHECK(plain.fresh->rendered.manifests.size() == 1);
  CHECK(cabinet.revealed == 0);
}

TEST_CASE("intake: who fetches sees what is encrypted closed, and asks who has the keys only afterwards") {
  Cabinet cabinet;
  const auto ours = secrets::new_identity();
  const auto is_content = [](const std::string& path) { return path == "spec:content:"; };
  const auto one = cabinet.commit(SopsFile{.recipients = {ours}, .chosen = is_content}.of(motd));
  const auto arrival = cabinet.receive(nothing());
  CHECK(arrival.commit == one);
  CHECK_FALSE(arrival.fresh);
  CHECK(cabinet.revealed == 1);
}

TEST_CASE("intake: an outage is remembered from its first failure to the next answer") {
  Cabinet cabinet;
  const auto one = cabinet.commit(motd);
  cabinet.transport->is_down = true;
  const auto first = cabinet.receive(nothing());
  REQUIRE(first.why_not);
  CHECK(first.commit.empty());
  CHECK(first.target == one);
  CHECK_FALSE(first.answered);
  REQUIRE(first.remembered.unreachable_since);
  const auto second = cabinet.receive(first.remembered);
  CHECK(second.remembered.unreachable_since == first.remembered.unreachable_since);
  cabinet.transport->is_down = false;
  CHECK_FALSE(cabinet.receive(second.remembered).remembered.unreachable_since);
}

TEST_CASE("intake: a device keeps its commit while another ref than the one it came by is behind") {
  Cabinet cabinet;
  const auto one = cabinet.commit(motd);
  auto arrival = cabinet.receive(nothing());
  cabinet.origin.git({"branch", "ahead"});
  cabinet.origin.git({"commit", "-q", "--amend", "-m", "Another history"});
  arrival.remembered.following.arrived_by = "refs/heads/ahead";
  for (int i = 0; i < 2; ++i) {  // the second time from memory
    const auto held = cabinet.receive(arrival.remembered, {.applied = one});
    CHECK(held.is_held);
    CHECK(held.commit == one);
    CHECK(held.target != one);
  }
}

TEST_CASE("intake: what it remembers is the same after a restart") {
  const TemporaryDirectory directory;
  state::State state(directory / "state.db");
  Remembered remembered = nothing();
  CHECK((recall(state, "refs/heads/main") == remembered));
  auto after = remembered;
  after.accepted = CommitId("a");
  after.signers = {{CommitId("a"), {"ana@city.example", "SHA256:x"}}};
  after.following.decided_branch = "refs/heads/main";
  after.following.wave = "canary";
  after.following.wave_ref = "refs/heads/wave/canary";
  after.following.arrived_by = "refs/heads/main";
  after.unreachable_since = from_iso("2026-11-24T06:00:00Z");
  remember(state, remembered, after);
  CHECK((recall(state, "refs/heads/main") == after));
  remember(state, after, remembered);
  CHECK_FALSE(recall(state, "refs/heads/main").unreachable_since);
}
