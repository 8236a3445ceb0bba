#include "drivers/host/program_server.h"

#include <chrono>
#include <cstring>
#include <fstream>
#include <functional>
#include <future>
#include <string>
#include <thread>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "drivers/host/program_call.h"
#include "support/temporary_directory.h"

using namespace greenwave;
using namespace greenwave::drivers::host;
using namespace std::chrono_literals;

namespace {

sockaddr_un address_at(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE(path.native().size() < sizeof address.sun_path);
  std::memcpy(address.sun_path, path.c_str(), path.native().size() + 1);
  return address;
}

Fd listening_at(const std::filesystem::path& path) {
  const auto address = address_at(path);
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(socket.get(), 16) == 0);
  return socket;
}

Command command_of(std::vector<std::string> argv, Duration timeout = 1min) {
  Command command;
  command.argv = std::move(argv);
  command.timeout = timeout;
  return command;
}

Command script_of(const std::string& script, Duration timeout = 1min) {
  return command_of({"/bin/sh", "-c", script}, timeout);
}

/// The service, on a thread of this process.
struct Service {
  test::TemporaryDirectory scratch;
  std::filesystem::path socket = scratch / "programs.sock";
  ProgramServer server{listening_at(socket)};
  std::thread thread{[this] { server.serve(); }};

  ~Service() {
    server.stop();
    thread.join();
  }

  CommandResult run(const std::string& script, Duration timeout = 1min) const {
    return run(script_of(script, timeout));
  }
  CommandResult run(const Command& command) const { return run_elsewhere(socket, command); }
};

bool happens_soon(const std::function<bool()>& condition) {
  for (int i = 0; i < 1000 && !condition(); ++i) std::this_thread::sleep_for(10ms);
  return condition();
}

}  // namespace

TEST_CASE("program server: what a program wrote, and how it ended, comes back as it is") {
  const Service service;
  const auto result = service.run("printf 'one\\377\\n'; echo two >&2; exit 3");
  CHECK(result.output == "one\377\ntwo\n");
  CHECK(result.status == 3);
  CHECK_FALSE(result.timed_out);
}

TEST_CASE("program server: a program runs in the directory and with the environment that it was given") {
  const Service service;
  const auto inside = service.scratch / "inside";
  std::filesystem::create_directory(inside);
  const Fd directory(::open(inside.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  auto command = script_of("pwd; echo \"$NAME\"");
  command.environment = {{"NAME", "a\nb"}};
  command.directory = directory.get();
  CHECK(service.run(command).output == inside.native() + "\na\nb\n");
}

TEST_CASE("program server: a directory that another has taken the place of is refused") {
  const Service service;
  const auto inside = service.scratch / "inside";
  std::filesystem::create_directory(inside);
  const Fd directory(::open(inside.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  auto command = command_of({"/bin/pwd"});
  command.directory = directory.get();
  const auto request = request_of(command);
  std::filesystem::rename(inside, service.scratch / "away");
  std::filesystem::create_directory(inside);
  CHECK_THROWS_WITH(read_request(request), Catch::Contains("has just been replaced"));
}

TEST_CASE("program server: a program that is not there is the same error as without the service") {
  const Service service;
  const auto command = command_of({"/no/such/program"});
  const auto error_of = [](const auto& run) {
    try {
      run();
    } catch (const Error& error) {
      return std::pair(error.fault(), std::string(error.what()));
    }
    return std::pair(Fault::internal, std::string());
  };
  const auto expected = error_of([&] { run(command); });
  CHECK(expected.first == Fault::invalid);
  CHECK(error_of([&] { service.run(command); }) == expected);
}

TEST_CASE("program server: a program is killed at its time-out, and several run at once") {
  const Service service;
  const auto begun = std::chrono::steady_clock::now();
  auto beside = std::async(std::launch::async, [&] { return service.run("sleep 100", 1s).timed_out; });
  CHECK(service.run("sleep 100", 1s).timed_out);
  CHECK(beside.get());
  CHECK(std::chrono::steady_clock::now() - begun < 30s);
}

TEST_CASE("program server: an agent that hangs up has its program killed") {
  const Service service;
  const auto file = service.scratch / "pid";
  const auto address = address_at(service.socket);
  Fd connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  const auto request = request_of(script_of("echo $$ >" + file.native() + "; exec sleep 1000", 1h));
  REQUIRE(::send(connection.get(), request.data(), request.size(), 0) ==
          static_cast<ssize_t>(request.size()));
  ::shutdown(connection.get(), SHUT_WR);
  pid_t pid = 0;
  REQUIRE(happens_soon([&] { return static_cast<bool>(std::ifstream(file) >> pid); }));
  CHECK(::kill(pid, 0) == 0);
  connection = Fd();
  CHECK(happens_soon([&] { return ::kill(pid, 0) != 0; }));
}

TEST_CASE("program server: what is not a request, or not an answer, is an error") {
  CHECK_THROWS_WITH(read_request("not CBOR"), Catch::Contains("a request about a program cannot be read"));
  CHECK_THROWS_WITH(read_answer("not CBOR"), Catch::Contains("an answer about a program cannot be read"));
  CHECK_THROWS_WITH(read_answer(answer_of(Error(Fault::conflict, "in the way", "move it"))),
                    "in the way; move it");
}

TEST_CASE("program server: where nobody listens a later try may succeed") {
  const test::TemporaryDirectory scratch;
  try {
    run_elsewhere(scratch / "nobody.sock", command_of({"/bin/true"}));
    FAIL("nobody ran it");
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::transient);
    CHECK_THAT(error.what(),
               Catch::Contains("cannot run /bin/true: greenwave-programs.socket does not answer"));
  }
}
