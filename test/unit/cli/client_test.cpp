#include "context/client.h"

#include <chrono>
#include <future>
#include <optional>

#include <catch2/catch.hpp>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/fd.h"
#include "http/encoded.h"
#include "unit/control/served.h"

using namespace greenwave;
using namespace greenwave::test;
using namespace std::chrono_literals;

namespace {

/// A socket on which nobody ever answers.
struct Silent {
  TemporaryDirectory directory;
  std::string path = (directory.path() / "s").native();
  Fd socket{::socket(AF_UNIX, SOCK_STREAM, 0)};

  Silent() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    ::listen(socket.get(), 8);
  }
};

}  // namespace

TEST_CASE("client: a daemon that does not run is reported with how to start it") {
  const cli::Client client("/tmp/greenwave-no-such-directory/control.sock");
  CHECK_THROWS_AS(client.get("/v1/status"), cli::Unreachable);
  CHECK_THROWS_WITH(client.get("/v1/status"), Catch::Contains("is not running") &&
                                                  Catch::Contains("systemctl start greenwaved") &&
                                                  Catch::Contains("journalctl -u greenwaved"));
}

TEST_CASE("client: a daemon that hangs times out, in a stream too") {
  const Silent silent;
  const cli::Client client(silent.path, {500ms, 300ms, 300ms, 300ms});
  CHECK_THROWS_WITH(client.get("/v1/status"), Catch::Contains("does not answer"));
  CHECK_THROWS_AS(client.follow("/v1/sync", nlohmann::json::object(), [](std::string_view) {}),
                  cli::Unreachable);
}

TEST_CASE("client: a diff that takes long is no hanging daemon, and what it does is said") {
  Served served;
  std::promise<void> over;
  const auto ended = over.get_future().share();
  served.agent.on_diff = [ended] {
    ended.wait();
    return nlohmann::json::object();
  };
  const cli::Client client(served.socket(), {5s, 10s, 300ms, 5s});
  const auto becomes = [&](const char* phase, const std::optional<git::Fetching>& fetch) {
    const std::lock_guard lock(served.agent.mutex);
    served.agent.current.phase = phase;
    served.agent.current.fetch = fetch;
  };
  becomes("fetching",
          git::Fetching{.commit = CommitId(std::string(40, 'a')), .took = 301s, .bytes = 1 << 20});
  CHECK_THROWS_WITH(client.diff(),
                    Catch::Contains("no diff within 300ms: greenwaved is fetching aaaaaaaaaaaa") &&
                        Catch::Contains("for 5m 1s: 1.0 MiB, 0 B/s") && !Catch::Contains("restart"));
  becomes("probing", {});
  CHECK_THROWS_WITH(client.diff(), Catch::Contains("greenwaved is probing"));
  becomes("idle", {});
  CHECK_THROWS_WITH(client.diff(), Catch::Contains("does not answer"));
  over.set_value();
}

TEST_CASE("client: a refusal carries the daemon's message, remedy and status") {
  Served served;
  const cli::Client client(served.socket());
  try {
    client.post("/v1/pause", {{"for", "soon"}, {"reason", "x"}});
    FAIL("it was accepted");
  } catch (const cli::Refused& refused) {
    CHECK(refused.status() == 400);
    CHECK(refused.message() == "\"soon\" is not a duration");
    CHECK_FALSE(refused.remedy().empty());
  }
}

TEST_CASE("client: names with odd characters reach the daemon as they are") {
  Served served;
  served.agent.known = nlohmann::json::array({{{"object", "File/a b?c%#ü"}}});
  const auto path = "/v1/objects/" + http::encoded("File/a b?c%#ü", "/");
  CHECK(cli::Client(served.socket()).get(path)["objects"].size() == 1);
}
