#include "state/state.h"

#include <chrono>
#include <csignal>
#include <fstream>
#include <functional>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "support/change_database.h"
#include "support/objects.h"
#include "support/temporary_directory.h"

using namespace greenwave;
using namespace greenwave::state;
using namespace greenwave::test;

namespace fs = std::filesystem;

namespace {

Entry entry_of(const std::string& object, const std::string& content = "") {
  auto entry = applied(Make(object, content));
  entry.commit = CommitId(std::string(40, 'a'));
  entry.record = R"({"path":"/etc/x"})";
  FileSignature file;
  file.path = "/etc/" + entry.id.name;
  file.device = 1;
  file.inode = 0xFFFF'FFFF'FFFF'FFFF;
  file.size = 1024;
  file.modified_ns = -1;
  file.changed_ns = 1'700'000'000'123'456'789;
  file.content = sha256(content);
  entry.files = {file};
  return entry;
}

void check_same(const Entry& a, const Entry& b) {
  CHECK(a.id == b.id);
  CHECK(a.digest == b.digest);
  CHECK(a.intended == b.intended);
  CHECK(a.commit == b.commit);
  CHECK(a.rank == b.rank);
  CHECK(a.claims == b.claims);
  CHECK(a.record == b.record);
  CHECK(a.files == b.files);
  CHECK(a.live == b.live);
  CHECK(a.keep == b.keep);
  CHECK(a.error == b.error);
  CHECK(a.passes == b.passes);
}

SyncRecord sync_at(Time started, std::vector<Action> actions = {}) {
  SyncRecord sync;
  sync.started = started;
  sync.result = SyncResult::in_sync;
  sync.actions = std::move(actions);
  return sync;
}

Time on(int year, unsigned month, unsigned day) {
  return std::chrono::sys_days(std::chrono::year(year) / static_cast<int>(month) / static_cast<int>(day));
}

std::string all_bytes(const fs::path& file) {
  return fs::exists(file) ? read_file(file, 64 << 20) : std::string();
}

/// What a power cut would leave: the files as they are now, while the State lives on.
void copy_state(const fs::path& from, const fs::path& to) {
  fs::copy_file(from, to, fs::copy_options::overwrite_existing);
  fs::copy_file(from.native() + "-wal", to.native() + "-wal", fs::copy_options::overwrite_existing);
}

Fault fault_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    CHECK_FALSE(error.remedy().empty());
    return error.fault();
  }
  FAIL("no error came");
  return Fault::internal;
}

}  // namespace

TEST_CASE("state: an intent is known before its result, and the result replaces it") {
  const TemporaryDirectory scratch;
  const auto motd = entry_of("File/motd");
  {
    State state(scratch / "state.db");
    CHECK(state.inventory().empty());
    state.intend(std::vector{motd}, {});
    const auto entries = state.inventory();
    REQUIRE(entries.size() == 1);
    CHECK(entries[0].intended);
    CHECK(entries[0].digest.is_zero());
    CHECK(entries[0].claims == motd.claims);
    CHECK(entries[0].record == motd.record);
    CHECK(entries[0].rank == 20);
    CHECK(entries[0].files.empty());
    state.settle(std::vector{motd}, {}, {});
  }
  State again(scratch / "state.db");
  REQUIRE(again.inventory().size() == 1);
  check_same(again.inventory()[0], motd);
}

TEST_CASE("state: a new intent of a known object keeps its digest and signatures") {
  const TemporaryDirectory scratch;
  State state(scratch / "state.db");
  const auto old = entry_of("File/motd", "old");
  state.settle(std::vector{old}, {}, {});
  auto intent = entry_of("File/motd", "new");
  intent.claims = {"path:/etc/motd", "path:/etc/motd2"};
  intent.record = "{}";
  intent.files.clear();
  intent.keep = true;
  state.intend(std::vector{intent}, {});
  auto expected = old;
  expected.intended = true;
  expected.claims = intent.claims;
  expected.record = "{}";
  expected.keep = true;
  check_same(state.inventory().at(0), expected);
}

TEST_CASE("state: the inventory comes ordered by id, with every field as it was") {
  const TemporaryDirectory scratch;
  State state(scratch / "state.db");
  auto failed = entry_of("SystemdUnit/b");
  failed.error = "no such unit";
  failed.passes = true;
  failed.live = true;
  failed.keep = true;
  failed.intended = true;
  failed.files.push_back(failed.files[0]);
  const std::vector entries{failed, entry_of("File/z"), entry_of("Deployment/cabinet/camera"),
                            entry_of("File/a")};
  state.settle(entries, {}, {});
  const auto read = state.inventory();
  REQUIRE(read.size() == 4);
  CHECK(to_string(read[0].id) == "Deployment/cabinet/camera");
  CHECK(to_string(read[1].id) == "File/a");
  CHECK(to_string(read[2].id) == "File/z");
  check_same(read[3], failed);
  state.settle({}, std::vector{id("File/a"), id("File/unknown")}, {});
  CHECK(state.inventory().size() == 3);
}

TEST_CASE("state: a promised restart is remembered until it was done for its cause") {
  const TemporaryDirectory scratch;
  State state(scratch / "state.db");
  const std::vector<plan::Owed> promised{{id("SystemdUnit/u"), false, id("File/a")},
                                         {id("SystemdUnit/u"), true, id("File/b")},
                                         {id("SystemdUnit/v"), true, id("File/a")}};
  state.intend({}, promised);
  state.intend({}, std::vector<plan::Owed>{{id("SystemdUnit/u"), true, id("File/a")}});
  state.intend({}, std::vector<plan::Owed>{{id("SystemdUnit/u"), false, id("File/b")}});
  auto owed = state.owed();
  REQUIRE(owed.size() == 3);
  CHECK(owed[0].restart);
  CHECK(owed[1].restart);
  state.settle({}, {}, std::vector<plan::Owed>{{id("SystemdUnit/u"), true, id("File/a")}});
  owed = state.owed();
  REQUIRE(owed.size() == 2);
  CHECK(owed[0].because == id("File/b"));
  state.settle({}, std::vector{id("SystemdUnit/v")}, {});
  CHECK(state.owed().size() == 1);
}

TEST_CASE("state: what is already so is not written again") {
  const TemporaryDirectory scratch;
  const auto file = scratch / "state.db";
  State state(file);
  const auto motd = entry_of("File/motd");
  const std::vector<plan::Owed> owed{{id("SystemdUnit/u"), true, id("File/motd")}};
  const auto write_all_of_it = [&] {
    state.settle(std::vector{motd}, {}, {});
    state.set_value("commit", "abc");
    state.set_pause(Pause{on(2026, 1, 1), "ana", "works"});
  };
  write_all_of_it();
  state.intend({}, owed);
  const auto before = all_bytes(file) + all_bytes(file.native() + "-wal");
  write_all_of_it();
  state.intend({}, owed);
  state.settle({}, std::vector{id("File/unknown")},
               std::vector<plan::Owed>{{id("File/x"), true, id("File/y")}});
  CHECK(all_bytes(file) + all_bytes(file.native() + "-wal") == before);

  state.intend(std::vector{motd}, {});
  const auto intended = all_bytes(file.native() + "-wal");
  state.intend(std::vector{motd}, {});
  CHECK(all_bytes(file.native() + "-wal") == intended);
  CHECK_FALSE(fs::exists(file.native() + "-shm"));
}

TEST_CASE("state: settling one object of five thousand touches a few pages") {
  const TemporaryDirectory scratch;
  const auto file = scratch / "state.db";
  std::vector<Entry> entries;
  for (int i = 0; i < 5000; ++i) entries.push_back(entry_of("File/f" + std::to_string(i)));
  { State(file).settle(entries, {}, {}); }
  CHECK_FALSE(fs::exists(file.native() + "-wal"));
  State state(file);
  CHECK(state.inventory().size() == 5000);
  entries[2500].error = "the disk is full";
  state.settle(std::span(entries).subspan(2500, 1), {}, {});
  CHECK(fs::file_size(file.native() + "-wal") <= 32 + 2 * (4096 + 24));
}

TEST_CASE("state: values and the pause are kept until they are replaced") {
  const TemporaryDirectory scratch;
  State state(scratch / "state.db");
  CHECK_FALSE(state.value("commit"));
  state.set_value("commit", "abc");
  state.set_value("pause", "not the pause");
  CHECK(state.value("commit") == "abc");
  CHECK_FALSE(state.pause());
  state.set_pause(Pause{on(2026, 11, 24) + std::chrono::hours(6), "ana", "cabinet \xFF open"});
  REQUIRE(state.pause());
  CHECK(to_iso(state.pause()->until) == "2026-11-24T06:00:00Z");
  CHECK(state.pause()->who == "ana");
  state.set_pause({});
  CHECK_FALSE(state.pause());
  CHECK(state.value("pause") == "not the pause");
}

TEST_CASE("state: a noted value can be read at once, and after the next start") {
  const TemporaryDirectory scratch;
  {
    State state(scratch / "state.db");
    state.note_value("commit", "abc");
    state.set_value("course", "on");
    state.note_value("commit", "def");
    CHECK(state.value("commit") == "def");
  }
  CHECK(State(scratch / "state.db").value("commit") == "def");
}

TEST_CASE("state: the history returns the newest first, with everything that was recorded") {
  const TemporaryDirectory scratch;
  State state(scratch / "state.db");
  SyncRecord sync = sync_at(on(2026, 1, 1) + std::chrono::milliseconds(123));
  sync.took = std::chrono::milliseconds(1234);
  sync.trigger = Trigger::request;
  sync.who = "ana";
  sync.commit = CommitId("c0ffee");
  sync.subject = "Longer green on Fulton";
  sync.author = "Bo";
  sync.signer = "ana@city.example";
  sync.signer_key = "SHA256:x";
  sync.result = SyncResult::failed;
  sync.error = "one object failed";
  sync.problems = {"a.yaml:1:1: error: no"};
  sync.actions = {{"repair", "File/motd", false, "disk full", "content changed", "old"},
                  {"remove", "File/x", true, "", "", ""}};
  state.record(sync_at(on(2025, 12, 31)), on(2026, 1, 1));
  state.record(sync, on(2026, 1, 1));
  CHECK(state.history(1).size() == 1);
  const auto history = state.history(100);
  REQUIRE(history.size() == 2);
  CHECK(history[0].number == history[1].number + 1);
  const auto& read = history[0];
  CHECK(read.started == sync.started);
  CHECK(read.took == sync.took);
  CHECK(read.trigger == Trigger::request);
  CHECK(read.result == SyncResult::failed);
  CHECK(read.who + read.commit.text() + read.subject + read.author + read.error ==
        "anac0ffeeLonger green on FultonBoone object failed");
  CHECK(read.signer == sync.signer);
  CHECK(read.signer_key == sync.signer_key);
  CHECK(read.problems == sync.problems);
  REQUIRE(read.actions.size() == 2);
  CHECK_FALSE(read.actions[0].ok);
  CHECK(read.actions[0].verb + read.actions[0].object + read.actions[0].error + read.actions[0].reason +
            read.actions[0].was ==
        "repairFile/motddisk fullcontent changedold");
  CHECK(read.actions[1].ok);
}

TEST_CASE("state: a part of the history is between two numbers, and neither is in it") {
  const TemporaryDirectory scratch;
  State state(scratch / "state.db");
  for (int i = 1; i <= 9; ++i) state.record(sync_at(on(2026, 1, i)), on(2026, 1, 9));
  const auto numbers = [&](std::int64_t above, std::int64_t below, std::size_t most) {
    std::vector<std::int64_t> found;
    for (const auto& sync : state.history_between(above, below, most)) found.push_back(sync.number);
    return found;
  };
  CHECK(numbers(3, 7, 10) == std::vector<std::int64_t>{6, 5, 4});
  CHECK(numbers(3, 7, 2) == std::vector<std::int64_t>{6, 5});
  CHECK(numbers(8, 100, 10) == std::vector<std::int64_t>{9});
  CHECK(numbers(6, 7, 10).empty());
  CHECK(numbers(9, 100, 10).empty());
}

TEST_CASE("state: the history keeps the last thousand syncs, and of those older than thirty days a hundred") {
  const TemporaryDirectory scratch;
  State state(scratch / "state.db");
  const auto now = on(2026, 3, 1);
  for (int i = 0; i < 1005; ++i) state.record(sync_at(now - std::chrono::hours(24 * 20)), now);
  CHECK(state.history(5000).size() == 1000);
  CHECK(state.history(5000).back().number == 6);
  state.record(sync_at(now), now + std::chrono::hours(24 * 15));
  REQUIRE(state.history(5000).size() == 100);
  CHECK(state.history(1)[0].number == 1006);
}

TEST_CASE("state: a clock that is years ahead leaves the newest of the history") {
  const TemporaryDirectory scratch;
  State state(scratch / "state.db");
  for (int i = 0; i < 120; ++i) state.record(sync_at(on(2026, 3, 1)), on(2026, 3, 1));
  state.record(sync_at(on(2099, 1, 1)), on(2099, 1, 1));
  CHECK(state.history(5000).size() == 100);
  CHECK(state.history(5000).back().number == 22);
}

TEST_CASE("state: a clock that stands at 1970 deletes no history, then or later") {
  const TemporaryDirectory scratch;
  State state(scratch / "state.db");
  const auto now = on(2026, 3, 1);
  state.record(sync_at(now), now);
  state.record(sync_at(on(1970, 1, 1)), on(1970, 1, 1));
  state.record(sync_at(now), now);
  CHECK(state.history(10).size() == 3);
}

TEST_CASE("state: a history of huge syncs is bounded by its bytes") {
  const TemporaryDirectory scratch;
  State state(scratch / "state.db");
  const auto now = on(2026, 3, 1);
  for (int i = 0; i < 3; ++i) {
    state.record(sync_at(now, {{"update", "File/x", true, "", "", std::string(3 << 20, 'x')}}), now);
  }
  CHECK(state.history(10).size() == 2);
}

TEST_CASE("state: a second agent on the same file is refused with the reason") {
  const TemporaryDirectory scratch;
  const State first(scratch / "state.db");
  CHECK(fault_of([&] { State second(scratch / "state.db"); }) == Fault::transient);
}

TEST_CASE("state: a file of an older schema is upgraded, and what failed then counts as lasting") {
  const TemporaryDirectory scratch;
  const auto file = scratch / "state.db";
  auto failed = entry_of("SystemdUnit/b");
  failed.error = "no such unit";
  { State(file).settle(std::vector{failed}, {}, {}); }
  change_database(
      file,
      "ALTER TABLE objects DROP COLUMN passes; UPDATE objects SET rank = rank; PRAGMA user_version = 1");
  const auto read = State(file).inventory();
  REQUIRE(read.size() == 1);
  check_same(read[0], failed);
}

TEST_CASE("state: a file of a newer schema is left alone") {
  const TemporaryDirectory scratch;
  { State state(scratch / "state.db"); }
  std::fstream file(scratch / "state.db", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(60);  // user_version in the database's header
  file.write("\0\0\0\x63", 4);
  file.close();
  CHECK(fault_of([&] { State state(scratch / "state.db"); }) == Fault::invalid);
}

TEST_CASE("state: a damaged file says so, is set aside, and a new one starts") {
  const TemporaryDirectory scratch;
  const auto file = scratch / "state.db";
  std::vector<Entry> entries;
  for (int i = 0; i < 500; ++i) entries.push_back(entry_of("File/f" + std::to_string(i)));
  { State(file).settle(entries, {}, {}); }
  const auto size = fs::file_size(file);
  SECTION("cut short") {
    fs::resize_file(file, size / 2);
  }
  SECTION("no database at all") {
    std::ofstream(file) << std::string(8192, 'x');
  }
  SECTION("a schema that is no schema") {
    std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(100);
    bytes << std::string(3996, 'x');
  }
  CHECK(fault_of([&] { State state(file); }) == Fault::damaged);
  State::set_aside(file);
  CHECK(fs::exists(file.native() + ".damaged"));
  CHECK(State(file).inventory().empty());
}

TEST_CASE("state: damage amid the file is found by the call that meets it, or after a power cut at once") {
  const TemporaryDirectory scratch;
  const auto file = scratch / "state.db";
  std::vector<Entry> entries;
  for (int i = 0; i < 500; ++i) entries.push_back(entry_of("File/f" + std::to_string(i)));
  { State(file).settle(entries, {}, {}); }
  const auto damage = [](const fs::path& which) {
    std::fstream bytes(which, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(20 * 4096);
    bytes << std::string(4096, 'x');
  };
  {
    State state(file);
    state.set_value("commit", "abc");
    copy_state(file, scratch / "cut.db");
  }
  damage(file);
  damage(scratch / "cut.db");
  State state(file);
  CHECK(fault_of([&] { state.inventory(); }) == Fault::damaged);
  CHECK(fault_of([&] { State cut(scratch / "cut.db"); }) == Fault::damaged);
}

TEST_CASE("state: a record that cannot be read is damage as well, though SQLite finds none") {
  const TemporaryDirectory scratch;
  const auto file = scratch / "state.db";
  {
    State state(file);
    state.set_pause(Pause{on(2026, 11, 24), "alice", "cabinet open"});
    state.settle(std::vector{entry_of("File/motd")}, {}, {});
    state.record(sync_at(on(2026, 11, 24)), on(2026, 11, 24));
  }
  std::function<void(State&)> meet;
  SECTION("a pause that is not JSON") {
    change_database(file, "UPDATE settings SET value = '{\"until\":'");
    meet = [](State& state) { state.pause(); };
  }
  SECTION("a pause until no time") {
    change_database(file, "UPDATE settings SET value = replace(value, '2026-', '2x26-')");
    meet = [](State& state) { state.pause(); };
  }
  SECTION("a sync whose actions are a number") {
    change_database(file, R"(UPDATE history SET body = '{"actions":7}')");
    meet = [](State& state) { state.history(1); };
  }
  SECTION("claims that end too early") {
    change_database(file, "UPDATE objects SET claims = x'ff'");
    meet = [](State& state) { state.inventory(); };
  }
  State state(file);
  CHECK(fault_of([&] { meet(state); }) == Fault::damaged);
  CHECK_FALSE(state.sound());
}

TEST_CASE("state: the last state can be read without writing, and without the right to") {
  const TemporaryDirectory scratch;
  fs::permissions(scratch.path(), fs::perms(0755));
  const auto file = scratch / "state.db";
  CHECK(State::open_read_only(file) == nullptr);
  bool clean = true;
  {
    State state(file);
    state.settle(std::vector{entry_of("File/a")}, {}, {});
    copy_state(file, scratch / "cut.db");
  }
  SECTION("after a clean end") {}
  SECTION("after a power cut") {
    clean = false;
    fs::rename(scratch / "cut.db", file);
    fs::rename(scratch / "cut.db-wal", file.native() + "-wal");
  }
  const auto before = all_bytes(file) + all_bytes(file.native() + "-wal");
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(2);
    try {
      const auto state = State::open_read_only(file);
      ::_exit(state && state->inventory().size() == 1 ? 0 : 3);
    } catch (...) {
      ::_exit(4);
    }
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(all_bytes(file) + all_bytes(file.native() + "-wal") == before);
  CHECK(fs::exists(file.native() + "-wal") == !clean);
  CHECK_FALSE(fs::exists(file.native() + "-shm"));
}

TEST_CASE("state: a write-ahead log that was cut anywhere gives one of the states that were settled") {
  const TemporaryDirectory scratch;
  const auto file = scratch / "state.db";
  const auto cut = scratch / "cut.db";
  State state(file);
  for (int round = 0; round < 8; ++round) {
    auto a = entry_of("File/a");
    auto b = entry_of("File/b", std::string(1, 'b'));
    a.error = b.error = std::to_string(round);
    a.record = b.record = std::string(3000, 'r');
    state.settle(std::vector{a, b}, {}, {});
  }
  const auto whole = fs::file_size(file.native() + "-wal");
  for (std::uintmax_t size = 0; size <= whole; size += 1531) {
    copy_state(file, cut);
    fs::resize_file(cut.native() + "-wal", size);
    const auto entries = State(cut).inventory();
    CHECK((entries.empty() || entries.size() == 2));
    if (entries.size() == 2) CHECK(entries[0].error == entries[1].error);
  }
}

TEST_CASE("state: an agent that is killed at any moment loses nothing that was settled") {
  const TemporaryDirectory scratch;
  const auto file = scratch / "state.db";
  long last = 0;
  for (int kill = 0; kill < 12; ++kill) {
    int pipe[2];
    REQUIRE(::pipe(pipe) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      State state(file);
      for (long number = last + 1;; ++number) {
        auto a = entry_of("File/a");
        auto b = entry_of("File/b");
        a.error = b.error = std::to_string(number);
        state.settle(std::vector{a, b}, {}, {});
        if (::write(pipe[1], &number, sizeof number) != sizeof number) ::_exit(1);
      }
    }
    ::close(pipe[1]);
    // Killed after one settled commit more each time, as it begins the next one or in the middle of that.
    const auto settled = [&] { return ::read(pipe[0], &last, sizeof last) == sizeof last; };
    for (int count = 0; count <= kill; ++count) REQUIRE(settled());
    if (kill % 2 == 1) {
      const auto log = file.native() + "-wal";
      for (const auto before = fs::last_write_time(log); fs::last_write_time(log) == before;) ::sched_yield();
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    while (settled()) {
    }
    ::close(pipe[0]);
    const auto entries = State(file).inventory();
    REQUIRE(entries.size() == 2);
    CHECK(entries[0].error == entries[1].error);
    CHECK(std::stol(entries[0].error) >= last);
    last = std::stol(entries[0].error);
  }
  CHECK(last > 0);
}

TEST_CASE("state: a full disk is a passing error, and nothing is lost") {
  if (::geteuid() != 0) {
    WARN("skipped: only root can mount a small file system");
    return;
  }
  const TemporaryDirectory scratch;
  const auto mounted = scratch / "disk";
  fs::create_directory(mounted);
  if (::mount("tmpfs", mounted.c_str(), "tmpfs", 0, "size=512k") != 0) {
    WARN("skipped: no file system can be mounted here");
    return;
  }
  {
    State state(mounted / "state.db");
    state.settle(std::vector{entry_of("File/kept")}, {}, {});
    std::vector<Entry> many;
    for (int i = 0; i < 3000; ++i) many.push_back(entry_of("File/f" + std::to_string(i)));
    CHECK(fault_of([&] { state.settle(many, {}, {}); }) == Fault::transient);
    CHECK(state.inventory().size() == 1);
    many.resize(10);
    state.settle(many, {}, {});
    CHECK(state.inventory().size() == 11);
  }
  CHECK(State(mounted / "state.db").inventory().size() == 11);
  CHECK(::umount2(mounted.c_str(), MNT_DETACH) == 0);
}

TEST_CASE("state: a missing directory is created, and what is not a directory is an error") {
  const TemporaryDirectory scratch;
  { State state(scratch / "var/lib/greenwave/state.db"); }
  CHECK(fs::exists(scratch / "var/lib/greenwave/state.db"));
  std::ofstream(scratch / "flat") << "x";
  CHECK_THROWS_AS(State(scratch / "flat/state.db"), Error);
}

TEST_CASE("state: every trigger and result has its own word, and what is unknown has none") {
  for (int i = 1; i <= static_cast<int>(Trigger::trust); ++i) {
    const auto trigger = static_cast<Trigger>(i);
    CHECK_FALSE(to_string(trigger).empty());
    CHECK(trigger_from(to_string(trigger)) == trigger);
  }
  for (int i = 1; i <= static_cast<int>(SyncResult::state_lost); ++i) {
    const auto result = static_cast<SyncResult>(i);
    CHECK_FALSE(to_string(result).empty());
    CHECK(sync_result_from(to_string(result)) == result);
  }
  CHECK(to_string(SyncResult::not_healthy) == "not healthy");
  CHECK(trigger_from("of a later version") == Trigger::unknown);
  CHECK(sync_result_from("") == SyncResult::unknown);
  CHECK(to_string(Trigger::unknown).empty());
}

TEST_CASE("state: a record of another form is refused, and a shorter one reads with defaults") {
  CHECK(sync_record_from_json(nlohmann::json::parse(R"({"result":"in sync"})")).result ==
        SyncResult::in_sync);
  CHECK_THROWS_AS(sync_record_from_json(nlohmann::json::parse(R"({"result":7})")), Error);
  CHECK_THROWS_AS(sync_record_from_json(nlohmann::json::parse("[]")), Error);
  CHECK_THROWS_AS(sync_record_from_json(nlohmann::json::parse(R"({"started":"yesterday"})")), Error);
  CHECK_THROWS_AS(pause_from_json(nlohmann::json::parse(R"({"until":"2026-13-01T00:00:00Z"})")), Error);
}
