// HealthChecks against real servers, sockets and programs; those of units are in unit_live_test.cpp's
// company.
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "drivers/host/check_driver.h"
#include "drivers/host/check_spec.h"
#include "support/problem_text.h"
#include "support/temporary_directory.h"
#include "unit/drivers/unit_fixture.h"

using namespace greenwave;
using namespace greenwave::drivers::host;
using drivers::Health;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

Manifest check(const std::string& spec) {
  return test::manifest_of("HealthCheck", "beacon", "spec:\n" + spec);
}

std::string problems_of(const std::string& spec) {
  Problems problems;
  check_footprint(Host{"/", {}}, check(spec), problems);
  return test::text_of(problems);
}

/// Listens on a free port of the loopback, and gives each connection one answer; with an empty one, it keeps
/// the connections open and says nothing.
class Server {
 public:
  explicit Server(std::string answer) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(socket_.get(), 5) == 0);
    REQUIRE(::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ::ntohs(address.sin_port);
    thread_ = std::jthread([this, answer = std::move(answer)] {
      std::vector<Fd> held;
      for (;;) {
        Fd peer(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!peer) return;
        if (answer.empty()) {
          held.push_back(std::move(peer));
          continue;
        }
        char request[1024];
        if (::recv(peer.get(), request, sizeof request, 0) <= 0) continue;
        ::send(peer.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
      }
    });
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() { ::shutdown(socket_.get(), SHUT_RDWR); }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  Fd socket_;
  unsigned port_ = 0;
  std::jthread thread_;
};

std::string http(const std::string& status) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
}

Health health_of(const std::string& spec, Duration patience = seconds(5)) {
  CheckDriver driver(Host{"/", {}}, seconds(1));
  test::Device device(driver);
  const auto manifest = check(spec);
  REQUIRE(device.apply(manifest));
  const Entry* entries[] = {&device.entry(manifest.id)};
  return test::health_of(driver, entries, patience).front();
}

}  // namespace

TEST_CASE("health check: an http check passes with a 2xx status alone") {
  const Server well(http("204 No Content"));
  CHECK(health_of("  http: http://" + well.address() + "/health\n").state == Health::State::good);
  const Server moved(http("301 Moved"));
  CHECK(health_of("  http: http://" + moved.address() + "/\n").reason == "it answers with status 301");
  const Server ill(http("503 Sorry"));
  const auto health = health_of("  http: http://" + ill.address() + "/\n");
  CHECK(health.state == Health::State::waiting);
  CHECK(health.reason == "it answers with status 503");
}

TEST_CASE("health check: an endless response counts as a response") {
  const Server endless("HTTP/1.1 200 OK\r\n\r\n" + std::string(1 << 20, 'x'));
  CHECK(health_of("  http: http://" + endless.address() + "/\n").state == Health::State::good);
}

TEST_CASE("health check: a server that takes the connection and says nothing fails in its time") {
  const Server silent("");
  const auto given_up = Catch::Contains("timed out");
  CHECK_THAT(health_of("  http: http://" + silent.address() + "/\n  timeout: 300ms\n").reason, given_up);
  CHECK_THAT(health_of("  http: http://" + silent.address() + "/\n", milliseconds(300)).reason, given_up);
}

TEST_CASE("health check: a tcp check passes with a connection") {
  std::string address;
  {
    const Server server("");
    address = server.address();
    CHECK(health_of("  tcp: " + address + "\n").state == Health::State::good);
  }
  const auto health = health_of("  tcp: " + address + "\n");
  CHECK(health.state == Health::State::waiting);
  CHECK_THAT(health.reason, Catch::Contains("refused"));
}

TEST_CASE("health check: a command passes when it succeeds, and reports its last line when it does not") {
  CHECK(health_of("  command: [\"true\"]\n").state == Health::State::good);
  CHECK(health_of("  command: [sh, -c, \"echo first; echo the lamp is dark; exit 3\"]\n").reason ==
        "it exited with status 3: the lamp is dark");
  CHECK(health_of("  command: [sleep, \"10\"]\n  timeout: 200ms\n").reason == "it did not end within 200ms");
  CHECK(health_of("  command: [/nonexistent/tool]\n").state == Health::State::waiting);
}

TEST_CASE("health check: many checks run at the same time") {
  CheckDriver driver(Host{"/", {}}, seconds(1));
  test::Device device(driver);
  const test::TemporaryDirectory meeting;
  // Each ends only when all ten have begun.
  const auto manifest =
      check("  command: [sh, -c, 'cd " + meeting.path().native() +
            " && touch $$ && until [ $(ls | wc -l) -ge 10 ]; do sleep 0.05; done']\n" + "  timeout: 50s\n");
  REQUIRE(device.apply(manifest));
  const std::vector<const Entry*> entries(10, &device.entry(manifest.id));
  for (const auto& health : test::health_of(driver, entries, seconds(60)))
    CHECK(health.state == Health::State::good);
}

TEST_CASE("health check: below another root no check runs, which is reported once") {
  CheckDriver driver(Host{"/nonexistent", {}}, seconds(1));
  test::Device device(driver);
  const auto manifest = check("  command: [\"false\"]\n");
  REQUIRE(device.apply(manifest));
  const Entry* entries[] = {&device.entry(manifest.id)};
  CHECK(test::health_of(driver, entries, seconds(1)).front().state == Health::State::good);
  REQUIRE(driver.notes().size() == 1);
}

TEST_CASE("health check: its times become how it is watched") {
  Problems problems;
  const auto manifest = check("  unit: a.service\n  interval: 2s\n  within: 40s\n");
  const auto watch = check_footprint(Host{"/", {}}, manifest, problems).watch;
  CHECK(problems.empty());
  REQUIRE(watch);
  CHECK(watch->interval == seconds(2));
  CHECK(watch->within == seconds(40));
  CHECK(watch->always);
}

TEST_CASE("health check: what could never pass is refused with what to write") {
  CHECK_THAT(problems_of("  interval: 1s\n"), Catch::Contains("nothing is checked"));
  CHECK_THAT(problems_of("  unit: a.service\n  tcp: a:1\n"), Catch::Contains("checks one thing"));
  CHECK_THAT(problems_of("  unit: spat\n"), Catch::Contains("spat.service"));
  CHECK_THAT(problems_of("  unit: spat@.service\n"), Catch::Contains("template"));
  CHECK_THAT(problems_of("  http: ftp://a/b\n"), Catch::Contains("no URL"));
  CHECK_THAT(problems_of("  http: \"http://\"\n"), Catch::Contains("no URL"));
  CHECK_THAT(problems_of("  tcp: 127.0.0.1\n"), Catch::Contains("HOST:PORT"));
  CHECK_THAT(problems_of("  tcp: 127.0.0.1:0\n"), Catch::Contains("HOST:PORT"));
  CHECK_THAT(problems_of("  tcp: 127.0.0.1:65536\n"), Catch::Contains("HOST:PORT"));
  CHECK_THAT(problems_of("  tcp: fe80::1:80\n"), Catch::Contains("HOST:PORT"));
  CHECK_THAT(problems_of("  command: [a b]\n"), Catch::Contains("no shell"));
  CHECK_THAT(problems_of("  unit: a.service\n  within: 0s\n"), Catch::Contains("within"));
  CHECK_THAT(problems_of("  unit: a.service\n  within: 1s\n  timeout: 10s\n"), Catch::Contains("sooner"));
  CHECK_THAT(problems_of("  unit: a.service\n  witin: 1s\n"), Catch::Contains("within"));
}

TEST_CASE("health check: hosts and ports, also of IPv6") {
  CHECK(host_and_port("[fe80::1]:161").host == "fe80::1");
  CHECK(host_and_port("[fe80::1]:161").port == 161);
  CHECK(host_and_port("signal.local:80").host == "signal.local");
}
