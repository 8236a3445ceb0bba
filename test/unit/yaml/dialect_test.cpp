#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "support/source_directory.h"
#include "yaml/emit.h"
#include "yaml/load.h"

using namespace greenwave;

namespace {

using Json = nlohmann::ordered_json;
using yaml::Dialect;

const std::string head = "apiVersion: v1\nkind: X\nmetadata: {name: x}\n";

/// The member v of the one document, or nothing where it is refused.
std::optional<yaml::Node> read(const std::string& text, Dialect dialect) {
  Problems problems;
  const auto documents = yaml::load_all(text, "test.yaml", problems, {}, dialect);
  if (problems.has_errors() || documents.size() != 1) return {};
  const auto* found = documents.front().find("v");
  return found != nullptr ? *found : yaml::Node{nullptr, {}};
}

std::string shown(const std::optional<yaml::Node>& node) {
  return node ? Json::array({yaml::to_json(*node)}).dump() : "null";
}

/// What test/integration/scalars_test.py had the references say: see there.
std::vector<Json> golden_lines() {
  std::vector<Json> lines;
  std::ifstream file(test::source_directory() / "test/golden/spellings.jsonl");
  for (std::string line; std::getline(file, line);) lines.push_back(Json::parse(line));
  return lines;
}

bool same(const std::optional<yaml::Node>& ours, const Json& theirs) {
  if (!ours || theirs.is_null()) return !ours && theirs.is_null();
  return yaml::same_value(*ours, yaml::from_json(theirs.at(0), {}));
}

/// Where the references lose something without a word: we refuse bytes that are no text and they replace
/// them, a key without a text, and what kustomize takes for a merge though its tag says otherwise. kustomize
/// changes two control characters when it writes them.
bool is_more_careful(const std::string& spelling, const std::optional<yaml::Node>& ours) {
  if (spelling == R"("\N")" || spelling == R"("\x7f")") return true;
  const bool has_no_text = spelling == "&a" || spelling == "! &a";
  return !ours && (has_no_text || spelling.starts_with("!!binary") || spelling.ends_with("<<"));
}

std::string problems_of(const std::string& text, Dialect dialect) {
  Problems problems;
  yaml::load_all(text, "test.yaml", problems, {}, dialect);
  std::string said;
  for (const auto& problem : problems.list()) said += to_string(problem) + "\n";
  return said;
}

std::string json_of(const std::string& text, Dialect dialect) {
  Problems problems;
  std::string json;
  for (const auto& document : yaml::load_all(text, "test.yaml", problems, {}, dialect))
    json += yaml::to_json(document).dump();
  return problems.has_errors() ? "refused" : json;
}

}  // namespace

TEST_CASE("yaml: each spelling of a scalar is to us what it is to kubectl and to kustomize") {
  const auto lines = golden_lines();
  REQUIRE(lines.size() > 2000);
  for (const auto& line : lines) {
    const auto spelling = line.at(0).get<std::string>();
    int column = 0;
    for (const auto dialect : {Dialect::kubernetes, Dialect::kustomize}) {
      for (const auto& text : {"v: " + spelling + "\n", "v:\n  " + spelling + ": 1\n"}) {
        const auto& theirs = line.at(static_cast<std::size_t>(++column));
        const auto ours = read(head + text, dialect);
        if (same(ours, theirs) || is_more_careful(spelling, ours)) continue;
        FAIL_CHECK("column " << column << " of " << text << "ours " << shown(ours) << ", theirs "
                             << theirs.dump());
      }
    }
  }
}

TEST_CASE("yaml: each spelling is written as a text so that every reader reads it as that text") {
  for (const auto& line : golden_lines()) {
    const auto spelling = line.at(0).get<std::string>();
    if (spelling == "<<") continue;  // as a key a merge to kustomize, quoted or not
    const auto written =
        yaml::emit({yaml::Node::Map{{"v", {}, {spelling, {}}}, {spelling, {}, {1, {}}}}, {}});
    for (const auto dialect : {Dialect::own, Dialect::kubernetes, Dialect::kustomize}) {
      Problems problems;
      const auto node = yaml::load(written, "test.yaml", problems, {}, dialect);
      INFO(written);
      REQUIRE(node);
      CHECK(problems.empty());
      CHECK(*node->find("v")->string() == spelling);
      CHECK(node->find(spelling) != nullptr);
    }
  }
}

TEST_CASE("yaml: in Kubernetes' manifests a number with a leading zero is octal, without a word") {
  const std::string text = head + "v: {defaultMode: 0400, 0o17: yes, 1e3: 1.0}\n";
  CHECK(problems_of(text, Dialect::kubernetes).empty());
  CHECK(
      json_of(text, Dialect::kubernetes) ==
      R"({"apiVersion":"v1","kind":"X","metadata":{"name":"x"},"v":{"defaultMode":256,"15":true,"1000":1}})");
}

TEST_CASE("yaml: objects of Greenwave's kinds are read as such, wherever they are in a file") {
  const std::string own = "apiVersion: greenwave.dev/v1\nkind: File\nspec: {mode: 0644, y: yes}\n";
  const std::string as_own =
      R"({"apiVersion":"greenwave.dev/v1","kind":"File","spec":{"mode":644,"y":"yes"}})";
  const std::string other = "kind: X\nspec: {mode: 0644, y: yes}\napiVersion: v1\n";
  const std::string as_other = R"({"kind":"X","spec":{"mode":420,"true":true},"apiVersion":"v1"})";
  CHECK(json_of(own + "---\n" + other, Dialect::kubernetes) == as_own + as_other);
  CHECK(json_of(other + "---\n" + own, Dialect::kubernetes) == as_other + as_own);
  CHECK(json_of("kind: File\nspec: {mode: 0644, y: yes}\napiVersion: \"greenwave.dev/v1\"\n",
                Dialect::kubernetes) ==
        R"({"kind":"File","spec":{"mode":644,"y":"yes"},"apiVersion":"greenwave.dev/v1"})");
  CHECK(json_of("apiVersion: v1\nkind: List\nitems:\n- {apiVersion: greenwave.dev/v1, a: 010}\n- {a: 010}\n",
                Dialect::kubernetes) ==
        R"({"apiVersion":"v1","kind":"List","items":[{"apiVersion":"greenwave.dev/v1","a":10},{"a":8}]})");
  CHECK_THAT(problems_of(other + "---\n" + own, Dialect::kubernetes),
             Catch::StartsWith("test.yaml:7:14: warning: 0644 is read as the decimal number 644"));
}

TEST_CASE(
    "yaml: kubectl takes the last of two equal keys, with a warning to us; kustomize refuses the second") {
  const std::string text = head + "v: {a: 1, a: 2}\n";
  CHECK(shown(read(text, Dialect::kubernetes)) == R"([{"a":2}])");
  CHECK(problems_of(text, Dialect::kubernetes) ==
        "test.yaml:4:11: warning: duplicate key \"a\" in this map, first on line 4: kubectl takes this one; "
        "remove one "
        "of the two\n");
  CHECK_FALSE(read(text, Dialect::kustomize));
  CHECK_FALSE(read(head + "v: {1: a, \"1\": b}\n", Dialect::kubernetes));
}

TEST_CASE("yaml: kubectl merges << where it is written, kustomize below everything that is written") {
  const std::string text = head + "b: &b {p: 1, q: 2}\nv: {p: 3, <<: *b}\n";
  CHECK(shown(read(text, Dialect::kubernetes)) == R"([{"p":1,"q":2}])");
  CHECK(shown(read(text, Dialect::kustomize)) == R"([{"p":3,"q":2}])");
  CHECK_THAT(problems_of(text, Dialect::kubernetes),
             Catch::Contains("test.yaml:5:5: warning: \"p\" has no effect"));
  const std::string list = head + "b: &b {p: 1}\nc: &c {p: 5, r: 3}\nv: {<<: [*b, *c]}\n";
  CHECK(shown(read(list, Dialect::kubernetes)) == R"([{"p":1,"r":3}])");
  CHECK(shown(read(list, Dialect::kustomize)) == R"([{"p":1,"r":3}])");
  for (const auto* wrong : {"v: {<<: 1}\n", "v: {<<: }\n", "b: &b [{p: 1}]\nv: {<<: *b}\n"}) {
    CHECK_FALSE(read(head + wrong, Dialect::kubernetes));
    CHECK_FALSE(read(head + wrong, Dialect::kustomize));
  }
}

TEST_CASE("yaml: an alias may be a key, and what kubectl refuses as a key is refused") {
  CHECK(shown(read(head + "b: &b 012\nv: {*b : 1}\n", Dialect::kubernetes)) == R"([{"10":1}])");
  CHECK_FALSE(read(head + "b: &b [1]\nv: {*b : 1}\n", Dialect::kubernetes));
  CHECK_FALSE(read(head + "v: {[1]: 1}\n", Dialect::kubernetes));
  CHECK(problems_of(head + "v:\n  ~: 1\n", Dialect::kubernetes) ==
        "test.yaml:5:3: error: kubectl refuses ~ as a key; put it in quotes\n");
}

TEST_CASE("yaml: what Kubernetes' readers would drop of a file, or refuse, is an error") {
  const auto refused = [](const std::string& text, const std::string& message) {
    CHECK_THAT(problems_of(text, Dialect::kubernetes), Catch::StartsWith("test.yaml:" + message));
    CHECK_THAT(problems_of(text, Dialect::kustomize), Catch::StartsWith("test.yaml:" + message));
  };
  refused("a: 1\n...\nb: 2\n", "3:1: error: ");
  refused("%YAML 1.1\n---\na: 1\n", "1:1: error: Kubernetes' readers refuse a directive");
  refused("a: 1\n--- {b: 2}\n", "2:5: error: Kubernetes' readers refuse what follows ---");
  refused("a: .inf\n", "1:4: error: .inf is no number in JSON");
  refused("a: !!int x\n", "1:4: error: x is not of the type that its tag says");
  refused("a: \"x\\/y\"\n", "1:4: error: Kubernetes' readers refuse the escape \\/");
  CHECK(json_of("a: 1\n...\n---\n--- # comment\nb: 2\n", Dialect::kubernetes) == R"({"a":1}{"b":2})");
}

TEST_CASE("yaml: what is JSON is read by JSON's rules, whatever the file's name") {
  CHECK(json_of(R"({"a": "x\/\ud83d\udea6", "b": 1e3, "c": 1.0})", Dialect::kubernetes) ==
        "{\"a\":\"x/\U0001f6a6\",\"b\":1000,\"c\":1}");
}

TEST_CASE("yaml: UTF-16 with a byte order mark is read as kubectl reads it") {
  std::string little("\xFF\xFE", 2);
  std::string big("\xFE\xFF", 2);
  for (const char16_t unit : std::u16string(u"a: \"\u20ac\U0001f6a6\"\n")) {
    const char high = static_cast<char>(unit >> 8);
    const char low = static_cast<char>(unit & 0xFF);
    little += {low, high};
    big += {high, low};
  }
  CHECK(json_of(little, Dialect::kubernetes) == "{\"a\":\"\u20ac\U0001f6a6\"}");
  CHECK(json_of(big, Dialect::own) == "{\"a\":\"\u20ac\U0001f6a6\"}");
}

TEST_CASE("yaml: a node knows how it was written, as long as it has that value") {
  auto node = read(head + "v: {a: 0400, b: 1.10}\n", Dialect::kubernetes);
  REQUIRE(node);
  CHECK(yaml::spelling_of(*node->find("a")) == "0400");
  CHECK(yaml::spelling_of(*node->find("b")) == "1.10");
  node->find("a")->value = 7;
  CHECK(yaml::spelling_of(*node->find("a")) == "7");
}
