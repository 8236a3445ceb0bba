#include <catch2/catch.hpp>

#include "base/error.h"
#include "base/file.h"
#include "git/http_upload_pack.h"
#include "git/server_transport.h"
#include "git/store.h"
#include "support/faults.h"
#include "support/git_repository.h"
#include "support/https_server.h"
#include "support/source_directory.h"
#include "support/unconfined_transport.h"

using namespace greenwave;
using test::GitRepository;
using test::HttpsServer;
using test::poll_error;
using test::TemporaryDirectory;

namespace {

const std::atomic<bool> never{false};

config::Repository followed(const HttpsServer& server, const GitRepository& origin,
                            const std::string& kind = "") {
  config::Repository repository;
  repository.url = server.url(origin.path(), kind);
  repository.credentials.ca_file = server.file("ca.pem");
  return repository;
}

}  // namespace

TEST_CASE("https: a branch is polled and fetched, then only what is new") {
  const HttpsServer server;
  GitRepository origin;
  const auto first = origin.commit({{"base/a.yaml", "a: 1\n"}, {"big", std::string(200'000, 'n')}});
  std::string kind;
  SECTION("in protocol v2") {}
  SECTION("in the first protocol") {
    kind = "/old";
  }
  SECTION("in the first protocol, from a server that refuses who offers no multi_ack") {
    kind = "/strict";
  }
  SECTION("after a redirect within the host") {
    kind = "/moved";
  }

  TemporaryDirectory directory;
  git::Store store(directory / "git");
  const auto transport = test::unconfined_transport(followed(server, origin, kind), never);
  REQUIRE(transport->poll() == first);
  transport->fetch(first, store);
  CHECK(store.tree(first, "")->read("base/a.yaml", 100) == "a: 1\n");
  store.keep("applied", first);

  const auto second = origin.commit({{"base/a.yaml", "a: 2\n"}});
  const auto third = origin.commit({{"base/b.yaml", "b: 3\n"}});
  REQUIRE(transport->poll() == third);
  const auto before = transport->bytes_received();
  transport->fetch(third, store);
  CHECK(store.has(second));
  CHECK(store.tree(third, "base")->read("b.yaml", 100) == "b: 3\n");
  CHECK(transport->bytes_received() - before < 3000);
  store.keep("applied", third);

  origin.git({"checkout", "-q", "--orphan", "fresh"});
  origin.git({"commit", "-q", "-m", "Start anew"});
  origin.git({"branch", "-M", "fresh", "main"});
  const auto rewritten = transport->poll();
  transport->fetch(rewritten, store);
  CHECK(store.tree(rewritten, "")->read("base/b.yaml", 100) == "b: 3\n");
}

TEST_CASE("https: where the server can filter, only what is read comes") {
  const HttpsServer server;
  GitRepository origin;
  std::map<std::string, std::string> files{{"greenwave.yaml", "k"}, {"base/a", "a"}, {"base/deep/er/b", "b"}};
  for (int i = 0; i < 200; ++i) {
    files["devices/" + std::to_string(i / 20) + "/sf-" + std::to_string(i)] =
        std::to_string(i) + test::noise(5000, i);
  }
  const auto commit = origin.import(files);
  const git::Visit visit = [](const SourceTree& tree) {
    tree.read("greenwave.yaml", 100);
    for (const auto& item : tree.list("base")) {
      if (item.type == SourceTree::Type::file) tree.read("base/" + item.name, 100);
    }
    if (tree.find("devices/7")) tree.read("devices/7/sf-142", 10'000);
  };
  TemporaryDirectory directory;
  git::Store store(directory / "git");
  const auto transport = test::unconfined_transport(followed(server, origin), never);
  transport->fetch(commit, store, visit);
  CHECK(transport->bytes_received() < 15'000);
  const auto tree = store.tree(commit, "");
  CHECK(tree->read("devices/7/sf-142", 10'000) == files["devices/7/sf-142"]);
  CHECK(tree->read("base/a", 10) == "a");
  CHECK_THROWS_AS(tree->read("devices/7/sf-143", 10'000), Error);
  store.keep("applied", commit);

  SECTION("and nobody is asked again for what is here") {
    const auto before = transport->bytes_received();
    transport->fetch(commit, store, visit);
    CHECK(transport->bytes_received() == before);
  }
  SECTION("a commit that changes another device costs its trees only") {
    const auto next = origin.import({{"devices/3/sf-60", "changed"}});
    const auto before = transport->bytes_received();
    transport->fetch(next, store, visit);
    CHECK(transport->bytes_received() - before < 3000);
    CHECK(store.tree(next, "")->read("base/a", 10) == "a");
  }
  SECTION("what a device needs later is fetched later") {
    transport->fetch(commit, store, [](const SourceTree& later) { later.read("base/deep/er/b", 10); });
    CHECK(store.tree(commit, "")->read("base/deep/er/b", 10) == "b");
  }
  SECTION("all files come where all are asked for") {
    transport->fetch(commit, store);
    CHECK(store.tree(commit, "")->read("devices/3/sf-60", 10'000) == files["devices/3/sf-60"]);
    const auto before = transport->bytes_received();
    transport->fetch(commit, store);
    CHECK(transport->bytes_received() == before);
  }
  SECTION("a server that filters no more sends the rest whole") {
    origin.git({"config", "uploadpack.allowFilter", "false"});
    const auto fresh = test::unconfined_transport(followed(server, origin), never);
    const auto next = origin.import({{"base/a", "changed"}});
    fresh->fetch(next, store, visit);
    CHECK(store.tree(next, "")->read("base/a", 10) == "changed");
  }
}

TEST_CASE("https: a poll of an unchanged ref costs a few hundred bytes, however many refs there are") {
  const HttpsServer server;
  GitRepository origin;
  const auto commit = origin.commit({{"a", "1"}});
  origin.add_branches(20'000, commit);
  const auto transport = test::unconfined_transport(followed(server, origin), never);
  for (int i = 0; i < 12; ++i) REQUIRE(transport->poll() == commit);
  const auto requests = server.log(14);
  REQUIRE(requests.size() == 14);  // whether there is a tip file, the greeting, and a request a poll
  for (std::size_t i = 2; i < requests.size(); ++i) {
    CHECK(requests[i].received + requests[i].sent <= 700);
    CHECK(requests[i].connection == requests[i < 8 ? 0 : 8].connection);
    CHECK(requests[i].resumed == (i >= 8));
  }
}

TEST_CASE("https: a tip file makes a poll of an unchanged ref cheaper still") {
  const HttpsServer server;
  GitRepository origin;
  const auto first = origin.commit({{"a", "1"}});
  const auto hook = [&] {
    test::run_or_throw({"sh", "-c",
                        "cd '" + origin.path().native() +
                            "' && echo 'OLD NEW refs/heads/main' | TIP_DIRECTORY='" + origin.path().native() +
                            ".tip' sh '" + test::source_directory().native() +
                            "/packaging/git-server/reference-transaction' committed"});
  };
  hook();
  const auto transport = test::unconfined_transport(followed(server, origin), never);
  CHECK(transport->poll() == first);
  CHECK(transport->poll() == first);
  const auto requests = server.log(2);
  REQUIRE(requests.size() == 2);
  CHECK(requests[1].status == 304);
  CHECK(requests[1].received + requests[1].sent < 500);
  const auto second = origin.commit({{"a", "2"}});
  hook();  // within the same second, which the server's ETag must not hide
  CHECK(transport->poll() == second);
  TemporaryDirectory directory;
  git::Store store(directory / "git");
  transport->fetch(second, store);
  CHECK(store.has(second));
  std::filesystem::remove_all(origin.path().native() + ".tip");
  CHECK(transport->poll() == second);
}

TEST_CASE("https: a missing wave ref falls back to the branch, and is followed once it exists") {
  const HttpsServer server;
  GitRepository origin;
  const auto first = origin.commit({{"a", "1"}});
  const auto second = origin.commit({{"a", "2"}});
  const auto transport = test::unconfined_transport(followed(server, origin), never);
  transport->follow({"refs/heads/wave/canary", "refs/heads/main"});
  CHECK(transport->poll() == second);
  CHECK(transport->found() == "refs/heads/main");
  const auto before = server.log(3).size();  // no tip file, the abilities, the refs
  CHECK(transport->poll() == second);
  CHECK(server.log(before + 1).size() == before + 1);  // one request asks for both
  origin.git({"branch", "wave/canary", first.text()});
  CHECK(transport->poll() == first);
  CHECK(transport->found() == "refs/heads/wave/canary");
  TemporaryDirectory directory;
  git::Store store(directory / "git");
  transport->fetch(second, store);
  store.keep("applied", second);
  transport->fetch(first, store);
  CHECK(store.tree(first, "")->read("a", 10) == "1");
}

TEST_CASE("https: a tip file of one ref is not taken for another's") {
  const HttpsServer server;
  GitRepository origin;
  const auto first = origin.commit({{"a", "1"}});
  const auto second = origin.commit({{"a", "2"}});
  const std::filesystem::path tips = origin.path().native() + ".tip";
  for (const auto& [ref, commit] :
       {std::pair("refs/heads/main", second), std::pair("refs/heads/wave", first)}) {
    std::filesystem::create_directories((tips / ref).parent_path());
    test::run_or_throw({"sh", "-c", "echo " + commit.text() + " > '" + (tips / ref).native() + "'"});
    test::run_or_throw({"touch", "-d", "@1700000000", (tips / ref).native()});  // one ETag for both
  }
  const auto transport = test::unconfined_transport(followed(server, origin), never);
  CHECK(transport->poll() == second);
  transport->follow({"refs/heads/wave", "refs/heads/main"});
  CHECK(transport->poll() == first);
  CHECK(transport->found() == "refs/heads/wave");
  std::filesystem::remove_all(tips);
}

TEST_CASE("https: certificates are always checked") {
  const HttpsServer server;
  GitRepository origin;
  const auto commit = origin.commit({{"a", "1"}});
  auto repository = followed(server, origin);
  CHECK(test::unconfined_transport(repository, never)->poll() == commit);
  repository.credentials.ca_file = server.file("other.pem");
  CHECK_THAT(poll_error(repository), Catch::StartsWith("untrusted") && Catch::Contains("credentials.caFile"));
  repository.credentials.ca_file.clear();
  CHECK_THAT(poll_error(repository), Catch::StartsWith("untrusted") && Catch::Contains("credentials.caFile"));
  repository = followed(server, origin);
  repository.url.replace(repository.url.find("localhost"), 9, "127.0.0.1");
  CHECK_THAT(poll_error(repository),
             Catch::StartsWith("untrusted") && Catch::Contains("must be in the certificate"));
}

TEST_CASE(
    "https: passwords, tokens and client certificates open what they should, and never stand in an error") {
  const HttpsServer server;
  GitRepository origin;
  const auto commit = origin.commit({{"a", "1"}});
  auto repository = followed(server, origin, "/private");
  CHECK_THAT(poll_error(repository),
             Catch::StartsWith("invalid") && Catch::Contains("it requires credentials"));
  repository.credentials.username = "device";
  repository.credentials.password_file = server.write("right", "open sesame\n");
  CHECK(test::unconfined_transport(repository, never)->poll() == commit);
  repository.credentials.password_file = server.write("wrong", "hunter2\n");
  CHECK_THAT(poll_error(repository), Catch::StartsWith("invalid") &&
                                         Catch::Contains("rejected the credentials") &&
                                         !Catch::Contains("hunter2") && !Catch::Contains("device"));
  repository.credentials.password_file.clear();
  repository.credentials.token_file = server.file("right");
  CHECK(test::unconfined_transport(repository, never)->poll() == commit);
  repository.credentials.token_file = server.write("empty", "\n");
  CHECK_THAT(poll_error(repository), Catch::Contains("no usable secret in"));

  auto mutual = followed(server, origin, "/mtls");
  CHECK_THAT(poll_error(mutual), Catch::StartsWith("invalid") && Catch::Contains("clientCertificate"));
  mutual.credentials.client_certificate = server.file("client.pem");
  mutual.credentials.client_key = server.file("client.key");
  CHECK(test::unconfined_transport(mutual, never)->poll() == commit);
  mutual.credentials.client_key = server.file("other.key");
  CHECK_THAT(poll_error(mutual), Catch::StartsWith("invalid") && Catch::Contains("a matching pair"));
}

TEST_CASE("https: each way to fail says what to do") {
  const HttpsServer server;
  GitRepository origin;
  origin.commit({{"a", "1"}});
  const auto at = [&](const std::string& kind) { return poll_error(followed(server, origin, kind)); };
  CHECK_THAT(at("/nowhere"), Catch::StartsWith("invalid") && Catch::Contains("fix repository.url"));
  CHECK_THAT(at("/circle"), Catch::StartsWith("invalid") && Catch::Contains("in a circle"));
  CHECK_THAT(at("/away"), Catch::StartsWith("untrusted") && Catch::Contains("redirects away"));
  CHECK_THAT(at("/plain"), Catch::StartsWith("untrusted") && Catch::Contains("redirects away"));
  CHECK_THAT(at("/page"), Catch::StartsWith("invalid") && Catch::Contains("text/html"));

  const auto busy = test::unconfined_transport(followed(server, origin, "/busy"), never);
  CHECK_THROWS_AS(busy->poll(), Error);
  CHECK(busy->retry_after() == std::chrono::seconds(120));

  auto repository = followed(server, origin);
  repository.branch = "mian";
  CHECK_THAT(poll_error(repository), Catch::StartsWith("invalid: the repository has no branch mian; ") &&
                                         Catch::EndsWith("follow an existing branch: main"));
  const GitRepository empty;
  CHECK_THAT(poll_error(followed(server, empty)), Catch::StartsWith("invalid: the repository is empty"));

  repository = followed(server, origin);
  repository.url = "https://localhost:" + std::to_string(test::free_port()) + "/city.git";
  CHECK_THAT(poll_error(repository), Catch::StartsWith("transient") && Catch::Contains("server up?"));
  repository.url = "https://no-such-host.invalid/city.git";
  CHECK_THAT(poll_error(repository), Catch::StartsWith("transient") && Catch::Contains("DNS"));
}

TEST_CASE("https: a silent server times out, and a transfer can be stopped") {
  const unsigned port = test::free_port();
  TemporaryDirectory directory;
  const test::Server silent({"python3", "-c",
                             "import socket,time\ns=socket.create_server(('127.0.0.1'," +
                                 std::to_string(port) + "))\nk=[]\nwhile True: k.append(s.accept())"},
                            directory / "log");
  silent.wait_for_port(port);
  const auto url = "https://localhost:" + std::to_string(port) + "/city.git";
  git::HttpsTimeouts timeouts;
  timeouts.connect = std::chrono::milliseconds(300);
  git::HttpUploadPack server(url, {}, never, timeouts);
  CHECK_THROWS_WITH(server.greet(), Catch::Contains("the server hangs"));
  const std::atomic<bool> now{true};
  git::HttpUploadPack stopping(url, {}, now);
  CHECK_THROWS_WITH(stopping.greet(), Catch::Contains("stopped"));
}

namespace {

/// Passes connections on to a port, and cuts each after as many bytes from there as the file "cut" says.
constexpr const char* relay = R"(
import socket, sys, threading, pathlib
port, to, cut = int(sys.argv[1]), int(sys.argv[2]), pathlib.Path(sys.argv[3])
def carry(source, sink, most):
    try:
        while most > 0 and (piece := source.recv(min(most, 65536))):
            sink.sendall(piece)
            most -= len(piece)
    except OSError: pass
    for end in (source, sink):
        try: end.shutdown(socket.SHUT_RDWR)
        except OSError: pass
listener = socket.create_server(('127.0.0.1', port))
while True:
    client, _ = listener.accept()
    server = socket.create_connection(('127.0.0.1', to))
    threading.Thread(target=carry, args=(client, server, 1 << 40), daemon=True).start()
    threading.Thread(target=carry, args=(server, client, int(cut.read_text())), daemon=True).start()
)";

/// A proxy that knows CONNECT alone, and writes down where it was asked to connect to.
constexpr const char* proxy = R"(
import socket, sys, threading, pathlib
port, log = int(sys.argv[1]), pathlib.Path(sys.argv[2])
def carry(source, sink):
    try:
        while piece := source.recv(65536): sink.sendall(piece)
    except OSError: pass
    for end in (source, sink):
        try: end.shutdown(socket.SHUT_RDWR)
        except OSError: pass
listener = socket.create_server(('127.0.0.1', port))
while True:
    client, _ = listener.accept()
    request = b''
    while b'\r\n\r\n' not in request and (piece := client.recv(4096)): request += piece
    if not request: continue
    log.open('a').write(request.decode())
    host, to = request.split()[1].decode().rsplit(':', 1)
    server = socket.create_connection(('127.0.0.1', int(to)))
    client.sendall(b'HTTP/1.1 200 OK\r\n\r\n')
    for pair in ((client, server), (server, client)): threading.Thread(target=carry, args=pair, daemon=True).start()
)";

}  // namespace

TEST_CASE("https: a connection cut at every 1,000th byte is transient, and the next fetch continues") {
  const HttpsServer server;
  GitRepository origin;
  const auto commit = origin.commit({{"a", test::noise(5000, 1)}, {"deep/b", test::noise(3000, 2)}});
  const git::Visit visit = [](const SourceTree& tree) {
    tree.read("a", 10'000);
    tree.read("deep/b", 10'000);
  };
  const unsigned port = test::free_port();
  TemporaryDirectory directory;
  const auto cut = directory.write("cut", "1000000");
  const test::Server cutting(
      {"python3", "-c", relay, std::to_string(port), std::to_string(server.port()), cut}, directory / "log");
  cutting.wait_for_port(port);
  auto repository = followed(server, origin);
  repository.url = "https://localhost:" + std::to_string(port) + "/" + origin.path().filename().native();
  git::Store store(directory / "git");
  int failed = 0;
  for (int bytes = 1000; bytes <= 20'000; bytes += 1000) {
    directory.write("cut", std::to_string(bytes));
    CAPTURE(bytes);
    const auto transport = test::unconfined_transport(repository, never);
    try {
      const auto tip = transport->poll();
      CHECK(tip == commit);
      transport->fetch(commit, store, visit);
      CHECK(store.tree(commit, "")->read("deep/b", 10'000) == test::noise(3000, 2));
    } catch (const Error& error) {
      CHECK(error.fault() == Fault::transient);
      ++failed;
    }
  }
  CHECK(failed >= 3);
  CHECK(failed < 15);  // what came before a cut need not come again
}

TEST_CASE("https: a server that stalls in the middle of a response times out") {
  const HttpsServer server;
  GitRepository origin;
  const auto commit = origin.commit({{"a", test::noise(500'000, 1)}});
  const unsigned port = test::free_port();
  TemporaryDirectory directory;
  // Takes in what comes and sends no more of it than this.
  std::string stalling = relay;
  const std::string closing = "    for end in (source, sink):";
  stalling.replace(stalling.find(closing), closing.size(),
                   "    if most == 0: threading.Event().wait()\n    for end in (source, sink):");
  const auto cut = directory.write("cut", "200000");
  const test::Server stalled(
      {"python3", "-c", stalling, std::to_string(port), std::to_string(server.port()), cut},
      directory / "log");
  stalled.wait_for_port(port);
  config::Credentials credentials;
  credentials.ca_file = server.file("ca.pem");
  git::HttpsTimeouts timeouts;
  timeouts.silence = std::chrono::seconds(1);
  const auto url = "https://localhost:" + std::to_string(port) + "/" + origin.path().filename().native();
  git::ServerTransport transport(std::make_unique<git::HttpUploadPack>(
                                     url, [&] { return git::read_login(credentials); }, never, timeouts),
                                 "refs/heads/main", "", never);
  git::Store store(directory / "git");
  CHECK(transport.poll() == commit);
  CHECK_THROWS_WITH(transport.fetch(commit, store), Catch::Contains("the server hangs"));
  CHECK_FALSE(store.has(commit));
}

TEST_CASE("https: the proxy of the environment is used, and its password never shown") {
  const HttpsServer server;
  GitRepository origin;
  const auto commit = origin.commit({{"a", "1"}});
  const unsigned port = test::free_port();
  TemporaryDirectory directory;
  const test::Server between(
      {"python3", "-c", proxy, std::to_string(port), (directory / "requests").native()}, directory / "log");
  between.wait_for_port(port);
  struct Environment {
    explicit Environment(const std::string& value) { ::setenv("https_proxy", value.c_str(), 1); }
    ~Environment() {
      ::unsetenv("https_proxy");
      ::unsetenv("no_proxy");
    }
  };
  const auto repository = followed(server, origin);
  {
    const Environment proxied("http://device:hunter2@127.0.0.1:" + std::to_string(port));
    CHECK(test::unconfined_transport(repository, never)->poll() == commit);
    const auto asked = read_file(directory / "requests", 10'000);
    CHECK_THAT(asked, Catch::StartsWith("CONNECT localhost:" + std::to_string(server.port())) &&
                          Catch::Contains("Proxy-Authorization"));
    ::setenv("no_proxy", "localhost", 1);
    CHECK(test::unconfined_transport(repository, never)->poll() == commit);
    CHECK(read_file(directory / "requests", 10'000) == asked);
  }
  const Environment gone("http://device:hunter2@127.0.0.1:" + std::to_string(test::free_port()));
  CHECK_THAT(poll_error(repository), Catch::StartsWith("transient") && !Catch::Contains("hunter2"));
}
