#include <catch2/catch.hpp>

#include "base/error.h"
#include "git/pkt_line.h"
#include "git/protocol_v2.h"
#include "git/server_transport.h"
#include "git/side_band.h"
#include "git/store.h"
#include "git/store_landing.h"
#include "support/faults.h"
#include "support/git_repository.h"
#include "support/local_upload_pack.h"

using namespace greenwave;
using test::fault_of;
using test::GitRepository;
using test::LocalUploadPack;
using test::MemoryStream;
using test::TemporaryDirectory;

namespace {

const std::atomic<bool> never{false};

git::ServerTransport transport_to(const GitRepository& origin, LocalUploadPack::Spoil spoil = {}) {
  return {std::make_unique<LocalUploadPack>(origin.path(), std::move(spoil)), "refs/heads/main", "", never};
}

}  // namespace

TEST_CASE("server: a response that is cut off anywhere is transient, and the next fetch continues") {
  GitRepository origin;
  const auto commit = origin.commit({{"a", test::noise(20'000, 1)}, {"b", "b"}});
  TemporaryDirectory directory;
  git::Store store(directory / "git");
  for (std::size_t cut = 0; cut < 20'000; cut += 1000) {
    auto cutting = transport_to(origin, [cut](std::string bytes) { return bytes.substr(0, cut); });
    CAPTURE(cut);
    CHECK(fault_of([&] { cutting.poll(), cutting.fetch(commit, store); }) == Fault::transient);
    REQUIRE_FALSE(store.has(commit));
  }
  CHECK(std::filesystem::is_empty(directory / "git/objects/pack"));
  auto whole = transport_to(origin);
  whole.fetch(commit, store);
  CHECK(store.tree(commit, "")->read("b", 10) == "b");
}

TEST_CASE("server: a partial fetch that is cut off between its requests is finished by the next one") {
  GitRepository origin;
  const auto commit = origin.commit({{"deep/er/a", "a"}, {"deep/b", "b"}});
  const git::Visit visit = [](const SourceTree& tree) { tree.read("deep/er/a", 10); };
  TemporaryDirectory directory;
  git::Store store(directory / "git");
  for (int requests = 0; requests < 4; ++requests) {
    int answered = 0;
    auto cutting = transport_to(
        origin, [&](std::string bytes) { return answered++ < requests ? bytes : bytes.substr(0, 20); });
    if (requests < 2) CHECK(fault_of([&] { cutting.fetch(commit, store, visit); }) == Fault::transient);
  }
  auto whole = transport_to(origin);
  whole.fetch(commit, store, visit);
  CHECK(store.tree(commit, "")->read("deep/er/a", 10) == "a");
}

TEST_CASE("server: a pack with a wrong byte anywhere is refused") {
  GitRepository origin;
  const auto commit = origin.commit({{"a", test::noise(3000, 1)}});
  TemporaryDirectory directory;
  git::Store store(directory / "git");
  for (std::size_t at = 110;  // behind the words before the pack
       at < 3000; at += 250) {
    auto spoiling = transport_to(origin, [at](std::string bytes) {
      if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ 1);
      return bytes;
    });
    CAPTURE(at);
    CHECK_THROWS_AS(spoiling.fetch(commit, store), Error);
    REQUIRE_FALSE(store.has(commit));
  }
}

TEST_CASE("server: sending a commit that was not asked for is an error") {
  GitRepository origin;
  const auto first = origin.commit({{"a", "a"}});
  const auto second = origin.commit({{"a", "b"}});
  std::string recorded;
  TemporaryDirectory directory;
  git::Store store(directory / "git");
  transport_to(origin, [&](std::string bytes) { return recorded = std::move(bytes); }).fetch(first, store);
  auto lying = transport_to(origin, [&](std::string) { return recorded; });
  CHECK(fault_of([&] { lying.fetch(second, store); }) == Fault::transient);
}

TEST_CASE("server: endless progress messages, and a pack beyond the limits, are cut off") {
  TemporaryDirectory directory;
  git::Store store(directory / "git");
  std::string talk;
  for (int i = 0; i < 300'000; ++i) talk += "0006\x02.";
  MemoryStream talking(talk);
  git::PacketReader talk_reader(talking);
  git::StoreLanding anywhere(store, never, {}, nullptr);
  git::PackSink talk_sink(anywhere.landing());
  CHECK_THROWS_WITH(git::receive_pack(talk_reader, talk_sink), Catch::Contains("only progress output"));

  GitRepository origin;
  const auto commit = origin.commit({{"a", test::noise(50'000, 1)}});
  git::FetchRequest request;
  request.wants = {commit.text()};
  LocalUploadPack server(origin.path());
  git::PacketReader pack_reader(server.ask(git::v2::fetch_request(request)));
  git::StoreLanding narrow(store, never, {.bytes = 10'000, .objects = 100}, nullptr);
  git::PackSink small(narrow.landing());
  CHECK_THROWS_WITH(git::v2::read_fetch(pack_reader, small), Catch::Contains("more than 9.8 KiB"));
  git::PacketReader again(server.ask(git::v2::fetch_request(request)));
  git::StoreLanding short_of(store, never, {.bytes = 1'000'000, .objects = 2}, nullptr);
  git::PackSink few(short_of.landing());
  CHECK_THROWS_WITH(git::v2::read_fetch(again, few), Catch::Contains("3 objects"));
}

TEST_CASE("server: the limits are those of a whole fetch, however many requests it takes") {
  GitRepository origin;
  const auto commit = origin.commit({{"deep/er/a", test::noise(4000, 1)}, {"deep/b", test::noise(4000, 2)}});
  const git::Visit visit = [](const SourceTree& tree) {
    tree.read("deep/b", 10'000);
    tree.read("deep/er/a", 10'000);
  };
  TemporaryDirectory directory;
  git::Store store(directory / "git");
  const auto limited = [&](const git::FetchLimits& limits) {
    return git::ServerTransport(std::make_unique<LocalUploadPack>(origin.path()), "refs/heads/main", "",
                                never, limits);
  };
  auto few = limited({.bytes = 1 << 20, .objects = 5});
  CHECK_THROWS_WITH(few.fetch(commit, store, visit), Catch::Contains("more than 5 in one fetch"));
  auto small = limited({.bytes = 4000, .objects = 100});
  CHECK_THROWS_WITH(small.fetch(commit, store, visit), Catch::Contains("more than 3.9 KiB in one fetch"));
  auto enough = limited({.bytes = 10'000, .objects = 6});
  enough.fetch(commit, store, visit);
  CHECK(store.tree(commit, "")->read("deep/er/a", 10'000) == test::noise(4000, 1));
}

TEST_CASE("server: a commit can be fetched alone, before any of its files") {
  GitRepository origin;
  const auto commit = origin.commit({{"a", test::noise(100'000, 1)}});
  TemporaryDirectory directory;
  git::Store store(directory / "git");
  auto transport = transport_to(origin);
  transport.fetch(commit, store, git::commit_alone);
  CHECK(store.commit(commit).subject == "Change things");
  CHECK(transport.bytes_received() < 1500);
  CHECK_THROWS_AS(store.tree(commit, ""), Error);
}

TEST_CASE("server: without the filter, no deltas against missing files are sent") {
  GitRepository origin;
  const auto text = test::noise(30'000, 1);
  const auto first = origin.commit({{"mine", "1"}, {"another's", text}});
  const git::Visit visit = [](const SourceTree& tree) { tree.read("mine", 100); };
  TemporaryDirectory directory;
  git::Store store(directory / "git");
  transport_to(origin).fetch(first, store, visit);
  store.keep("applied", first);
  origin.git({"config", "uploadpack.allowFilter", "false"});
  const auto second = origin.commit({{"mine", "2"}, {"another's", text + "more"}});
  auto transport = transport_to(origin);
  transport.fetch(second, store, visit);
  CHECK(store.tree(second, "")->read("another's", 100'000) == text + "more");
  store.keep("applied", second);
  const auto received = transport.bytes_received();
  const auto third = origin.commit({{"mine", "3"}, {"another's", text + "more and more"}});
  transport.fetch(third, store, visit);
  CHECK(store.tree(third, "")->read("another's", 100'000) == text + "more and more");
  CHECK(transport.bytes_received() - received < 3000);  // the second commit is whole
}

TEST_CASE("server: a response that is not git's is reported as such") {
  for (const std::string bytes : {"<html>", "zzzz", "0003", "fffg", "000", "0010short"}) {
    MemoryStream stream(bytes, 1);
    git::PacketReader reader(stream);
    CAPTURE(bytes);
    CHECK(fault_of([&] { reader.read(); }) == Fault::transient);
  }
  MemoryStream stream("0006ab0000000100020009ERR x", 3);
  git::PacketReader reader(stream);
  CHECK(reader.read().payload == "ab");
  CHECK(reader.read().kind == git::Packet::Kind::flush);
  CHECK(reader.read().kind == git::Packet::Kind::delimiter);
  CHECK(reader.read().kind == git::Packet::Kind::response_end);
  CHECK(fault_of([&] { reader.read_line(); }) == Fault::invalid);
  CHECK(reader.read().kind == git::Packet::Kind::end_of_stream);
  CHECK(git::packet("ab") == "0006ab");
}
