#include "dpkg/version.h"

#include <random>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/process.h"
#include "base/text.h"
#include "support/seeds.h"

using namespace greenwave;

namespace {

std::string order_of(const std::string& a, const std::string& b) {
  const auto order = dpkg::compare_versions(a, b);
  return order < 0 ? "lt" : order > 0 ? "gt" : "eq";
}

/// Versions that differ in little, of the characters that matter.
std::string random_version(std::mt19937& random) {
  const auto one_of = [&](const std::vector<std::string>& words) { return words[random() % words.size()]; };
  std::string version = one_of({"", "", "0:", "1:", "2:"}) + one_of({"0", "1", "01", "10", "9"});
  for (auto parts = random() % 4; parts > 0; --parts) {
    version +=
        one_of({".", "~", "+", "a", "Z", "-", "~rc", "+b", ".0"}) + one_of({"", "0", "00", "1", "2", "10"});
  }
  return version + one_of({"", "-1", "-0", "-1~bpo1", "-1+b2"});
}

}  // namespace

TEST_CASE("version: the order is the one of deb-version(7)") {
  const std::vector<std::string> sorted{"0.9~~",   "0.9~rc1",  "0.9",   "0.9-0.1", "0.9-1~bpo12",
                                        "0.9-1",   "0.9-1+b1", "0.9.1", "0.10",    "1.0a",
                                        "1.0+git", "1:0.1",    "10:0"};
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    for (std::size_t j = 0; j < sorted.size(); ++j) {
      INFO(sorted[i] << " and " << sorted[j]);
      CHECK((dpkg::compare_versions(sorted[i], sorted[j]) < 0) == (i < j));
    }
  }
  CHECK(order_of("1.0", "1.0-0") == "eq");
  CHECK(order_of("0:1.00", "1.0") == "eq");
  CHECK(order_of("1.99999999999999999999999", "1.100000000000000000000000") == "lt");
}

TEST_CASE("version: dpkg itself compares any two alike") {
  std::mt19937 random(test::first_seed());
  std::string script;
  std::vector<std::string> ours;
  for (unsigned pair = 0; pair < test::seed_count(200); ++pair) {
    const auto a = random_version(random);
    const auto b = random_version(random);
    if (!dpkg::is_version(a) || !dpkg::is_version(b)) continue;
    script += fmt::format("dpkg --compare-versions '{}' {} '{}' || echo '{} {} {}'\n", a, order_of(a, b), b,
                          a, order_of(a, b), b);
  }
  const auto said = run({.argv = {"sh", "-c", script}, .environment = {}, .while_waiting = {}});
  if (said.output.find("not found") != std::string::npos) return;  // no device of Debian's
  CHECK(said.output == "");
}

TEST_CASE("version: what dpkg would not take is none") {
  for (const auto* good : {"1", "1.0-1", "2:1.0~rc1+b1-0.1", "1-2-3", "1:1:2"}) {
    INFO(good);
    CHECK(dpkg::is_version(good));
  }
  for (const auto* bad : {"", "a1", ":1", "x:1", "1:", "1-", "1.0 ", "1_0", "1\n2", "1/2", "-1"}) {
    INFO(bad);
    CHECK_FALSE(dpkg::is_version(bad));
  }
  CHECK_FALSE(dpkg::is_version(std::string(1000, '1')));
}

TEST_CASE("version: a package's name has small letters, digits, and + - .") {
  CHECK((dpkg::is_package_name("libc6") && dpkg::is_package_name("g++-12") && dpkg::is_package_name("0ad")));
  for (const auto* bad : {"", "a", "Foo", "-a", "a b", "a/b", "a_b", "../x"})
    CHECK_FALSE(dpkg::is_package_name(bad));
}
