#include "report/outbox.h"

#include <set>

#include <catch2/catch.hpp>

#include "state/keys.h"
#include "support/temporary_directory.h"

using namespace greenwave;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

/// A device with a state file, and what a hub is sent of it.
struct Cabinet {
  test::TemporaryDirectory directory;
  std::shared_ptr<state::State> state = std::make_shared<state::State>(directory / "state.db");
  report::Outbox outbox;
  report::Snapshot snapshot{"sf-0042", Time(1'764'230'000s), {{"condition", "in-sync"}}};

  Cabinet() { open(); }
  void open() { outbox.open(state, snapshot.now); }

  void restart() {
    outbox = {};
    state.reset();
    state = std::make_shared<state::State>(directory / "state.db");
    open();
  }

  void record(int count, std::size_t size = 10) {
    for (int i = 0; i < count; ++i) {
      state::SyncRecord record;
      record.started = snapshot.now;
      record.actions.resize(size / 10, {"create", "File/aaaa", true, "", "", ""});
      state->record(record, snapshot.now);
    }
  }

  std::optional<report::Parcel> next(bool heartbeat = false) { return outbox.next(snapshot, heartbeat); }
  std::string watermark() const { return state->value(state::keys::hub_has).value_or(""); }
};

json read(const std::optional<report::Parcel>& parcel) {
  REQUIRE(parcel);
  return json::parse(parcel->body);
}

std::vector<std::int64_t> numbers(const json& report) {
  std::vector<std::int64_t> all;
  for (const auto& sync : report.value("syncs", json::array())) all.push_back(sync["number"]);
  return all;
}

}  // namespace

TEST_CASE("outbox: a state goes once, then only a heartbeat does, which has none") {
  Cabinet device;
  const auto first = read(device.next());
  CHECK(first["device"] == "sf-0042");
  CHECK(first["boot"] == 1'764'230'000);
  CHECK(first["sequence"] == 1);
  CHECK(first["at"] == "2025-11-27T07:53:20Z");
  CHECK(first["state"]["condition"] == "in-sync");
  CHECK_FALSE(first.contains("syncs"));
  device.outbox.acknowledged(false);
  CHECK_FALSE(device.next());
  const auto beat = read(device.next(true));
  CHECK(beat["sequence"] == 2);
  CHECK_FALSE(beat.contains("state"));
  device.outbox.acknowledged(true);  // a hub that has forgotten it
  CHECK(read(device.next()).contains("state"));
}

TEST_CASE("outbox: without an answer the same is sent again, unless there is news") {
  Cabinet device;
  const auto first = device.next();
  CHECK(device.next()->body == first->body);
  device.snapshot.now += 60s;
  CHECK(device.next()->body == first->body);
  device.snapshot.state["condition"] = "failed";
  CHECK(read(device.next())["sequence"] == 2);
  device.record(1);
  const auto third = read(device.next());
  CHECK(third["sequence"] == 3);
  CHECK(third["state"]["condition"] == "failed");
}

TEST_CASE(
    "outbox: after days without a hub the newest state goes first, and all of the history, newest first") {
  Cabinet device;
  device.record(50);
  std::vector<std::int64_t> sent;
  for (int reports = 0; const auto parcel = device.next(); ++reports) {
    const auto report = read(parcel);
    CHECK(report.contains("state") == (reports == 0));
    const auto some = numbers(report);
    CHECK(some.size() <= 20);
    sent.insert(sent.end(), some.begin(), some.end());
    if (reports == 1) device.record(2);  // meanwhile
    device.outbox.acknowledged(false);
    REQUIRE(reports < 10);
  }
  REQUIRE(sent.size() == 52);
  CHECK(sent.front() == 50);
  CHECK(std::set(sent.begin(), sent.end()).size() == 52);
  CHECK(device.watermark() == "52");
  device.restart();
  CHECK(numbers(read(device.next())).empty());
}

TEST_CASE("outbox: a power cut before an acknowledgement loses nothing") {
  Cabinet device;
  device.record(3);
  const auto before = read(device.next());
  device.restart();
  const auto after = read(device.next());
  CHECK(numbers(after) == std::vector<std::int64_t>{3, 2, 1});
  CHECK(after["boot"] > before["boot"]);
  CHECK(after["sequence"] == 1);
  device.outbox.acknowledged(false);
  CHECK_FALSE(device.next());
  CHECK(device.watermark() == "3");
}

TEST_CASE("outbox: a boot is never used twice, whatever the clock says") {
  Cabinet device;
  auto last = read(device.next())["boot"].get<std::int64_t>();
  for (const auto now : {Time(5s), Time(1'764'230'000s), Time(0s), Time(1'864'230'000s), Time(1s)}) {
    device.snapshot.now = now;
    device.restart();
    const auto boot = read(device.next())["boot"].get<std::int64_t>();
    CHECK(boot > last);
    last = boot;
  }
}

TEST_CASE("outbox: a hub that knows a later boot is told of one after it, which is kept") {
  Cabinet device;
  device.next();
  device.outbox.known_boot(1'900'000'000);
  const auto again = read(device.next());
  CHECK(again["boot"] == 1'900'000'001);
  CHECK(again["sequence"] == 1);
  CHECK(again.contains("state"));
  device.restart();
  CHECK(read(device.next())["boot"] == 1'900'000'002);
}

TEST_CASE("outbox: a state file that was begun again has its history sent from its beginning") {
  Cabinet device;
  device.record(3);
  device.next();
  device.outbox.acknowledged(false);
  device.state = std::make_shared<state::State>(device.directory / "other.db");
  device.open();
  device.record(1);
  CHECK(numbers(read(device.next())) == std::vector<std::int64_t>{1});
}

TEST_CASE("outbox: of what a hub never takes only that is left out, and the state does not wait for it") {
  for (const int poison : {1, 7, 20, 23, 50}) {
    INFO(poison);
    Cabinet device;
    device.record(50);
    std::set<std::int64_t> taken;
    bool has_state = false;
    int refusals = 0;
    while (const auto parcel = device.next()) {
      const auto report = read(parcel);
      const auto some = numbers(report);
      if (std::ranges::find(some, poison) != some.end()) {
        REQUIRE(++refusals < 30);
        device.outbox.refused();
        continue;
      }
      has_state = has_state || report.contains("state");
      taken.insert(some.begin(), some.end());
      device.outbox.acknowledged(false);
    }
    CHECK(has_state);
    CHECK(taken.size() == 49);
    CHECK_FALSE(taken.contains(poison));
    CHECK(device.watermark() == "50");
  }
}

TEST_CASE("outbox: a state that a hub never takes is not sent again, and the history is") {
  Cabinet device;
  device.record(2);
  for (int i = 0; i < 2; ++i) {
    REQUIRE(read(device.next()).contains("state"));
    device.outbox.refused();
  }
  CHECK(numbers(read(device.next())) == std::vector<std::int64_t>{2, 1});
  device.outbox.acknowledged(false);
  CHECK_FALSE(device.next());
}

TEST_CASE("outbox: no report is larger than a hub takes, and each has as many records as fit") {
  Cabinet device;
  device.record(30, 9000);
  std::size_t records = 0;
  for (int reports = 0; const auto parcel = device.next(); ++reports) {
    CHECK(parcel->body.size() <= report::most_bytes);
    CHECK(parcel->records > 1);
    records += parcel->records;
    device.outbox.acknowledged(false);
    REQUIRE(reports < 30);
  }
  CHECK(records == 30);
}

TEST_CASE("outbox: reports write nothing but the boot and what the hub has") {
  Cabinet device;
  const auto size = [&] {
    std::error_code none;
    const auto wal = std::filesystem::file_size(device.directory / "state.db-wal", none);
    return none ? std::uintmax_t{0} : wal;
  };
  device.next();
  device.outbox.acknowledged(false);
  const auto before = size();
  for (int i = 0; i < 5; ++i) {
    device.next(true);
    device.outbox.acknowledged(false);
    device.snapshot.state["drifted"] = i;
    device.next();
    device.outbox.acknowledged(false);
  }
  CHECK(size() == before);
  device.record(1);
  const auto recorded = size();
  device.next();
  CHECK(size() == recorded);
  device.outbox.acknowledged(false);
  CHECK(size() > recorded);
}
