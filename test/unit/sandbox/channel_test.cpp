#include "sandbox/channel.h"

#include <thread>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/socket.h>

#include "sandbox/wire.h"

using namespace greenwave;
using sandbox::Channel;

namespace {

struct Pair {
  explicit Pair(Channel::Patience patience = {}, std::size_t most = 32 << 20)
      : Pair(sandbox::make_ends(), std::move(patience), most) {}
  Pair(sandbox::Ends ends, Channel::Patience patience, std::size_t most)
      : ours(std::move(ends.ours), most, std::move(patience)), theirs(std::move(ends.theirs), most, {}) {}

  Channel ours;
  Channel theirs;
};

}  // namespace

TEST_CASE("channel: messages of every size arrive whole and in order") {
  Pair pair;
  std::vector<std::string> messages;
  for (const std::size_t size : {0, 1, 3, 4, 5, 65'535, 65'536, 70'000, 0, 1'000'000, 20'000'000, 7}) {
    messages.emplace_back(size, static_cast<char>('a' + messages.size()));
  }
  const std::jthread other([&] {
    for (const auto& message : messages) pair.theirs.send(message);
  });
  for (const auto& message : messages) CHECK((pair.ours.receive() == message));
}

TEST_CASE("channel: a file goes with its message") {
  Pair pair;
  const Fd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  pair.theirs.send("here");
  pair.theirs.send("is one", file.get());
  CHECK(pair.ours.receive() == "here");
  CHECK(pair.ours.receive() == "is one");
  CHECK(pair.ours.take_descriptor());
}

TEST_CASE("channel: a message longer than is allowed is malformed") {
  Pair pair({}, 1000);
  pair.theirs.send(std::string(1001, 'x'));
  CHECK_THROWS_AS(pair.ours.receive(), sandbox::Malformed);
}

TEST_CASE("channel: who is silent, or has gone, is given up") {
  Pair silent({.silence = std::chrono::milliseconds(1)});
  CHECK_THROWS_AS(silent.ours.receive(), sandbox::Gone);
  Pair gone;
  ::shutdown(gone.theirs.raw(), SHUT_RDWR);
  CHECK_THROWS_AS(gone.ours.receive(), sandbox::Gone);
  CHECK_THROWS_AS(gone.ours.send("x"), sandbox::Gone);
}

TEST_CASE("channel: whoever does not read holds nobody up for ever") {
  Pair pair({.silence = std::chrono::milliseconds(1)});
  CHECK_THROWS_AS(pair.ours.send(std::string(30 << 20, 'x')), sandbox::Gone);
}

TEST_CASE("channel: being stopped ends the waiting") {
  const std::atomic<bool> stop = true;
  Pair pair({.stop = &stop});
  CHECK_THROWS_AS(pair.ours.receive(), Error);
}
