#include "base/process.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <signal.h>

#include "base/fd.h"
#include "support/temporary_directory.h"

using namespace greenwave;
using namespace std::chrono_literals;

namespace {

Command shell(const std::string& script, Duration timeout = 1min) {
  Command command;
  command.argv = {"/bin/sh", "-c", script};
  command.timeout = timeout;
  return command;
}

pid_t pid_in(const std::filesystem::path& file) {
  pid_t pid = 0;
  std::ifstream(file) >> pid;
  return pid;
}

/// Gone, or only waiting to be reaped by its parent.
bool has_ended(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/stat");
  std::string number, name, state;
  return !(status >> number >> name >> state) || state == "Z";
}

bool ends_soon(pid_t pid) {
  for (int i = 0; i < 1000 && !has_ended(pid); ++i) std::this_thread::sleep_for(10ms);
  return has_ended(pid);
}

}  // namespace

TEST_CASE("process: the end of a long output is kept, where a failure is explained") {
  auto command =
      shell("i=0; while [ $i -lt 9000 ]; do echo line $i; i=$((i+1)); done; echo the reason >&2; exit 3");
  command.output_cap = 4096;
  const auto result = run(command);
  CHECK(result.status == 3);
  CHECK(result.output.size() == 4096);
  CHECK_THAT(result.output, Catch::EndsWith("line 8999\nthe reason\n"));
}

TEST_CASE("process: an output that fits is kept whole") {
  CHECK(run(shell("echo one; echo two >&2")).output == "one\ntwo\n");
}

TEST_CASE("process: a time-out ends children in a session of their own too, and those whose parent is gone") {
  const test::TemporaryDirectory scratch;
  const auto file = [&](const std::string& name) { return (scratch / name).native(); };
  const auto result =
      run(shell("setsid sh -c 'echo $$ >" + file("child") + "; exec sleep 1000' & (setsid sh -c 'echo $$ >" +
                    file("orphan") + "; exec sleep 1000' &) ; while ! [ -s " + file("child") +
                    " ] || ! [ -s " + file("orphan") + " ]; do sleep 0.01; done; sleep 1000",
                2s));
  CHECK(result.timed_out);
  for (const auto* name : {"child", "orphan"}) {
    const auto pid = pid_in(file(name));
    REQUIRE(pid > 0);
    CHECK(ends_soon(pid));
  }
}

TEST_CASE("process: a program may leave a daemon in a session of its own, but nothing in its group") {
  const test::TemporaryDirectory scratch;
  const auto file = [&](const std::string& name) { return (scratch / name).native(); };
  const auto result = run(shell("setsid sh -c 'echo $$ >" + file("daemon") +
                                "; exec sleep 1000' >/dev/null 2>&1 & sh -c 'echo $$ >" + file("left") +
                                "; exec sleep 1000' >/dev/null 2>&1 & while ! [ -s " + file("daemon") +
                                " ] || ! [ -s " + file("left") + " ]; do sleep 0.01; done"));
  CHECK(result.status == 0);
  CHECK(ends_soon(pid_in(file("left"))));
  const auto daemon = pid_in(file("daemon"));
  REQUIRE(daemon > 0);
  CHECK_FALSE(has_ended(daemon));
  ::kill(daemon, SIGKILL);
}

TEST_CASE("process: one that may leave nothing takes its daemons with it") {
  const test::TemporaryDirectory scratch;
  const auto file = (scratch / "daemon").native();
  auto command =
      shell("setsid sh -c 'echo $$ >" + file + "; exec sleep 1000' >/dev/null 2>&1 & while ! [ -s " + file +
            " ]; do sleep 0.01; done");
  command.leaves_nothing = true;
  CHECK(run(command).status == 0);
  const auto daemon = pid_in(file);
  REQUIRE(daemon > 0);
  CHECK(ends_soon(daemon));
}

TEST_CASE("process: an open file is run, and another is its standard input") {
  const test::TemporaryDirectory scratch;
  const auto script = scratch.write("script", "#!/bin/sh\ncat; ls /proc/self/fd | wc -l\n");
  std::filesystem::permissions(script, std::filesystem::perms(0700));
  const Fd program(::open(script.c_str(), O_RDONLY | O_CLOEXEC));
  const Fd input(::open(scratch.write("input", "hello\n").c_str(), O_RDONLY | O_CLOEXEC));
  Command command;
  command.argv = {"its name"};
  command.program = program.get();
  command.input = input.get();
  const auto result = run(command);
  CHECK(result.status == 0);
  CHECK(result.output == "hello\n5\n");  // 0, 1, 2, the program, and the directory of ls
}

TEST_CASE("process: its memory is bounded where that is asked for") {
  auto command = shell("until [ $(ulimit -v) = 1048576 ]; do sleep 0.01; done");
  command.memory_cap = std::size_t(1) << 30;
  CHECK_FALSE(run(command).timed_out);
}
