#include <functional>
#include <stop_token>
#include <thread>

#include <catch2/catch.hpp>
#include <sys/eventfd.h>

#include "base/error.h"
#include "git/confined/confined_upstream.h"
#include "git/file_transport.h"
#include "git/store_landing.h"
#include "support/faults.h"
#include "support/git_repository.h"
#include "support/temporary_directory.h"

using namespace greenwave;
using namespace greenwave::git::confined;
using greenwave::test::fault_of;
using greenwave::test::GitRepository;
using greenwave::test::TemporaryDirectory;

namespace {

const std::atomic<bool> never{false};
constexpr const char* blob = "what nobody signed";

/// A fetcher that was taken over: it says what its script says.
class Liar : public sandbox::Peer {
 public:
  using Script = std::function<void(sandbox::Channel&)>;

  Liar(sandbox::Channel::Patience patience, Script script)
      : Liar(sandbox::make_ends(), std::move(patience), std::move(script)) {}

  sandbox::Channel& channel() override { return channel_; }
  bool has_ended() const override { return false; }
  Error lost(const Error& error) override {
    return {Fault::transient, std::string("lost: ") + error.message()};
  }

 private:
  Liar(sandbox::Ends ends, sandbox::Channel::Patience patience, Script script)
      : thread_([theirs = std::move(ends.theirs), script = std::move(script)]() mutable {
          sandbox::Channel channel(std::move(theirs), longest_message, {});
          try {
            channel.receive();
            script(channel);
          } catch (const Error&) {
            // The agent has had enough.
          }
        }),
        channel_(std::move(ends.ours), longest_message, std::move(patience)) {}

  std::jthread thread_;  ///< ends with the channel
  sandbox::Channel channel_;
};

template <typename... Values>
std::string said(const Values&... values) {
  sandbox::Writer writer;
  writer.all(values...);
  return writer.take();
}

const auto ready = said(Say::ready, std::vector<std::string>());

/// A device whose fetcher lies.
struct Device {
  TemporaryDirectory directory;
  git::Store store{directory / "git"};
  std::vector<std::string> lacks;

  RemoteParts parts(Liar::Script script) {
    return {.quarantine = directory / "quarantine",
            .stop = never,
            .lacks = [this](const std::vector<std::string>& what) { lacks = what; },
            .silence = std::chrono::milliseconds(300),
            .start = [script = std::move(script)](sandbox::Channel::Patience patience,
                                                  int) -> std::unique_ptr<sandbox::Peer> {
              return std::make_unique<Liar>(std::move(patience), script);
            }};
  }

  ConfinedUpstream upstream(Liar::Script script) {
    return {parts(std::move(script)), "https://city.test/city.git", [] { return git::Login(); }};
  }

  /// Its answer to a question, after `ready`.
  ConfinedUpstream saying(std::vector<std::string> messages) {
    return upstream([messages = std::move(messages)](sandbox::Channel& channel) {
      channel.send(ready);
      channel.receive();
      for (const auto& message : messages) channel.send(message);
      channel.receive();
    });
  }

  std::string error_of_fetch(ConfinedUpstream upstream) {
    git::StoreLanding into(store, never, {.objects = 10}, nullptr);
    git::FetchRequest request;
    request.wants = {std::string(40, '1')};
    try {
      upstream.fetch(request, into.landing());
    } catch (const Error& error) {
      CHECK(error.fault() == Fault::transient);
      return error.what();
    }
    return "none";
  }

  bool is_empty() const { return std::filesystem::is_empty(directory / "git/objects/pack"); }
};

std::string object(std::string_view content, std::int32_t type = GIT_OBJECT_BLOB) {
  return said(type, std::string(content));
}

std::string objects(std::uint32_t count, const std::string& list) {
  return said(Say::objects, count) + list;
}

const auto yes = said(Say::answer, Counters(), true);

}  // namespace

TEST_CASE("confined: what a fetcher brings is in the store under the names of its bytes alone") {
  Device device;
  const auto why = device.error_of_fetch(
      device.saying({said(Say::expect, std::uint32_t{1}), objects(1, object(blob)), yes}));
  CHECK(why == "none");
  CHECK_FALSE(device.store.has(CommitId(std::string(40, '1'))));
  CHECK_FALSE(device.is_empty());
}

TEST_CASE("confined: a fetcher that lies is ended, and nothing of what it said is kept") {
  const auto expect = [](std::uint32_t count) { return said(Say::expect, count); };
  const std::vector<std::pair<const char*, std::vector<std::string>>> lies{
      {"it ended", {}},
      {"it is ready again", {ready}},
      {"a value that there is not", {"\x63"}},
      {"objects that nobody asked for", {expect(1), expect(1)}},
      {"more objects than are allowed", {expect(11)}},
      {"more objects than it announced", {objects(1, object(blob))}},
      {"more objects than it announced", {expect(1), objects(2, object(blob) + object(blob))}},
      {"fewer objects than it announced", {expect(2), objects(1, object(blob)), yes}},
      {"an object of no type", {expect(1), objects(1, object(blob, GIT_OBJECT_REF_DELTA))}},
      {"an object of no type", {expect(1), objects(1, object(blob, -2))}},
      {"it ends too early", {expect(1), objects(1, object(blob).substr(0, 9))}},
      {"a list longer than the message", {expect(1), objects(4'000'000'000, "")}},
      {"more than was asked for", {expect(1), objects(1, object(blob) + "x")}},
      {"it wants to be connected elsewhere", {said(Say::connect, std::string("elsewhere.test"), 443U)}},
      {"it wants to be connected elsewhere", {said(Say::connect, std::string("city.test"), 22U)}},
      {"a truth value that is neither", {said(Say::answer, Counters()) + "\x02"}},
      {"more than was asked for", {yes + "x"}},
      {"it ends too early", {said(Say::answer, Counters())}},
      {"a value that there is not", {said(Say::failure, Counters(), std::int32_t{77})}},
  };
  for (const auto& lie : lies) {
    const std::string why = lie.first;
    CAPTURE(why);
    Device device;
    auto said_and_gone = device.upstream([&](sandbox::Channel& channel) {
      channel.send(ready);
      channel.receive();
      for (const auto& message : lie.second) channel.send(message);
    });
    const auto error = device.error_of_fetch(std::move(said_and_gone));
    CHECK_THAT(error, Catch::StartsWith(std::string("lost: ")) && Catch::Contains(why));
    CHECK(device.is_empty());
  }
}

TEST_CASE("confined: a fetcher that says nothing, or never listens, is given up") {
  Device device;
  const auto silent = [](sandbox::Channel& channel) {
    channel.send(ready);
    while (true) channel.receive();
  };
  CHECK_THAT(device.error_of_fetch(device.upstream(silent)), Catch::Contains("it does not answer"));
  const auto never_ready = [](sandbox::Channel& channel) {
    while (true) channel.receive();
  };
  CHECK_THAT(device.error_of_fetch(device.upstream(never_ready)), Catch::Contains("it does not answer"));
}

TEST_CASE("confined: a fetcher's failure is what it says, in printable words, and what it lacks is known") {
  Device device;
  auto failing = device.upstream([](sandbox::Channel& channel) {
    channel.send(said(Say::ready, std::vector<std::string>{"Land\nlock"}));
    channel.receive();
    channel.send(said(Say::failure, Counters(), Failure{Fault::untrusted, "a\x1b[2Jb", "c\nd", false}));
    channel.receive();
  });
  try {
    failing.poll({"refs/heads/main"});
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::untrusted);
    CHECK_THAT(error.what(), !Catch::Contains("\x1b") && !Catch::Contains("\n"));
  }
  REQUIRE(device.lacks.size() == 1);
  CHECK_THAT(device.lacks.front(), !Catch::Contains("\n"));
}

TEST_CASE("confined: who waits for a change can be called away, and a fetcher that says nonsense is ended") {
  Device device;
  const Fd end(::eventfd(1, EFD_CLOEXEC));  // it is called away at once
  const auto held_by = [&](std::string answer) {
    return device.upstream([answer = std::move(answer)](sandbox::Channel& channel) {
      channel.send(ready);
      channel.receive();
      const auto second = channel.receive();
      channel.send(second == said(Ask::end_hold) ? answer : std::string());
      channel.receive();
    });
  };
  const git::Hold hold{.most = std::chrono::hours(1), .end = end.get()};
  CHECK(held_by(said(Say::answer, Counters(), git::Held::ended)).hold(hold) == git::Held::ended);
  CHECK_THROWS_WITH(held_by(said(Say::answer, Counters(), std::uint8_t{9})).hold(hold),
                    Catch::Contains("a value that there is not"));
  CHECK_THROWS_WITH(held_by(said(Say::connect, std::string("elsewhere.test"), 443U)).hold(hold),
                    Catch::Contains("it wants to be connected elsewhere"));
}

TEST_CASE("confined: a tip is of a ref that was asked for, and the name of a commit") {
  Device device;
  const auto tip = [&](const std::string& commit, const std::string& ref) {
    auto upstream = device.saying({said(Say::answer, Counters(), commit, ref, false)});
    return upstream.poll({"refs/heads/main"});
  };
  CHECK(tip(std::string(40, 'a'), "refs/heads/main").commit.text() == std::string(40, 'a'));
  CHECK_THROWS_WITH(tip(std::string(40, 'a'), "refs/heads/other"), Catch::Contains("nobody asked for"));
  CHECK_THROWS_WITH(tip("../../etc/shadow", "refs/heads/main"),
                    Catch::Contains("a commit's name that is none"));
}

TEST_CASE("confined: a base that the store lacks is not there, and one that it has is what it is") {
  Device device;
  GitRepository origin;
  const auto commit = origin.commit({{"a", "1"}});
  git::FileTransport(origin.path(), "refs/heads/main", never).fetch(commit, device.store);
  std::vector<Base> bases;
  auto asking = device.upstream([&](sandbox::Channel& channel) {
    channel.send(ready);
    channel.receive();
    for (const auto& name : {commit.text(), std::string(40, '0')}) {
      channel.send(said(Say::base, name));
      bases.push_back(sandbox::from_bytes<Base>(channel.receive()));
    }
    channel.send(yes);
    channel.receive();
  });
  const auto error = device.error_of_fetch(std::move(asking));
  CHECK(error == "none");
  REQUIRE(bases.size() == 2);
  CHECK(bases[0].is_there);
  CHECK_THAT(bases[0].content, Catch::StartsWith("tree "));
  CHECK_FALSE(bases[1].is_there);
}

TEST_CASE("confined: whoever writes more into the quarantine than is allowed is ended, and it is emptied") {
  TemporaryDirectory directory;
  const Quarantine quarantine(directory / "quarantine");
  directory.write("quarantine/pack/one", std::string(3000, 'x'));
  quarantine.require_at_most(3000);
  CHECK_THROWS_AS(quarantine.require_at_most(2999), git::Unusable);
  quarantine.empty();
  CHECK(std::filesystem::is_empty(directory / "quarantine"));
}

TEST_CASE("confined: files that come and go while they are counted are not taken for many bytes") {
  TemporaryDirectory directory;
  const Quarantine quarantine(directory / "quarantine");
  const std::jthread writing([&](const std::stop_token& end) {
    while (!end.stop_requested()) {
      directory.write("quarantine/one", "x");
      std::filesystem::remove(directory / "quarantine/one");
    }
  });
  for (int round = 0; round < 20'000; ++round) quarantine.require_at_most(1000);
}
