#include "http/client.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <semaphore>
#include <span>
#include <thread>

#include <catch2/catch.hpp>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/fd.h"
#include "base/file.h"
#include "support/https_server.h"
#include "support/temporary_directory.h"

using namespace greenwave;

namespace {

using test::HttpsServer;

const std::atomic<bool> never = false;

/// Files that the server gives out: what stands in DIRECTORY.tip, at address().
class Served {
 public:
  explicit Served(const HttpsServer& server) : server_(server) { std::filesystem::create_directories(tip_); }
  ~Served() { std::filesystem::remove_all(tip_); }

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(tip_ / name) << text;
    return "/" + tip_.filename().native() + "/" + name;
  }

  http::Endpoint https() const {
    http::Endpoint endpoint;
    endpoint.address = "https://localhost:" + std::to_string(server_.port());
    endpoint.authorities = read_file(server_.file("ca.pem"), 1 << 20);
    return endpoint;
  }

  http::Endpoint unix_socket() const {
    http::Endpoint endpoint;
    endpoint.address = "http://localhost";
    endpoint.unix_socket = server_.file("socket");
    return endpoint;
  }

 private:
  const HttpsServer& server_;
  test::TemporaryDirectory directory_;
  std::filesystem::path tip_ = directory_.path().native() + ".tip";
};

/// Answers one request over a unix socket, after a while, with `size` bytes, each when it is let go, and then
/// keeps silent.
class Trickle {
 public:
  explicit Trickle(std::size_t size, Duration before = Duration::zero()) : size_(size), before_(before) {
    const auto path = endpoint().unix_socket.native();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(socket_.get(), 1) == 0);
    thread_ = std::jthread([this] { serve(); });
  }
  ~Trickle() {
    bytes_.release(static_cast<std::ptrdiff_t>(size_));
    ::shutdown(socket_.get(), SHUT_RDWR);
  }

  http::Endpoint endpoint() const {
    http::Endpoint endpoint;
    endpoint.address = "http://localhost";
    endpoint.unix_socket = directory_.path() / "socket";
    return endpoint;
  }
  void let_go() { bytes_.release(); }

 private:
  void serve() {
    const Fd peer(::accept(socket_.get(), nullptr, nullptr));
    std::string request;
    char bytes[4096];
    while (request.find("\r\n\r\n") == std::string::npos) {
      const auto count = ::recv(peer.get(), bytes, sizeof bytes, 0);
      if (count <= 0) return;
      request.append(bytes, static_cast<std::size_t>(count));
    }
    std::this_thread::sleep_for(before_);
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    ::send(peer.get(), head.data(), head.size(), MSG_NOSIGNAL);
    for (std::size_t i = 0; i < size_; ++i) {
      bytes_.acquire();
      ::send(peer.get(), "x", 1, MSG_NOSIGNAL);
    }
    while (::recv(peer.get(), bytes, sizeof bytes, 0) > 0) {
    }
  }

  const std::size_t size_;
  const Duration before_;
  test::TemporaryDirectory directory_;
  Fd socket_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::counting_semaphore<> bytes_{0};
  std::jthread thread_;
};

http::Request get(const std::string& path) {
  http::Request request;
  request.path = path;
  return request;
}

TEST_CASE("http: over TLS, a server's answer is read whole, whatever its status") {
  const HttpsServer server;
  const Served files(server);
  const auto path = files.write("state.json", R"({"a": 1})");
  http::Client client(files.https(), never);
  const auto response = client.send(get(path));
  CHECK(response.status == 200);
  CHECK(response.success());
  CHECK(response.body == R"({"a": 1})");
  CHECK(client.send(get(path + "x")).status == 404);
  const auto busy = client.send(get("/busy/"));
  CHECK(busy.status == 503);
  CHECK(busy.retry_after == std::chrono::minutes(2));
  REQUIRE(busy.date);
  CHECK(std::chrono::abs(*busy.date - SystemClock().now()) < std::chrono::minutes(1));
  CHECK(client.send(get("/page/")).type == "text/html");
  CHECK(client.sent() == 4);
  for (const auto& line : server.log(4)) CHECK(line.connection == server.log(4).front().connection);
}

TEST_CASE("http: over a unix socket") {
  const HttpsServer server;
  const Served files(server);
  http::Client client(files.unix_socket(), never);
  CHECK(client.send(get(files.write("a", "hello"))).body == "hello");
  http::Request post = get("/page/");
  post.method = "POST";
  post.body = "text";
  CHECK(client.send(post).status == 200);
}

TEST_CASE("http: a large body is read piece by piece while it is sent") {
  const HttpsServer server;
  const Served files(server);
  int waited = 0;
  http::Client client(files.unix_socket(), never, [&] { ++waited; });
  http::Request post = get("/page/");
  post.method = "POST";
  post.source_bytes = 300'000;
  std::size_t left = post.source_bytes;
  post.source = [&](std::span<char> buffer) {
    const auto size = std::min({buffer.size(), left, std::size_t{1000}});
    std::fill_n(buffer.begin(), size, 'x');
    left -= size;
    return size;
  };
  CHECK(client.send(post).status == 200);
  CHECK(left < post.source_bytes);
  CHECK(waited > 0);
}

TEST_CASE("http: many requests are under way at once, and each answer finds its request") {
  const HttpsServer server;
  const Served files(server);
  std::vector<http::Request> requests;
  for (int i = 0; i < 50; ++i) requests.push_back(get(files.write(std::to_string(i), std::to_string(i * i))));
  requests.push_back(get("/not/there"));
  http::Client client(files.https(), never);
  std::map<std::size_t, http::Answer> answers;
  client.send_all(requests, 8,
                  [&](std::size_t index, http::Answer answer) { answers.emplace(index, std::move(answer)); });
  REQUIRE(answers.size() == 51);
  for (std::size_t i = 0; i < 50; ++i) CHECK(answers[i].response.body == std::to_string(i * i));
  CHECK(answers[50].response.status == 404);
  CHECK_THROWS_WITH(
      client.send_all(requests, 8,
                      [](std::size_t, const http::Answer&) { throw std::runtime_error("enough"); }),
      "enough");
  CHECK(client.send(requests[3]).body == "9");  // what was left under way is forgotten
}

TEST_CASE("http: an answer that is too large is an error, unless it goes into a sink") {
  const HttpsServer server;
  const Served files(server);
  auto request = get(files.write("large", std::string(100'000, 'x')));
  request.most_bytes = 99'999;
  http::Client client(files.https(), never);
  CHECK_THROWS_WITH(client.send(request), Catch::Contains("larger than 99999 bytes"));
  std::size_t taken = 0;
  request.sink = [&](std::string_view bytes) {
    taken += bytes.size();
    return true;
  };
  CHECK(client.send(request).body.empty());
  CHECK(taken == 100'000);
  request.sink = [](std::string_view) { return false; };
  CHECK(client.send(request).status == 200);
  request.sink = [](std::string_view) -> bool { throw std::runtime_error("no room"); };
  CHECK_THROWS_WITH(client.send(request), "no room");
  request.path += ".gone";
  CHECK_THAT(client.send(request).body, Catch::Contains("404"));  // only a success goes into the sink
}

TEST_CASE("http: a server that is not who it should be, or not there, is an error that says so") {
  const HttpsServer server;
  const Served files(server);
  auto endpoint = files.https();
  endpoint.authorities.clear();
  try {
    http::Client(endpoint, never).send(get("/"));
    FAIL("an unknown authority was believed");
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::untrusted);
  }
  endpoint = files.https();
  endpoint.address = "https://localhost:" + std::to_string(test::free_port());
  CHECK_THROWS_WITH(http::Client(endpoint, never).send(get("/")), Catch::Contains("is the server up?"));
  endpoint.address = "http://localhost:1";
  CHECK_THROWS_WITH(http::Client(endpoint, never).send(get("/")), Catch::Contains("must be https://"));
  endpoint = files.unix_socket();
  endpoint.unix_socket += ".gone";
  CHECK_THROWS_WITH(http::Client(endpoint, never).send(get("/secret")),
                    Catch::Contains(".gone: ") && !Catch::Contains("secret"));
}

TEST_CASE("http: a client shows its certificate") {
  const HttpsServer server;
  const Served files(server);
  auto endpoint = files.https();
  CHECK(http::Client(endpoint, never).send(get("/mtls/x")).status == 400);
  endpoint.certificate = read_file(server.file("client.pem"), 1 << 20);
  endpoint.key = read_file(server.file("client.key"), 1 << 20);
  CHECK(http::Client(endpoint, never).send(get("/mtls/x")).status == 404);
  endpoint.key = read_file(server.file("server.key"), 1 << 20);
  CHECK_THROWS_WITH(http::Client(endpoint, never).send(get("/mtls/x")), Catch::Contains("must be one pair"));
}

TEST_CASE("http: an answer may come as slowly as it likes, but a server that falls silent is given up") {
  auto request = get("/");
  request.timeout = {};
  request.silence = std::chrono::milliseconds(700);
  {
    Trickle server(5);
    const auto start = std::chrono::steady_clock::now();
    auto last = start;
    http::Client client(server.endpoint(), never, [&] {
      const auto now = std::chrono::steady_clock::now();
      if (now - last < request.silence / 3) return;
      last = now;
      server.let_go();
    });
    CHECK(client.send(request).body == "xxxxx");
    CHECK(std::chrono::steady_clock::now() - start > request.silence);
  }
  const Trickle server(0);
  http::Client client(server.endpoint(), never);
  try {
    client.send(request);
    FAIL("it was waited for for ever");
  } catch (const http::TransferError& error) {
    CHECK(error.trouble() == http::Trouble::silent);
    CHECK_THAT(error.what(), Catch::Contains("silent for too long"));
  }
}

TEST_CASE("http: a way is as long as the fastest answer takes, although a connection is made at once") {
  constexpr Duration before = std::chrono::milliseconds(80);
  Trickle server(5, before);
  http::Client client(server.endpoint(), never);
  CHECK(client.round_trip() == Duration::zero());
  for (int i = 0; i < 5; ++i) server.let_go();
  CHECK(client.send(get("/")).body == "xxxxx");
  CHECK(client.round_trip() >= before);
}

TEST_CASE("http: a body whose source fails ends the request with what the source threw") {
  const HttpsServer server;
  const Served files(server);
  http::Client client(files.unix_socket(), never);
  auto post = get("/page/");
  post.method = "POST";
  post.source_bytes = 10;
  post.source = [](std::span<char>) -> std::size_t { throw std::runtime_error("cannot be read"); };
  CHECK_THROWS_WITH(client.send(post), "cannot be read");
  CHECK(client.send(get(files.write("a", "hello"))).body == "hello");
}

TEST_CASE("http: a socket that nobody listens on is told apart from one that may not be used") {
  const test::TemporaryDirectory directory;
  http::Endpoint endpoint;
  endpoint.address = "http://localhost";
  endpoint.unix_socket = directory.path() / "none";
  try {
    http::Client(endpoint, never).send(get("/"));
    FAIL("nobody answered");
  } catch (const http::TransferError& error) {
    CHECK(error.trouble() == http::Trouble::unreachable);
    CHECK(error.os_error() == ENOENT);
  }
}

TEST_CASE("http: a request ends when the agent does") {
  const HttpsServer server;
  const Served files(server);
  const std::atomic<bool> stop = true;
  http::Client client(files.https(), stop);
  CHECK_THROWS_WITH(client.send(get("/page/")), Catch::Contains("stopped"));
}

}  // namespace
