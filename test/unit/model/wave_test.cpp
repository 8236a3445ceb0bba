#include "model/wave.h"

#include <cmath>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/process.h"
#include "base/text.h"

using namespace greenwave;

namespace {

Wave of_percent(const std::string& name, double percent) {
  Wave wave;
  wave.name = name;
  wave.percent = percent;
  wave.ref = "refs/heads/wave/" + name;
  return wave;
}

Wave of_label(const std::string& name, const std::string& key) {
  Wave wave;
  wave.name = name;
  wave.selector = Selector{{{key, Selector::Operator::exists, {}}}};
  wave.ref = "refs/heads/wave/" + name;
  return wave;
}

Cluster city(std::vector<Wave> waves) {
  Cluster cluster;
  cluster.name = cluster.wave_salt = "fresno";
  cluster.waves = std::move(waves);
  return cluster;
}

Device device(const std::string& id, const Labels& labels = {}) {
  Device made;
  made.id = id;
  made.labels = labels;
  return made;
}

std::string name_of(const Wave* wave) {
  return wave == nullptr ? "" : wave->name;
}

}  // namespace

TEST_CASE("wave: a device's position is what a shell computes by the documented formula") {
  Command command;
  command.argv = {"sh", "-c", R"(printf 'greenwave-wave\n%s\n%s' san-francisco sf-0042 | sha256sum)"};
  const auto sum = run(command).output.substr(0, 16);
  const double expected = std::ldexp(static_cast<double>(std::stoull(sum, nullptr, 16)), -64);
  CHECK(wave_position("san-francisco", "sf-0042") == expected);
}

TEST_CASE("wave: the positions of known devices never change") {
  // As computed by the formula with other means; a change here would move every city's waves.
  CHECK(wave_position("san-francisco", "sf-0042") == Approx(0.9594059077458432).epsilon(1e-12));
  CHECK(wave_position("san-francisco", "sf-0001") == Approx(0.5935258183006663).epsilon(1e-12));
  CHECK(wave_position("", "") == Approx(0.30987809489013435).epsilon(1e-12));
}

TEST_CASE("wave: a percentage has about as many of the devices, and stays with them as it grows") {
  const auto ten = city({of_percent("early", 10)});
  const auto twenty = city({of_percent("early", 20)});
  int in_ten = 0;
  int in_twenty = 0;
  for (int i = 0; i < 10'000; ++i) {
    const auto one = device(fmt::format("fr-{:05}", i));
    const bool first = wave_of(ten, one) != nullptr;
    const bool second = wave_of(twenty, one) != nullptr;
    in_ten += first;
    in_twenty += second;
    if (first) REQUIRE(second);
  }
  CHECK(in_ten == Approx(1000).margin(120));
  CHECK(in_twenty == Approx(2000).margin(160));
}

TEST_CASE("wave: none are in 0 percent, all in 100, and all of the rest in a second wave of 100") {
  const auto none = city({of_percent("a", 0)});
  const auto all = city({of_percent("a", 100)});
  const auto rest = city({of_percent("a", 10), of_percent("b", 100)});
  for (int i = 0; i < 500; ++i) {
    const auto one = device(std::to_string(i));
    CHECK(wave_of(none, one) == nullptr);
    CHECK(name_of(wave_of(all, one)) == "a");
    CHECK(name_of(wave_of(rest, one)) == (wave_position("fresno", one.id) < 0.1 ? "a" : "b"));
  }
}

TEST_CASE("wave: another salt chooses other devices") {
  auto one = city({of_percent("a", 10)});
  auto other = one;
  other.wave_salt = "2027";
  int both = 0;
  int first = 0;
  for (int i = 0; i < 5000; ++i) {
    const auto id = device(std::to_string(i));
    const bool in_first = wave_of(one, id) != nullptr;
    first += in_first;
    both += in_first && wave_of(other, id) != nullptr;
  }
  CHECK(first > 400);
  CHECK(both < first / 4);
}

TEST_CASE("wave: a device is in the first wave that has it; without one it follows the branch") {
  const auto cluster = city({of_label("canary", "canary"), of_percent("all", 100)});
  CHECK(name_of(wave_of(cluster, device("a", {{"canary", "yes"}}))) == "canary");
  CHECK(name_of(wave_of(cluster, device("a"))) == "all");
  CHECK(wave_of(city({of_label("canary", "canary")}), device("a")) == nullptr);
  CHECK(wave_of(city({}), device("a")) == nullptr);
}

TEST_CASE("wave: selectors that share devices are an error with its place, a percentage beside one is not") {
  auto cluster = city({of_label("canary", "lab"), of_percent("early", 50), of_label("night", "night")});
  cluster.waves[2].place = {std::make_shared<const std::string>("greenwave.yaml"), 12, 7};
  const std::vector devices{device("a", {{"lab", ""}}), device("b", {{"lab", ""}, {"night", ""}}),
                            device("c", {{"night", ""}}), device("d", {{"lab", ""}, {"night", ""}})};
  Problems problems;
  check_overlaps(cluster, devices, problems);
  REQUIRE(problems.size() == 1);
  CHECK(to_string(problems.list().front()) ==
        "greenwave.yaml:12:7: error: the waves canary and night overlap: both selectors match b and 1 "
        "more; make each device's labels match one wave only");
  CHECK(overlapping_waves(cluster, devices[0]).empty());
  CHECK(overlapping_waves(cluster, devices[1]).size() == 1);
}
