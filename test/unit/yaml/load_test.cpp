#include "yaml/load.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace greenwave;

namespace {

std::string json_of(const std::string& text) {
  Problems problems;
  const auto node = yaml::load(text, "test.yaml", problems);
  REQUIRE_FALSE(problems.has_errors());
  REQUIRE(node);
  return yaml::to_json(*node).dump();
}

std::string first_problem(const std::string& text, const yaml::Limits& limits = {}) {
  Problems problems;
  yaml::load_all(text, "test.yaml", problems, limits);
  REQUIRE_FALSE(problems.empty());
  return to_string(problems.list().front());
}

}  // namespace

TEST_CASE("yaml: JSON's two escapes for one character are read in a .json file, and there alone") {
  const auto text_of = [](const std::string& text, const std::string& file) {
    Problems problems;
    const auto node = yaml::load(text, file, problems);
    return node ? yaml::to_json(*node).get<std::string>() : to_string(problems.list().front());
  };
  CHECK(text_of(R"("a \ud83d\ude80 b")", "a.json") == "a \U0001F680 b");
  CHECK(text_of(R"("\\ud83d\\ude80")", "a.json") == R"(\ud83d\ude80)");
  CHECK(text_of("|-\n  \\ud83d\\ude80", "a.yaml") == R"(\ud83d\ude80)");
  CHECK_THAT(text_of(R"("\ud83d alone")", "a.json"), Catch::StartsWith("a.json:1:"));
  CHECK_THAT(text_of(R"("\ude80\ud83d")", "a.json"), Catch::StartsWith("a.json:1:"));
}

TEST_CASE("yaml: scalars take their types from the core schema of YAML 1.2") {
  CHECK(json_of("[1, -2, 0o17, 0xff, 1.5, 1e3, true, null, ~, text, '1', \"true\"]") ==
        R"([1,-2,15,255,1.5,1000.0,true,null,null,"text","1","true"])");
}

TEST_CASE("yaml: an unquoted yes is a text, with a warning that says to quote it") {
  Problems problems;
  const auto node = yaml::load("enabled: yes", "test.yaml", problems);
  REQUIRE(node);
  CHECK(*node->find("enabled")->string() == "yes");
  REQUIRE(problems.size() == 1);
  CHECK(problems.list()[0].severity == Severity::warning);
  CHECK(to_string(problems.list()[0]).starts_with("test.yaml:1:10: warning: yes is read as a string"));
}

TEST_CASE("yaml: a number with a leading zero is decimal, with a warning that it looks octal") {
  CHECK(first_problem("mode: 0644") ==
        "test.yaml:1:7: warning: 0644 is read as the decimal number 644; other readers take it as octal; "
        "write \"0644\" for a string, or 644 for the number");
}

TEST_CASE("yaml: anchors, aliases and merge keys give what Kubernetes' reader gives") {
  CHECK(json_of("base: &b {x: 1, y: 2}\nmore:\n  <<: *b\n  y: 3\n") ==
        R"({"base":{"x":1,"y":2},"more":{"y":3,"x":1}})");
}

TEST_CASE("yaml: a stream of documents is read whole, empty documents left out") {
  Problems problems;
  const auto documents = yaml::load_all("a: 1\n---\n# only a comment\n---\nb: 2\n", "test.yaml", problems);
  CHECK(problems.empty());
  REQUIRE(documents.size() == 2);
  CHECK(documents[1].place.line == 5);
}

TEST_CASE("yaml: a duplicate key is refused with both places") {
  CHECK(first_problem("a: 1\nb: 2\na: 3\n") ==
        "test.yaml:3:1: error: duplicate key \"a\" in this map, first on line 1; remove one of the two");
}

TEST_CASE("yaml: a tab in the indentation is refused with its place and the remedy") {
  CHECK(first_problem("a:\n\tb: 1\n") ==
        "test.yaml:2:1: error: a tab is used for indentation; indent with spaces");
}

TEST_CASE("yaml: broken syntax is refused with its place") {
  CHECK(first_problem("a: [1, 2\nb: 3\n").starts_with("test.yaml:2:"));
}

TEST_CASE("yaml: a bomb of aliases is refused before it takes memory") {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j > 0 ? ",*a" : "*a") + std::to_string(i - 1);
    bomb += "]\n";
  }
  CHECK(first_problem(bomb).find("more than 200000 values") != std::string::npos);
}

TEST_CASE("yaml: anchors within anchors are refused before their copies take memory") {
  std::string nested;
  for (int i = 0; i < 60; ++i) nested += "&a" + std::to_string(i) + " [";
  for (int i = 0; i < 10'000; ++i) nested += "x,";
  CHECK(first_problem(nested + std::string(60, ']')).find("values under anchors") != std::string::npos);
}

TEST_CASE("yaml: a file nested too deep or too large is refused") {
  CHECK(first_problem(std::string(100, '[')).find("nested deeper than 64 levels") != std::string::npos);
  CHECK(first_problem("a: 123456789", {.bytes = 5}).find("the file has 12 B") != std::string::npos);
}

TEST_CASE("yaml: a byte order mark is skipped, and line ends of Windows become plain ones") {
  Problems problems;
  const auto node = yaml::load(
      "\xEF\xBB\xBF"
      "a: 1\r\nb: |\r\n  x\r\n  y\r\n",
      "test.yaml", problems);
  REQUIRE(node);
  CHECK(problems.empty());
  CHECK(node->find("a")->place.column == 4);
  CHECK(*node->find("b")->string() == "x\ny\n");
}

TEST_CASE("yaml: a whole number beyond 64 bits becomes a real one, with a warning") {
  CHECK(
      first_problem("a: 18446744073709551615\n") ==
      "test.yaml:1:4: warning: 18446744073709551615 does not fit into 64 bits, and is read as a real number; "
      "put it in quotes");
  Problems problems;
  yaml::load("a: [9223372036854775807, 1.5, 1e300]\n", "test.yaml", problems);
  CHECK(problems.empty());
}
