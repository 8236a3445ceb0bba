#include "control/server.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <optional>
#include <thread>

#include <catch2/catch.hpp>
#include <grp.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/version.h"
#include "control/peer.h"
#include "unit/control/raw_client.h"
#include "unit/control/served.h"

using namespace greenwave;
using namespace greenwave::test;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

/// False when `condition` did not come true in a time that is long even on a busy machine.
bool wait_until(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

/// Whether this process, which the server runs in, is writing a file there that has no name yet.
bool has_nameless_file_in(const std::filesystem::path& directory) {
  for (const auto& link : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const auto target = std::filesystem::read_symlink(link.path(), gone).native();
    if (target.starts_with(directory.native() + "/") && target.ends_with(" (deleted)")) return true;
  }
  return false;
}

std::string error_of(const RawReply& reply) {
  return json::parse(reply.body).at("error").get<std::string>();
}

}  // namespace

TEST_CASE("control: version, status, history, objects and diff answer as JSON") {
  Served served;
  served.agent.current.device = "sf-0042";
  for (int number = 1; number <= 3; ++number) {
    state::SyncRecord record;
    record.number = number;
    served.agent.records.push_back(record);
  }
  served.agent.known = json::array({{{"object", "File/motd"}, {"state", "in sync"}, {"record", "{}"}}});
  served.agent.on_diff = [] { return json{{"commit", "abc"}, {"changes", json::array()}}; };

  CHECK(json::parse(request(served.socket(), "GET", "/v1/version").body)["version"] == program_version);
  const auto status = request(served.socket(), "GET", "/v1/status");
  CHECK(status.status == 200);
  CHECK(status.head.find("Content-Type: application/json") != std::string::npos);
  CHECK(daemon::status_from_json(json::parse(status.body)).device == "sf-0042");
  CHECK(json::parse(request(served.socket(), "GET", "/v1/history?limit=2").body)["syncs"].size() == 2);
  const auto list = json::parse(request(served.socket(), "GET", "/v1/objects").body)["objects"];
  CHECK(list == json::array({{{"object", "File/motd"}, {"state", "in sync"}}}));
  const auto one = json::parse(request(served.socket(), "GET", "/v1/objects/File%2Fmotd").body)["objects"];
  CHECK(one == served.agent.known);
  CHECK(json::parse(request(served.socket(), "GET", "/v1/diff").body)["commit"] == "abc");
}

TEST_CASE("control: a bundle's bytes reach the agent under the name that the client gives them") {
  Served served;
  std::filesystem::create_directories(served.config.state_directory);
  const std::string bytes(3'000'000, 'b');
  const auto reply = request(served.socket(), "POST",
                             "/v1/bundle?wait=false&force=true&name=stick.bundle&sudoUser=alice", bytes);
  CHECK(reply.status == 202);
  REQUIRE(served.agent.requests.size() == 1);
  const auto& asked = served.agent.requests[0];
  CHECK(asked.force);
  CHECK_FALSE(asked.allow_empty);
  REQUIRE(asked.bundle);
  CHECK(asked.bundle->name == "stick.bundle");
  ::lseek(asked.bundle->fd.get(), 0, SEEK_SET);
  CHECK(read_all(asked.bundle->fd.get(), 1 << 24, "bundle") == bytes);
  CHECK(std::filesystem::is_empty(served.config.state_directory));  // it has no name there

  CHECK(request(served.socket(), "POST", "/v1/bundle?name=a%0Ab", "x").status == 400);
  CHECK(request(served.socket(), "POST", "/v1/bundle").status == 411);
  CHECK(request(served.socket(), "GET", "/v1/bundle").status == 405);
  RawClient sending(served.socket());
  sending.send("POST /v1/bundle HTTP/1.1\r\nHost: device\r\nContent-Length: 9\r\n\r\nhalf");
  REQUIRE(wait_until([&] { return has_nameless_file_in(served.config.state_directory); }));
  CHECK(request(served.socket(), "POST", "/v1/bundle", "x").status == 409);
  CHECK(served.agent.requests.size() == 1);
}

TEST_CASE("control: what does not exist is refused with what does") {
  Served served;
  served.agent.known = json::array({{{"object", "File/motd"}}});
  const auto path = request(served.socket(), "GET", "/v2/status");
  CHECK(path.status == 404);
  CHECK(json::parse(path.body)["remedy"].get<std::string>().find("/v1/status") != std::string::npos);
  const auto object = request(served.socket(), "GET", "/v1/objects/File/mott");
  CHECK(object.status == 404);
  CHECK(json::parse(object.body)["remedy"] == "did you mean File/motd?");
  served.agent.current.failed = {{"File/bad", "there is no user nosuch"}};
  const auto refused = request(served.socket(), "GET", "/v1/objects/bad");
  CHECK(refused.status == 404);
  CHECK(error_of(refused) == "File/bad was not applied: there is no user nosuch");
  const auto method = request(served.socket(), "GET", "/v1/pause");
  CHECK(method.status == 405);
  CHECK(method.head.find("Allow: POST") != std::string::npos);
  CHECK(request(served.socket(), "GET", "/v1/history?limit=0").status == 400);
  CHECK(request(served.socket(), "GET", "/v1/history?limit=many").status == 400);
}

TEST_CASE("control: a body that is not JSON, has a wrong type or an unknown member is refused") {
  Served served;
  CHECK(error_of(request(served.socket(), "POST", "/v1/sync", "{force")) == "the request's body is not JSON");
  CHECK(request(served.socket(), "POST", "/v1/sync", "[]").status == 400);
  CHECK(error_of(request(served.socket(), "POST", "/v1/sync", R"({"force": 1})")) ==
        "\"force\" is not true or false");
  CHECK(error_of(request(served.socket(), "POST", "/v1/sync", R"({"allow_empty": true})")) ==
        "the request's body has an unknown member \"allow_empty\"");
  CHECK(error_of(request(served.socket(), "POST", "/v1/pause", R"({"for": "2 hours", "reason": "x"})")) ==
        "\"2 hours\" is not a duration");
  CHECK(request(served.socket(), "POST", "/v1/pause", R"({"for": "2h"})").status == 400);
  CHECK(request(served.socket(), "POST", "/v1/pause", R"({"for": "0s", "reason": "x"})").status == 400);
  CHECK(request(served.socket(), "POST", "/v1/pause", R"({"for": "2h", "reason": "\u001b[2J"})").status ==
        400);
  CHECK(error_of(request(served.socket(), "POST", "/v1/sync", R"({"now": true})")) ==
        "\"reason\" is missing: why the device does not wait for a window");
  CHECK(request(served.socket(), "POST", "/v1/sync", R"({"reason": "because"})").status == 400);
  CHECK(request(served.socket(), "POST", "/v1/sync?wait=maybe").status == 400);
  CHECK(served.agent.requests.empty());
}

TEST_CASE("control: a body above the cap is refused with or without a declared length") {
  Served served;
  const std::string large(65 * 1024, ' ');
  const auto declared = request(served.socket(), "POST", "/v1/sync", large);
  CHECK(declared.status == 413);
  RawClient chunked(served.socket());
  chunked.send(
      "POST /v1/sync HTTP/1.1\r\nHost: device\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 65; ++i) chunked.send("400\r\n" + std::string(1024, ' ') + "\r\n");
  chunked.send("0\r\n\r\n");
  CHECK(chunked.read_all().find("HTTP/1.1 413") == 0);
  RawClient endless(served.socket());
  endless.send("POST /v1/sync HTTP/1.1\r\nHost: device\r\nContent-Length: 99999999999\r\n\r\n");
  CHECK(endless.read_until("\r\n").find("HTTP/1.1 413") == 0);
  CHECK(served.agent.requests.empty());
}

TEST_CASE("control: a sync's events come as lines while it runs, and end with done") {
  Served served;
  RawClient client(served.socket());
  client.send("POST /v1/sync HTTP/1.1\r\nHost: device\r\nContent-Length: 15\r\n\r\n{\"force\": true}");
  served.agent.events.clear();
  CHECK(client.read_until("\r\n\r\n").find("application/x-ndjson") != std::string::npos);
  REQUIRE(served.agent.runs.size() == 1);
  CHECK(served.agent.requests[0].force);
  auto& run = *served.agent.runs[0];
  run.add({"phase", "polling file:///city.git", "", true, 0});
  CHECK(client.read_until("polling").find("\"kind\":\"phase\"") != std::string::npos);
  run.add({"step", "update File/motd", "File/motd", false, 0});
  CHECK(client.read_until("File/motd").find("\"done\"") == std::string::npos);
  run.add({"done", "1 object failed", "", false, 1});
  CHECK(client.read_until("0\r\n\r\n").find("\"exitCode\":1") != std::string::npos);
}

TEST_CASE("control: a stream says how far a fetch is, four times a second at most") {
  Served served;
  git::Fetching fetch{.commit = CommitId(std::string(40, 'a')), .took = 5s, .bytes = 1, .rate = 2048};
  const auto has_come = [&](std::uint64_t bytes) {
    fetch.bytes = bytes;
    const std::lock_guard lock(served.agent.mutex);
    served.agent.current.fetch = fetch;
  };
  has_come(1);
  RawClient client(served.socket());
  client.send("POST /v1/sync HTTP/1.1\r\nHost: device\r\nContent-Length: 0\r\n\r\n");
  client.read_until("\r\n\r\n");
  auto& run = *served.agent.runs.at(0);
  const auto first = client.read_until("\"text\"");
  CHECK(first.find("\"kind\":\"progress\"") != std::string::npos);
  CHECK(first.find("\"bytesPerSecond\":2048") != std::string::npos);
  CHECK(first.find("\"earlier\"") == std::string::npos);
  const auto began = std::chrono::steady_clock::now();
  std::uint64_t bytes = 1;
  for (int line = 0; line < 4; ++line) {
    has_come(++bytes);
    client.read_until("\"bytes\":" + std::to_string(bytes) + ",");
  }
  CHECK(std::chrono::steady_clock::now() - began > 900ms);
  sync::Event waits{.kind = "waiting", .text = "another sync is under way"};
  waits.earlier = true;
  run.add(waits);
  client.read_until("another sync");
  has_come(++bytes);
  const std::string told = "{\"earlier\":true,\"fetch\"";
  CHECK(client.read_until(told).find(told) != std::string::npos);
  served.agent.meet();
  run.add({"done", "In sync", "", true, 0});
  client.read_until("\"done\"");
}

TEST_CASE("control: a sync without wait answers at once") {
  Served served;
  const auto reply = request(served.socket(), "POST", "/v1/sync?wait=false", "");
  CHECK(reply.status == 202);
  CHECK(served.agent.requests.size() == 1);
}

TEST_CASE("control: a stopping server ends an open stream with a done of its own") {
  std::optional<Served> served(std::in_place);
  RawClient client(served->socket());
  client.send("POST /v1/sync HTTP/1.1\r\nHost: device\r\nContent-Length: 0\r\n\r\n");
  client.read_until("\r\n\r\n");
  served.reset();
  CHECK(client.read_all().find("\"exitCode\":2") != std::string::npos);
}

TEST_CASE("control: a pause and a resume carry the peer's name, and root may say for whom it asks") {
  Served served;
  const auto reply = request(served.socket(), "POST", "/v1/pause",
                             R"({"for": "2h", "reason": "cabinet open", "sudoUser": "alice"})");
  REQUIRE(reply.status == 200);
  const auto pause = daemon::status_from_json(json::parse(reply.body)).pause;
  REQUIRE(pause);
  CHECK(pause->reason == "cabinet open");
  if (::getuid() == 0) CHECK(pause->who == "alice (sudo)");
  CHECK(request(served.socket(), "POST", "/v1/resume").status == 200);
  CHECK_FALSE(served.agent.current.pause);
  REQUIRE(served.agent.resumed.size() == 1);
  if (::getuid() == 0) CHECK(served.agent.resumed[0] == "root");
}

TEST_CASE("control: an error of the agent becomes a status, a message and a remedy") {
  Served served;
  served.agent.on_diff = []() -> json {
    throw Error(Fault::transient, "cannot reach git.example", "check the modem").during("polling");
  };
  const auto transient = request(served.socket(), "GET", "/v1/diff");
  CHECK(transient.status == 503);
  CHECK(json::parse(transient.body) ==
        json{{"error", "cannot reach git.example (while polling)"}, {"remedy", "check the modem"}});
  served.agent.on_diff = []() -> json { throw Error(Fault::invalid, "greenwave.yaml:1:1: broken"); };
  CHECK(request(served.socket(), "GET", "/v1/diff").status == 422);
  served.agent.on_diff = []() -> json { throw std::runtime_error("a detail"); };
  const auto internal = request(served.socket(), "GET", "/v1/diff");
  CHECK(internal.status == 500);
  CHECK(internal.body.find("a detail") == std::string::npos);
}

TEST_CASE("control: an answer that takes longer than the idle time-out still arrives") {
  Served served({16, std::chrono::seconds(1), 64 * 1024});
  served.agent.on_diff = [&] {
    RawClient(served.socket())
        .read_all();  // until the time-out has passed for a connection younger than ours
    return json{{"commit", "late"}};
  };
  CHECK(request(served.socket(), "GET", "/v1/diff").body == "{\"commit\":\"late\"}\n");
}

TEST_CASE("control: slow clients and a long diff hold up nobody else, and are let go after the time-out") {
  Served served({4, std::chrono::seconds(1), 64 * 1024});
  RawClient silent(served.socket());
  RawClient halfway(served.socket());
  halfway.send("GET /v1/sta");
  std::promise<void> begun, release;
  served.agent.on_diff = [&, released = release.get_future().share()] {
    begun.set_value();
    released.wait_for(60s);
    return json::object();
  };
  auto diff = std::async(std::launch::async, [&] { request(served.socket(), "GET", "/v1/diff"); });
  REQUIRE(begun.get_future().wait_for(60s) == std::future_status::ready);
  CHECK(request(served.socket(), "GET", "/v1/status").status == 200);
  CHECK(diff.wait_for(0s) == std::future_status::timeout);
  release.set_value();
  diff.get();
  CHECK(halfway.read_all().find("200") == std::string::npos);
}

TEST_CASE("control: one connection more than the cap is closed, and there is room again after the time-out") {
  Served served({2, std::chrono::seconds(1), 64 * 1024});
  std::vector<RawClient> idle;
  for (int i = 0; i < 2; ++i) idle.emplace_back(served.socket());
  CHECK(request(served.socket(), "GET", "/v1/status").status == 0);
  CHECK(wait_until([&] { return request(served.socket(), "GET", "/v1/status").status == 200; }));
}

TEST_CASE("control: a stale socket is replaced, a living one and a file in the way are not") {
  TemporaryDirectory directory;
  auto config = config_in(directory.path());
  const Log log(Level::error);
  FakeAgent agent;
  std::filesystem::create_directories(config.runtime_directory);
  {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    config.socket().native().copy(address.sun_path, sizeof address.sun_path - 1);
    const Fd left(::socket(AF_UNIX, SOCK_STREAM, 0));
    REQUIRE(::bind(left.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  {
    const control::Server server(agent, config, log);
    CHECK(request(config.socket().native(), "GET", "/v1/version").status == 200);
    CHECK_THROWS_WITH(control::Server(agent, config, log),
                      Catch::Contains("another greenwaved listens") && Catch::Contains("systemctl stop"));
    CHECK(request(config.socket().native(), "GET", "/v1/version").status == 200);
  }
  CHECK_FALSE(std::filesystem::exists(config.socket()));
  replace_file(config.socket(), "precious");
  CHECK_THROWS_WITH(control::Server(agent, config, log), Catch::Contains("is in the way"));
  CHECK(read_file(config.socket(), 100) == "precious");
  config.runtime_directory = directory.path() / std::string(120, 'x');
  CHECK_THROWS_WITH(control::Server(agent, config, log), Catch::Contains("shorter runtimeDirectory"));
}

TEST_CASE("control: the socket is for its owner and the group alone") {
  Served served;
  struct stat about {};
  REQUIRE(::stat(served.socket().c_str(), &about) == 0);
  CHECK((about.st_mode & 07777) == 0660);
  if (const auto* group = ::getgrnam(control::group_name); group != nullptr && ::geteuid() == 0) {
    CHECK(about.st_gid == group->gr_gid);
  }
}

namespace {

/// The status of GET /v1/status asked by another user, in a child process: 1 when it could not connect.
int status_as(uid_t uid, gid_t gid, const std::string& socket) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setgroups(0, nullptr) != 0 || ::setgid(gid) != 0 || ::setuid(uid) != 0) ::_exit(2);
    try {
      RawClient client(socket);
      client.send("GET /v1/status HTTP/1.1\r\nHost: device\r\nConnection: close\r\n\r\n");
      const auto text = client.read_all();
      const bool clear = text.find("may not use greenwaved's control socket") != std::string::npos;
      ::_exit(text.find("HTTP/1.1 403") == 0 && clear ? 43 : text.find("HTTP/1.1 200") == 0 ? 20 : 3);
    } catch (const std::exception&) {
      ::_exit(1);
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("control: another user gets no connection, and 403 where the socket's mode let one through") {
  if (::geteuid() != 0) {
    WARN("skipped: only root can become another user");
    return;
  }
  Served served;
  std::filesystem::permissions(served.directory.path(), std::filesystem::perms(0755));
  CHECK(status_as(65534, 65534, served.socket()) == 1);
  std::filesystem::permissions(served.socket(), std::filesystem::perms(0666));
  CHECK(status_as(65534, 65534, served.socket()) == 43);
  CHECK(status_as(0, 0, served.socket()) == 20);
}

namespace {

/// Another user's process that opens so many connections and sends nothing, until it is destroyed.
class Idlers {
 public:
  Idlers(uid_t uid, const std::string& socket, int count) {
    int ready[2];
    if (::pipe(ready) != 0) throw std::runtime_error("pipe");
    child_ = ::fork();
    if (child_ == 0) {
      if (::setgroups(0, nullptr) != 0 || ::setgid(uid) != 0 || ::setuid(uid) != 0) ::_exit(2);
      std::vector<RawClient> idle;
      for (int i = 0; i < count; ++i) idle.emplace_back(socket);
      ::write(ready[1], "1", 1);
      ::pause();
      ::_exit(0);
    }
    ::close(ready[1]);
    char byte = 0;
    connected_ = ::read(ready[0], &byte, 1) == 1;
    ::close(ready[0]);
  }
  ~Idlers() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  Idlers(const Idlers&) = delete;
  Idlers& operator=(const Idlers&) = delete;

  bool connected() const { return connected_; }

 private:
  pid_t child_ = -1;
  bool connected_ = false;
};

}  // namespace

TEST_CASE("control: however many connections members hold open, root gets in, and so does another member") {
  if (::geteuid() != 0) {
    WARN("skipped: only root can become another user");
    return;
  }
  Served served({16, std::chrono::seconds(60), 64 * 1024, 4});
  std::filesystem::permissions(served.directory.path(), std::filesystem::perms(0755));
  std::filesystem::permissions(served.socket(), std::filesystem::perms(0666));
  const auto answers_to = [&](uid_t uid) {
    return status_as(uid, uid, served.socket()) == (uid == 0 ? 20 : 43);
  };
  {
    const Idlers slow(65533, served.socket(), 8);
    REQUIRE(slow.connected());
    CHECK(wait_until([&] { return answers_to(0); }));
    CHECK_FALSE(answers_to(65533));
    CHECK(answers_to(65534));
    const Idlers others(65534, served.socket(), 8);
    REQUIRE(others.connected());
    CHECK_FALSE(answers_to(65532));
    CHECK(wait_until([&] { return answers_to(0); }));
  }
  CHECK(wait_until([&] { return answers_to(65533); }));
}

TEST_CASE("control: root, the daemon's own user and the group's members may use the socket") {
  const control::Policy policy{1001, 990};
  CHECK(control::may_use({0, "root", {0}}, policy));
  CHECK(control::may_use({1001, "greenwave", {1001}}, policy));
  CHECK(control::may_use({1002, "alice", {1002, 990}}, policy));
  CHECK_FALSE(control::may_use({1002, "alice", {1002, 27}}, policy));
  CHECK_FALSE(control::may_use({1002, "alice", {1002, 990}}, {1001, {}}));
  CHECK(control::may_choose({0, "root", {0}}, policy));
  CHECK(control::may_choose({1001, "greenwave", {1001}}, policy));
  CHECK_FALSE(control::may_choose({1002, "alice", {1002, 990}}, policy));
  CHECK(control::shown_name({1002, "bob", {}}, "alice") == "bob");
  CHECK(control::shown_name({0, "root", {}}, "alice") == "alice (sudo)");
  CHECK(control::shown_name({0, "root", {}}, "") == "root");
}
