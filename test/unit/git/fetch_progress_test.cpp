#include "git/fetch_progress.h"

#include <atomic>
#include <thread>

#include <catch2/catch.hpp>

#include "git/server_transport.h"
#include "git/store.h"
#include "support/git_repository.h"
#include "support/local_upload_pack.h"
#include "support/set_clock.h"
#include "support/temporary_directory.h"

using namespace greenwave;
using namespace std::chrono_literals;

namespace {

const CommitId commit("4fa52342af35c0ffee4fa52342af35c0ffee4fa5");

/// Bytes that came when a fetch was so old, and the rate that a reader then sees at `asked`.
struct Flow {
  std::vector<std::pair<Duration, std::uint64_t>> came;
  Duration asked;
  std::uint64_t rate;
};

}  // namespace

TEST_CASE("fetch progress: the rate is that of the last ten seconds") {
  const std::vector<Flow> table{
      {{}, 0ms, 0},
      {{}, 1h, 0},
      {{{0ms, 500}}, 500ms, 500},  // within the first second: as if that were over
      {{{0ms, 1000}, {1s, 1000}, {2s, 1000}}, 3s, 1000},
      {{{0ms, 1000}, {1500ms, 2000}}, 2s, 1500},
      {{{0ms, 100'000}}, 5s, 20'000},
      {{{0ms, 100'000}}, 9s, 11'111},
      {{{0ms, 100'000}}, 10s, 0},  // a link that stalls has no rate
      {{{0ms, 100'000}}, 30s, 0},
      {{{0ms, 100'000}, {60s, 950}}, 60s + 500ms, 100},
      {{{100s, 9500}}, 109s + 500ms, 1000},
      {{{100s, 9500}}, 110s, 0},
      {{{1h, 3ULL << 40}}, 1h + 500ms, (3ULL << 40) * 1000 / 9500},
  };
  for (const auto& [came, asked, rate] : table) {
    CAPTURE(came.size(), asked.count());
    git::RecentRate recent;
    for (const auto& [age, bytes] : came) recent.add(age, bytes);
    CHECK(recent.at(asked) == rate);
  }
}

TEST_CASE("fetch progress: what is not known is not said") {
  const auto said = [](Duration took, std::uint64_t bytes, std::uint64_t rate, std::uint64_t objects,
                       std::uint64_t announced) {
    return in_words(git::Fetching{.commit = commit,
                                  .took = took,
                                  .bytes = bytes,
                                  .rate = rate,
                                  .objects = objects,
                                  .announced = announced});
  };
  CHECK(said(250ms, 0, 0, 0, 0) == "fetching 4fa52342af35: 0 B");
  CHECK(said(999ms, 700, 700, 1, 1) == "fetching 4fa52342af35: 700 B");
  CHECK(said(1s, 700, 700, 0, 0) == "fetching 4fa52342af35 for 1s: 700 B, 700 B/s");
  CHECK(said(40'999ms, 1'258'291, 12'288, 339, 1213) ==
        "fetching 4fa52342af35 for 40s: 1.2 MiB, 27% of 1213 objects, 12 KiB/s");
  CHECK(said(2min, 5 << 20, 0, 1212, 1213) ==
        "fetching 4fa52342af35 for 2m: 5.0 MiB, 99% of 1213 objects, 0 B/s");
  CHECK(said(2min, 5 << 20, 900, 1213, 1213) ==
        "fetching 4fa52342af35 for 2m: 5.0 MiB, 100% of 1213 objects, 900 B/s");
}

TEST_CASE("fetch progress: a fetch counts from its begin to its end, and only then") {
  test::SetClock clock;
  git::FetchProgress progress(clock);
  progress.receive(600);  // a poll
  CHECK_FALSE(progress.read());
  const auto began = clock.now();
  {
    const git::ShownFetch shown(&progress);
    CHECK_FALSE(progress.read());
    shown.begin(commit);
    clock.pass(2s);
    shown.receive(3000);
    shown.begin(commit);  // a further request of the same fetch
    progress.count(3, 10);
    clock.pass(1s);
    CHECK(progress.read() == git::Fetching{commit, began, 3s, 3000, 1000, 3, 10});
    clock.pass(20s);
    CHECK(progress.read()->rate == 0);
    CHECK(progress.read()->since == began);
  }
  CHECK_FALSE(progress.read());
  progress.begin(CommitId("1234"));
  CHECK(progress.read() == git::Fetching{CommitId("1234"), clock.now(), 0ms, 0, 0, 0, 0});
  const git::ShownFetch nowhere(nullptr);
  nowhere.begin(commit);
  nowhere.receive(1);
}

TEST_CASE("fetch progress: as long as bytes come there is a heartbeat every five seconds, and none without") {
  test::SetClock clock;
  std::vector<Duration> beats;
  const auto start = clock.instant;
  git::FetchProgress progress(
      clock, [&] { beats.push_back(std::chrono::duration_cast<Duration>(clock.instant - start)); });
  const auto flow = [&](Duration time, bool comes) {
    for (Duration passed = 0s; passed < time; passed += 50ms) {
      clock.pass(50ms);
      if (comes) progress.receive(64);
    }
  };
  flow(20s, true);  // of polls
  CHECK(beats.empty());
  progress.begin(commit);
  flow(10s, true);
  flow(60s, false);
  progress.receive(0);  // the end of a stream
  CHECK(beats == std::vector<Duration>{25s, 30s});
  flow(50ms, true);
  progress.work();
  flow(6s, false);
  progress.work();  // on what has come
  CHECK(beats == std::vector<Duration>{25s, 30s, 90s + 50ms, 96s + 50ms});
  progress.end();
  flow(20s, true);
  CHECK(beats.size() == 4);
}

TEST_CASE("fetch progress: one thread writes while others read") {
  test::SetClock clock;
  git::FetchProgress progress(clock);
  std::atomic<bool> over = false;
  std::atomic<bool> is_true = true;
  std::thread reader([&] {
    std::uint64_t most = 0;
    while (!over) {
      const auto now = progress.read();
      if (!now) continue;
      if (now->bytes < most || now->objects > now->announced) is_true = false;
      most = now->bytes;
    }
  });
  progress.begin(commit);
  for (std::uint64_t i = 1; i <= 20'000; ++i) {
    progress.receive(7);
    progress.count(i, i + 1);
  }
  over = true;
  reader.join();
  CHECK(is_true);
  CHECK(progress.read()->bytes == 140'000);
}

TEST_CASE(
    "fetch progress: a server's fetch shows, over all its packs; a poll and what is there already do not") {
  test::GitRepository origin;
  const auto tip =
      origin.commit({{"base/a.yaml", test::noise(20'000, 1)}, {"base/b.yaml", "b"}, {"other/c.yaml", "c"}});
  const test::TemporaryDirectory directory;
  git::Store store(directory / "store");
  const test::SetClock clock;
  git::FetchProgress progress(clock);
  const std::atomic<bool> never = false;
  git::ServerTransport transport(std::make_unique<test::LocalUploadPack>(origin.path()), "refs/heads/main",
                                 "", never);
  transport.show_in(progress);
  CHECK(transport.poll() == tip);
  CHECK_FALSE(progress.read());

  std::vector<git::Fetching> seen;
  const auto look = [&](const SourceTree& files) {
    for (const auto* path : {"base/a.yaml", "base/b.yaml"}) files.read(path, 1 << 20);
    if (const auto now = progress.read()) seen.push_back(*now);
  };
  transport.fetch(tip, store, look);
  CHECK_FALSE(progress.read());
  REQUIRE(seen.size() >= 2);  // of a server that filters, which sends what was asked for level by level
  for (std::size_t i = 0; i < seen.size(); ++i) {
    CHECK(seen[i].commit == tip);
    CHECK(seen[i].objects == seen[i].announced);  // a pack is whole when its objects are read
    CHECK((i == 0 || seen[i].bytes > seen[i - 1].bytes));
  }
  CHECK(seen.back().announced >= 5);  // the commit, two directories, two files
  CHECK(seen.back().bytes > 20'000);

  seen.clear();
  transport.fetch(tip, store, look);
  CHECK(seen.empty());
}
