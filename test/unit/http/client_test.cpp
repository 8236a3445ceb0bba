#include "http/client.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <span>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "support/https_server.h"
#include "support/temporary_directory.h"

namespace greenwave {
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

TEST_CASE("http: a request ends when the agent does") {
  const HttpsServer server;
  const Served files(server);
  const std::atomic<bool> stop = true;
  http::Client client(files.https(), stop);
  CHECK_THROWS_WITH(client.send(get("/page/")), Catch::Contains("stopped"));
}

}  // namespace
}  // namespace greenwave
