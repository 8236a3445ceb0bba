#include <catch2/catch.hpp>

#include "base/error.h"
#include "git/fallback_transport.h"

using namespace greenwave;
using namespace std::chrono_literals;

namespace {

const std::atomic<bool> never{false};
const CommitId good(std::string(40, 'a'));

/// A place that is away, or not.
struct Place {
  bool is_away = false;
  int polls = 0;
};

class FakeTransport : public git::Transport {
 public:
  FakeTransport(std::string name, Place& place) : name_(std::move(name)), place_(place) {}
  CommitId poll() override {
    ++place_.polls;
    if (place_.is_away) throw Error(Fault::transient, name_ + " is away", "is the device online?");
    found_ = refs_.front();
    return good;
  }
  void fetch(const CommitId&, git::Store&, const git::Visit&) override {}
  void fetch_history(const CommitId&, git::Store&, std::size_t) override {}
  void fetch_trees(const git::Missing&, git::Store&) override {}
  std::uint64_t bytes_received() const override { return static_cast<std::uint64_t>(place_.polls); }

 private:
  std::string name_;
  Place& place_;
};

/// Three places, and a device that follows them.
struct Following {
  Place places[3];
  Instant now{};
  std::vector<std::string> told;
  git::FallbackTransport transport{
      sources(), never, [this](const std::string& text) { told.push_back(text); }, [this] { return now; }};

  std::vector<git::FallbackTransport::Source> sources() {
    std::vector<git::FallbackTransport::Source> all;
    for (auto& place : places) {
      const auto name = "place " + std::to_string(all.size());
      all.push_back({name, std::make_unique<FakeTransport>(name, place)});
    }
    return all;
  }
  CommitId poll() {
    transport.follow({"refs/heads/main"});
    return transport.poll();
  }
};

}  // namespace

TEST_CASE("fallback: the first place that answers is followed, and no other one asked") {
  Following device;
  CHECK(device.poll() == good);
  CHECK(device.transport.found() == "refs/heads/main");
  CHECK(device.told.empty());
  device.places[0].is_away = true;
  CHECK(device.poll() == good);
  CHECK(device.told == std::vector<std::string>{"place 1 is followed, since: place 0 is away"});
  CHECK(device.poll() == good);
  CHECK(device.places[0].polls == 2);
  CHECK(device.places[2].polls == 0);
  CHECK(device.transport.bytes_received() == 4);
}

TEST_CASE("fallback: the first place is tried again after a while") {
  Following device;
  device.places[0].is_away = true;
  device.poll();
  device.now += 11min;
  device.poll();
  CHECK(device.places[0].polls == 2);
  device.places[0].is_away = false;
  device.now += 5min;
  device.poll();
  CHECK(device.places[0].polls == 2);
  device.now += 6min;
  device.poll();
  CHECK(device.told.back() == "place 0 is followed again");
  device.poll();
  CHECK(device.places[0].polls == 4);
}

TEST_CASE("fallback: where one after the other goes away, each is found, and an error names them all") {
  Following device;
  device.places[0].is_away = device.places[1].is_away = true;
  CHECK(device.poll() == good);
  device.places[2].is_away = true;
  CHECK_THROWS_WITH(device.poll(), Catch::Contains("place 2 is away; place 0 is away; place 1 is away"));
  device.places[1].is_away = false;
  CHECK(device.poll() == good);
  CHECK(device.told.back().starts_with("place 1 is followed, since: place 2 is away"));
}
