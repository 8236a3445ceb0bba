#include "model/selector.h"

#include <catch2/catch.hpp>

#include "yaml/load.h"

using namespace greenwave;

namespace {

bool selected(const std::string& selector, const Labels& labels) {
  Problems problems;
  const auto node = yaml::load(selector, "test.yaml", problems);
  REQUIRE(node);
  const auto read = read_selector(*node, problems);
  REQUIRE(problems.empty());
  return selects(read, labels);
}

}  // namespace

TEST_CASE("selector: matchLabels and every operator of matchExpressions mean what Kubernetes means") {
  const Labels labels{{"model", "atc-5201"}, {"district", "3"}};
  CHECK(selected("matchLabels: {model: atc-5201}", labels));
  CHECK_FALSE(selected("matchLabels: {model: atc-5201, district: '4'}", labels));
  CHECK(selected("matchExpressions: [{key: district, operator: In, values: ['3', '4']}]", labels));
  CHECK_FALSE(selected("matchExpressions: [{key: corridor, operator: In, values: [fulton]}]", labels));
  CHECK_FALSE(selected("matchExpressions: [{key: district, operator: NotIn, values: ['3']}]", labels));
  CHECK(selected("matchExpressions: [{key: corridor, operator: NotIn, values: [fulton]}]", labels));
  CHECK(selected("matchExpressions: [{key: model, operator: Exists}]", labels));
  CHECK_FALSE(selected("matchExpressions: [{key: model, operator: DoesNotExist}]", labels));
  CHECK(selected("matchExpressions: [{key: corridor, operator: DoesNotExist}]", labels));
  CHECK(selected("{}", labels));
}

TEST_CASE("selector: an unknown operator and missing values are refused with their places") {
  Problems problems;
  const auto node =
      yaml::load("matchExpressions:\n- {key: a, operator: in, values: [x]}\n- {key: b, operator: In}\n",
                 "test.yaml", problems);
  read_selector(*node, problems);
  REQUIRE(problems.size() == 2);
  CHECK(to_string(problems.list()[0]).starts_with("test.yaml:2:22: error: "));
  CHECK(to_string(problems.list()[1]).starts_with("test.yaml:3:"));
}
