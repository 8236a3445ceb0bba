#include <algorithm>
#include <optional>
#include <random>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/error.h"
#include "git/fallback_transport.h"
#include "support/signer.h"
#include "sync/intake/tips.h"

using namespace greenwave;
using namespace greenwave::sync;
using namespace std::chrono_literals;

namespace {

constexpr const char* branch = "refs/heads/main";
constexpr std::size_t places = 3;
const Time noon = std::chrono::sys_days(std::chrono::year(2026) / 11 / 27) + 12h;
const std::atomic<bool> never{false};

/// What a place serves: what it lost, an old tip, one that nobody may sign, or the truth.
struct Server {
  enum class Kind { honest, away, lost, frozen, forging } kind = Kind::honest;
  std::size_t frozen_at = 0;  ///< among all tips that were ever issued
};

/// A city's tips, and who serves them.
struct World {
  test::Signer signer;
  test::Signer stranger;
  std::vector<git::SignedTip> issued;
  Server served[places];

  void issue(Time now, bool is_new_commit) {
    const auto sequence = issued.empty() ? 1 : issued.back().sequence + (is_new_commit ? 1 : 0);
    auto name = fmt::format("{:040x}", sequence);
    issued.push_back({.repository = "springfield",
                      .ref = branch,
                      .commit = CommitId(std::move(name)),
                      .sequence = sequence,
                      .issued = now,
                      .expires = now + 24h});
  }
  /// Nothing: the place has none.
  std::optional<git::SignedTip> tip_of(const Server& place) const {
    switch (place.kind) {
      case Server::Kind::honest:
        return issued.back();
      case Server::Kind::frozen:
        return issued[place.frozen_at];
      default:
        return {};
    }
  }
};

class Served : public git::Transport {
 public:
  Served(World& world, std::size_t index) : world_(world), index_(index) {}
  CommitId poll() override {
    const auto& place = world_.served[index_];
    if (place.kind == Server::Kind::away) throw Error(Fault::transient, "it is away");
    if (place.kind == Server::Kind::lost) throw git::no_signed_tip(refs_);
    const bool is_forged = place.kind == Server::Kind::forging;
    auto tip = is_forged ? world_.issued.back() : *world_.tip_of(place);
    if (is_forged) tip.sequence += 1000;
    const auto statement = git::statement_of(tip);
    const auto& signer = is_forged ? world_.stranger : world_.signer;
    const auto judged =
        judge_({.ref = branch, .text = statement + signer.signature_of(statement, "greenwave-tip")});
    has_expired_ = judged.has_expired;
    found_ = branch;
    return judged.commit;
  }
  void fetch(const CommitId&, git::Store&, const git::Visit&) override {}
  void fetch_history(const CommitId&, git::Store&, std::size_t) override {}
  void fetch_trees(const git::Missing&, git::Store&) override {}
  std::uint64_t bytes_received() const override { return 0; }

 private:
  World& world_;
  std::size_t index_;
};

/// A device that follows the city from all places.
struct Device {
  explicit Device(World& world)
      : trust("server namespaces=\"greenwave-tip\" " + world.signer.public_key() + "\n", "allowed_signers"),
        transport(sources(world), never, {}, [this] { return tick; }) {
    transport.follow({branch});
    transport.believe([this](const git::StatedTip& stated) {
      const TipLaw law{.trust = trust, .repository = repository, .now = now, .boot = {"boot", 1h}};
      return judge_tip(stated, {branch}, law, seen);
    });
  }

  static std::vector<git::FallbackTransport::Source> sources(World& world) {
    std::vector<git::FallbackTransport::Source> all;
    for (std::size_t i = 0; i < places; ++i) {
      all.push_back({fmt::format("place {}", i), std::make_unique<Served>(world, i)});
    }
    return all;
  }

  void pass(Duration time) {
    now += time;
    tick += time;
  }
  /// Nothing: no place has a tip that can be followed.
  std::optional<CommitId> poll() {
    try {
      return transport.poll();
    } catch (const Error&) {
      return {};
    }
  }

  std::string repository = "springfield";
  git::Trust trust;
  SeenTips seen;
  Time now = noon;
  Instant tick{};
  git::FallbackTransport transport;
};

}  // namespace

TEST_CASE(
    "signed tips: whatever each place serves, a device follows one that may be, and finds one that holds") {
  std::mt19937 random(GENERATE(range(0, 60)));
  const auto chance = [&](std::size_t of) {
    return std::uniform_int_distribution<std::size_t>(0, of - 1)(random);
  };
  World world;
  world.issue(noon, true);
  Device device(world);
  std::uint64_t highest = 0;  // the model: the highest sequence that the device was ever told by whoever may
  const auto is_acceptable = [&](const Server& place) {
    const auto tip = world.tip_of(place);
    return tip && tip->sequence >= highest;
  };

  for (int step = 0; step < 60; ++step) {
    device.pass(std::chrono::minutes(chance(2) == 0 ? chance(10) : chance(900)));
    if (chance(3) == 0) world.issue(device.now, chance(2) == 0);
    if (chance(4) == 0) {
      world.served[chance(places)] = {static_cast<Server::Kind>(chance(5)), chance(world.issued.size())};
    }
    const bool is_any_acceptable = std::ranges::any_of(world.served, is_acceptable);
    const auto before = highest;
    const auto followed = device.poll();
    INFO("step " << step);
    REQUIRE(followed.has_value() == is_any_acceptable);
    if (!followed) continue;
    const auto sequence = device.seen.at(branch).tip.sequence;
    CHECK(sequence >= before);
    CHECK(sequence <= world.issued.back().sequence);
    CHECK(device.seen.at(branch).tip.commit == *followed);
    highest = sequence;

    // Who has a tip that has not expired is found by the time that all are asked again.
    const auto is_fresh = [&](const Server& place) {
      return is_acceptable(place) && world.tip_of(place)->expires >= device.now;
    };
    device.pass(10min);
    if (!std::ranges::any_of(world.served, is_fresh)) continue;
    REQUIRE(device.poll().has_value());
    highest = device.seen.at(branch).tip.sequence;
    CHECK_FALSE(device.transport.has_expired());
    CHECK(device.seen.at(branch).tip.expires >= device.now);
  }
}
