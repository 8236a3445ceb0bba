#include <catch2/catch.hpp>
#include <malloc.h>

#include "base/error.h"
#include "git/store.h"
#include "support/faults.h"
#include "support/git_repository.h"
#include "support/ssh_server.h"
#include "support/unconfined_transport.h"

using namespace greenwave;
using test::GitRepository;
using test::poll_error;
using test::SshServer;
using test::TemporaryDirectory;

namespace {

const std::atomic<bool> never{false};

config::Repository followed(const std::string& url, const SshServer& server,
                            const std::string& hosts = "ed25519") {
  config::Repository repository;
  repository.url = url;
  repository.credentials.ssh_key_file = server.file("client");
  repository.credentials.known_hosts_file = server.known_hosts(hosts);
  return repository;
}

}  // namespace

TEST_CASE("ssh: a branch is polled and fetched, then only what is new") {
  SshServer server;
  GitRepository origin;
  const std::string noise(200'000, 'n');
  const auto first = origin.commit({{"base/a.yaml", "a: 1\n"}, {"big", noise + "1"}});
  std::string protocol;
  SECTION("in protocol v2") {}
  SECTION("in the first protocol") {
    server.restart_with("AcceptEnv LANG", "AcceptEnv GIT_PROTOCOL");
  }

  TemporaryDirectory directory;
  git::Store store(directory / "git");
  const auto transport = test::unconfined_transport(followed(server.url(origin.path()), server), never);
  REQUIRE(transport->poll() == first);
  transport->fetch(first, store);
  CHECK(store.tree(first, "")->read("base/a.yaml", 100) == "a: 1\n");
  store.keep("applied", first);

  const auto second = origin.commit({{"base/a.yaml", "a: 2\n"}});
  const auto third = origin.commit({{"base/b.yaml", "b: 3\n"}});
  const auto before = transport->bytes_received();
  REQUIRE(transport->poll() == third);
  transport->fetch(third, store);
  CHECK(store.has(second));
  CHECK(store.tree(third, "base")->read("b.yaml", 100) == "b: 3\n");
  CHECK(store.commit(third).subject == "Change things");
  CHECK(transport->bytes_received() - before < 3000);
  store.keep("applied", third);

  // A branch that was rewritten leads nowhere near what is here.
  origin.git({"checkout", "-q", "--orphan", "fresh"});
  origin.git({"commit", "-q", "-m", "Start anew"});
  origin.git({"branch", "-M", "fresh", "main"});
  const auto rewritten = transport->poll();
  CHECK(rewritten != third);
  transport->fetch(rewritten, store);
  CHECK(store.tree(rewritten, "")->read("base/b.yaml", 100) == "b: 3\n");
}

TEST_CASE("ssh: a poll leaves no memory behind") {
  SshServer server;
  GitRepository origin;
  origin.commit({{"a", "1"}});
  const auto transport = test::unconfined_transport(followed(server.url(origin.path()), server), never);
  transport->poll();
  const auto before = ::mallinfo2().uordblks;
  for (int i = 0; i < 10; ++i) transport->poll();
  CHECK(::mallinfo2().uordblks < before + 100'000);
}

TEST_CASE("ssh: a poll takes one connection, and so does a fetch, however many directories deep") {
  SshServer server;
  GitRepository origin;
  const auto commit = origin.commit({{"one/two/three/a", "1"}});
  TemporaryDirectory directory;
  git::Store store(directory / "git");
  const auto transport = test::unconfined_transport(followed(server.url(origin.path()), server), never);
  const auto connections = [&] {
    const auto log = read_file(server.file("sshd.log"), 1 << 20);
    std::size_t count = 0;
    for (auto at = log.find("Accepted publickey"); at != log.npos;
         at = log.find("Accepted publickey", at + 1))
      ++count;
    return count;
  };
  transport->poll();
  CHECK(connections() == 1);
  transport->fetch(commit, store, [](const SourceTree& tree) { tree.read("one/two/three/a", 10); });
  CHECK(store.tree(commit, "")->read("one/two/three/a", 10) == "1");
  CHECK(connections() == 2);
}

TEST_CASE("ssh: the first fetch leaves the history on the server") {
  SshServer server;
  GitRepository origin;
  const auto old = origin.commit({{"a", "1"}});
  const auto tip = origin.commit({{"a", "2"}});
  TemporaryDirectory directory;
  git::Store store(directory / "git");
  const auto transport = test::unconfined_transport(followed(server.url(origin.path()), server), never);
  transport->fetch(tip, store);
  CHECK(store.has(tip));
  CHECK_FALSE(store.has(old));
}

TEST_CASE("ssh: only a server whose key is in known_hosts is trusted") {
  SshServer server;
  GitRepository origin;
  const auto commit = origin.commit({{"a", "1"}});
  auto repository = followed(server.url(origin.path()), server);
  CHECK(test::unconfined_transport(repository, never)->poll() == commit);

  repository.credentials.known_hosts_file = server.known_hosts("ecdsa");
  CHECK(test::unconfined_transport(repository, never)->poll() == commit);
  repository.credentials.known_hosts_file = server.known_hosts("ed25519", true);
  CHECK(test::unconfined_transport(repository, never)->poll() == commit);

  server.make_key("stranger", "ed25519");
  const auto stranger =
      "[127.0.0.1]:" + std::to_string(server.port()) + " " + read_file(server.file("stranger.pub"), 4096);
  TemporaryDirectory directory;
  repository.credentials.known_hosts_file = directory.write("changed", stranger);
  CHECK_THAT(poll_error(repository), Catch::StartsWith("untrusted: the key of 127.0.0.1 port"));
  CHECK_THAT(poll_error(repository),
             Catch::Contains("has changed: it presented") && Catch::Contains("SHA256:"));

  repository.credentials.known_hosts_file = directory.write("empty", "");
  CHECK_THAT(poll_error(repository), Catch::StartsWith("untrusted") && Catch::Contains("ssh-keyscan -p"));
  repository.credentials.known_hosts_file.clear();
  CHECK_THAT(poll_error(repository), Catch::StartsWith("untrusted") && Catch::Contains("SHA256:"));
}

TEST_CASE("ssh: each way to fail says what to do") {
  SshServer server;
  GitRepository origin;
  origin.commit({{"a", "1"}});
  const auto good = followed(server.url(origin.path()), server);

  SECTION("a key that the server doesn't know") {
    server.make_key("other", "ed25519");
    auto repository = good;
    repository.credentials.ssh_key_file = server.file("other");
    CHECK_THAT(poll_error(repository), Catch::StartsWith("invalid") && Catch::Contains("deploy keys"));
  }
  SECTION("a key with a passphrase") {
    server.make_key("locked", "ed25519", "secret words");
    auto repository = good;
    repository.credentials.ssh_key_file = server.file("locked");
    CHECK_THAT(poll_error(repository), Catch::StartsWith("invalid") && Catch::Contains("has a passphrase"));
  }
  SECTION("a key file that is none") {
    auto repository = good;
    repository.credentials.ssh_key_file = server.file("client.pub");
    CHECK_THAT(poll_error(repository), Catch::StartsWith("invalid"));
    repository.credentials.ssh_key_file = server.file("absent");
    CHECK_THAT(poll_error(repository), Catch::StartsWith("invalid: credentials.sshKeyFile: cannot open"));
    repository.credentials.ssh_key_file.clear();
    CHECK_THAT(poll_error(repository), Catch::Contains("credentials.sshKeyFile"));
  }
  SECTION("no such repository") {
    auto repository = good;
    repository.url = server.url("/nonexistent/city's.git");
    CHECK_THAT(poll_error(repository),
               Catch::StartsWith("invalid: the server says:") && Catch::Contains("repository.url"));
  }
  SECTION("no such branch") {
    auto repository = good;
    repository.branch = "mian";
    CHECK_THAT(poll_error(repository), Catch::StartsWith("invalid: the repository has no branch mian; ") &&
                                           Catch::EndsWith("follow an existing branch: main"));
  }
  SECTION("an empty repository") {
    const GitRepository empty;
    auto repository = good;
    repository.url = server.url(empty.path());
    CHECK_THAT(poll_error(repository), Catch::StartsWith("invalid: the repository is empty"));
  }
  SECTION("a port that nothing listens on") {
    auto repository = good;
    repository.url = "ssh://git@127.0.0.1:" + std::to_string(test::free_port()) + "/city.git";
    CHECK_THAT(poll_error(repository),
               Catch::StartsWith("transient") && Catch::Contains("Connection refused"));
  }
  SECTION("a name that does not exist") {
    auto repository = good;
    repository.url = "ssh://git@no-such-host.invalid/city.git";
    CHECK_THAT(poll_error(repository),
               Catch::StartsWith("transient") && Catch::Contains("no-such-host.invalid"));
  }
}
