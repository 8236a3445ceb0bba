#include <catch2/catch.hpp>

#include "base/error.h"
#include "git/fallback_transport.h"
#include "git/store.h"
#include "support/temporary_directory.h"

using namespace greenwave;
using namespace std::chrono_literals;

namespace {

const std::atomic<bool> never{false};
const CommitId good(std::string(40, 'a'));
const CommitId newer(std::string(40, 'b'));

/// A place that is away, or not.
struct Place {
  bool is_away = false;
  bool sends_nothing = false;
  bool has_expired = false;  ///< its tip
  CommitId commit = good;
  int polls = 0;
  int fetches = 0;
};

class FakeTransport : public git::Transport {
 public:
  FakeTransport(std::string name, Place& place) : name_(std::move(name)), place_(place) {}
  CommitId poll() override {
    ++place_.polls;
    if (place_.is_away) throw Error(Fault::transient, name_ + " is away", "is the device online?");
    found_ = refs_.front();
    has_expired_ = place_.has_expired;
    return place_.commit;
  }
  void fetch(const CommitId&, git::Store&, const git::Visit&) override { send(); }
  void fetch_history(const CommitId&, git::Store&, std::size_t) override { send(); }
  void fetch_trees(const git::Missing&, git::Store&) override { send(); }
  std::optional<std::string> fetch_tag(const std::string&, git::Store&) override {
    send();
    return "the tag that " + name_ + " has";
  }
  std::uint64_t bytes_received() const override { return static_cast<std::uint64_t>(place_.polls); }

 private:
  void send() {
    ++place_.fetches;
    if (place_.sends_nothing) throw Error(Fault::transient, name_ + " sends nothing");
  }

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

TEST_CASE("fallback: a tip that has expired is not followed while another place has one that has not") {
  Following device;
  device.places[0].has_expired = device.places[1].has_expired = true;
  device.places[2].commit = newer;
  CHECK(device.poll() == newer);
  CHECK_FALSE(device.transport.has_expired());
  CHECK(device.told.back() ==
        "place 2 is followed, since: the signed tip that place 0 has is an expired one; the signed tip that "
        "place 1 has is an expired one");
  device.now += 11min;
  CHECK(device.poll() == newer);  // the first one was asked again, and is as it was
  CHECK(device.told.size() == 1);
  device.places[0].has_expired = false;
  device.places[0].commit = newer;
  device.now += 11min;
  CHECK(device.poll() == newer);
  CHECK(device.told.back() == "place 0 is followed again");
}

TEST_CASE("fallback: where every tip has expired the newest is followed, and all are asked once in a while") {
  Following device;
  for (auto& place : device.places) place.has_expired = true;
  device.places[1].commit = device.places[2].commit = newer;
  CHECK(device.poll() == newer);
  CHECK(device.transport.has_expired());
  for (int i = 0; i < 5; ++i) CHECK(device.poll() == newer);
  CHECK(device.places[0].polls == 1);
  CHECK(device.places[1].polls == 6);
  CHECK(device.places[2].polls == 1);
  device.places[2].has_expired = false;
  device.now += 11min;
  CHECK(device.poll() == newer);
  CHECK_FALSE(device.transport.has_expired());
}

TEST_CASE("fallback: what one place cannot send comes from the next, which is followed then") {
  Following device;
  const test::TemporaryDirectory directory;
  git::Store store(directory / "git");
  device.poll();
  device.places[0].sends_nothing = true;
  device.transport.fetch(good, store, {});
  CHECK(device.told.back() == "place 1 is followed, since: place 0 sends nothing");
  CHECK(device.transport.fetch_tag("refs/tags/x", store) == "the tag that place 1 has");
  device.poll();
  CHECK(device.places[0].polls == 1);
  device.places[1].sends_nothing = device.places[2].sends_nothing = true;
  CHECK_THROWS_WITH(device.transport.fetch_history(good, store, 3),
                    Catch::Contains("place 1 sends nothing; place 2 sends nothing; place 0 sends nothing"));
  device.places[0].sends_nothing = false;
  device.transport.fetch_trees({}, store);
  CHECK(device.told.back() == "place 0 is followed again");
}
