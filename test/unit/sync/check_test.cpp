#include "sync/check.h"

#include <catch2/catch.hpp>

#include "kinds/table.h"
#include "yaml/load.h"

using namespace greenwave;
using namespace greenwave::sync;

namespace {

Manifest manifest(const std::string& kind, const std::string& spec, const std::string& annotations = "{}") {
  Problems problems;
  auto document =
      yaml::load("apiVersion: greenwave.dev/v1\nkind: " + kind +
                     "\nmetadata: {name: a, annotations: " + annotations + "}\nspec: " + spec + "\n",
                 "a.yaml", problems);
  REQUIRE(document);
  Manifest result;
  result.id = {std::string(own_api), kind, "", "a"};
  result.document = std::move(*document);
  seal(result, "");
  return result;
}

Checked check_own(std::vector<Manifest> manifests) {
  const auto own = kinds::TableKinds::own({"/etc"});
  const drivers::Kinds* const all[] = {&own};
  return check(std::move(manifests), all);
}

}  // namespace

TEST_CASE("check: a health check of a unit that is kept down can never pass, and is refused") {
  const auto found = check_own({manifest("SystemdUnit", "{name: a.service, running: false}"),
                                manifest("HealthCheck", "{unit: a.service}")});
  CHECK(found.desired.size() == 1);
  REQUIRE(found.problems.has_errors());
  CHECK(to_string(found.problems.list().front()).starts_with("a.yaml:4:14: error: this can never pass"));
  CHECK(found.refused.size() == 1);
}

TEST_CASE("check: an annotation gives an object its time to become healthy") {
  const auto within = [&](const std::string& text) {
    return check_own({manifest("SystemdUnit", "{name: a.service, running: true}",
                               "{greenwave.dev/healthy-within: \"" + text + "\"}")});
  };
  CHECK(within("40s").desired.at(0).footprint.watch->within == std::chrono::seconds(40));
  CHECK(within("").desired.at(0).footprint.watch->within == std::chrono::minutes(2));
}
