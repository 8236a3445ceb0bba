#include "yaml/emit.h"

#include <fstream>
#include <random>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/process.h"
#include "support/temporary_directory.h"
#include "yaml/load.h"

using namespace greenwave;
using yaml::Node;

namespace {

const std::vector<std::string>& hard_texts() {
  static const std::vector<std::string> texts{"",
                                              " ",
                                              "\n",
                                              "\n\n",
                                              "~",
                                              "null",
                                              "Null",
                                              "yes",
                                              "No",
                                              "on",
                                              "y",
                                              "true",
                                              "TRUE",
                                              "=",
                                              "<<",
                                              "0",
                                              "0123",
                                              "0644",
                                              "0o17",
                                              "0x1F",
                                              "-0x1F",
                                              "0b11",
                                              "1_000",
                                              "-1",
                                              "+1",
                                              "1e3",
                                              "1.",
                                              ".5",
                                              "-.inf",
                                              ".nan",
                                              "1_0.5",
                                              "12:30",
                                              "1:2:3.5",
                                              "10.0.0.1",
                                              "10.0.0.1:80",
                                              "1.2.3",
                                              "2026-01-31",
                                              "2026-01-31T10:00:00Z",
                                              "2026-1",
                                              "99999999999999999999",
                                              "a: b",
                                              "a:",
                                              ":a",
                                              "a #b",
                                              "#a",
                                              "- a",
                                              "-",
                                              "--",
                                              "---",
                                              "--- a",
                                              "...",
                                              "? a",
                                              "?",
                                              "*a",
                                              "&a",
                                              "!a",
                                              "%a",
                                              "@a",
                                              "`a",
                                              "|",
                                              ">",
                                              "{a",
                                              "[a",
                                              "a, b",
                                              "]",
                                              "}",
                                              ",",
                                              "'a'",
                                              "\"a\"",
                                              "it's",
                                              "say \"no\"",
                                              "a\\b",
                                              "\\",
                                              "tab\there",
                                              "\ttab",
                                              "tab\t",
                                              " lead",
                                              "trail ",
                                              "a\nb",
                                              "a\nb\n",
                                              "a\nb\n\n",
                                              "a\n\n\nb\n",
                                              "\na\n",
                                              "\n a",
                                              "  a\nb",
                                              "\ta\nb\n",
                                              " \na",
                                              "a \nb\n",
                                              "a\n ",
                                              "a\n \n",
                                              "a\n\t\n",
                                              "a\n  b\n c\n",
                                              "# a\nb\n",
                                              "---\na\n",
                                              "...\n",
                                              "a: 1\nb:\n- c\n",
                                              "a\r\nb",
                                              "a\rb\n",
                                              "\x01",
                                              std::string(1, '\0'),
                                              "bell\a\x1b[0m",
                                              "del\x7f",
                                              "del\x7f\nb\n",
                                              "é",
                                              "日本\n語\n",
                                              "😀",
                                              "\u00a0",
                                              "\u0080",
                                              "nel\u0085",
                                              "ls\u2028ps\u2029",
                                              "a\u2028b\nc\n",
                                              "\uFEFFbom",
                                              "x\uFEFF\ny\n",
                                              "\xEF\xBF\xBF😀",
                                              std::string(900, '\x01'),
                                              std::string(900, '"'),
                                              std::string(1500, 'k') + "\xEF\xBF\xBF",
                                              std::string(128, '\x7F') + "\xEF\xBF\xBF",
                                              "\xEF\xBF\xBF",
                                              "\xEF\xBF\xBE\na\n",
                                              std::string(200, 'k'),
                                              std::string(5000, 'x'),
                                              std::string(3000, 'x') + " y: " + std::string(3000, 'z'),
                                              std::string(2000, 'l') + "\n" + std::string(2000, ' ') + "m\n",
                                              "a: b # c",
                                              "\xC3\x82",
                                              "${device.id}",
                                              "${{ a }}",
                                              "a\n# b"};
  return texts;
}

Node text(std::string bytes) {
  return {std::move(bytes), {}};
}

/// Every hard text as a key, as a value, in a list, alone, and behind other collections.
std::vector<Node> hard_documents() {
  std::vector<Node> documents;
  Node::Map keys;
  Node::Sequence items;
  for (const auto& bytes : hard_texts()) {
    documents.push_back(text(bytes));
    documents.push_back({Node::Map{{bytes, {}, text(bytes)}, {"next", {}, text(bytes)}}, {}});
    documents.push_back({Node::Sequence{{Node::Sequence{text(bytes), text(bytes)}, {}}, text("last")}, {}});
    keys.push_back({bytes, {}, text(bytes)});
    items.push_back(text(bytes));
    items.push_back({Node::Map{{bytes, {}, {Node::Map{{bytes, {}, text(bytes)}}, {}}},
                               {"list", {}, {Node::Sequence{text(bytes)}, {}}}},
                     {}});
  }
  documents.push_back({std::move(keys), {}});
  documents.push_back({std::move(items), {}});
  return documents;
}

class Generator {
 public:
  Node node(int depth) {
    switch (pick(depth > 4 ? 6 : 9)) {
      case 0:
        return {nullptr, {}};
      case 1:
        return {pick(2) == 0, {}};
      case 2:
        return {static_cast<std::int64_t>(random_()) * (pick(2) == 0 ? 1 : -1), {}};
      case 3:
        return {real(), {}};
      case 4:
      case 5:
        return text(string());
      case 6:
        return sequence(depth);
      default:
        return map(depth);
    }
  }

 private:
  std::size_t pick(std::size_t count) { return random_() % count; }

  double real() {
    static constexpr double hard[] = {0.0, 1.0, -1.5, 1e300, 1e-7, 1e22, 0.1, 123456789012345680.0};
    return hard[pick(std::size(hard))];
  }

  std::string string() {
    if (pick(2) == 0) return hard_texts()[pick(hard_texts().size())];
    static const std::vector<std::string> pieces{"a", "b",  "0", " ", "\n", "\n", ":", "#",
                                                 "-", "\t", "é", "'", "\"", "_",  ".", "\\",
                                                 "/", "$",  "y", "1", "e",  ",",  "{", "~"};
    std::string bytes;
    for (std::size_t left = pick(8); left > 0; --left) bytes += pieces[pick(pieces.size())];
    return bytes;
  }

  Node sequence(int depth) {
    Node::Sequence items;
    for (std::size_t left = pick(4); left > 0; --left) items.push_back(node(depth + 1));
    return {std::move(items), {}};
  }

  Node map(int depth) {
    Node made{Node::Map{}, {}};
    for (std::size_t left = pick(4); left > 0; --left) set(made, string(), node(depth + 1));
    return made;
  }

  std::mt19937 random_{42};  // NOLINT(cert-msc51-cpp): the same nodes every time
};

std::vector<Node> documents() {
  auto all = hard_documents();
  Generator generator;
  for (int i = 0; i < 3000; ++i) all.push_back(generator.node(0));
  return all;
}

void check_reads_back(const Node& document, const std::string& written) {
  Problems problems;
  const auto read = yaml::load(written, "out", problems);
  // An empty document and null are one to load().
  if (document.is_null() && !read) return;
  const bool same = read && problems.empty() && yaml::canonical(*read) == yaml::canonical(document);
  if (!same) {
    CAPTURE(written, yaml::to_json(document).dump());
    for (const auto& problem : problems.list()) UNSCOPED_INFO(to_string(problem));
    FAIL_CHECK("does not read back");
  }
}

}  // namespace

TEST_CASE("yaml: what is emitted reads back to the same value") {
  for (const auto& document : documents()) check_reads_back(document, yaml::emit(document));
}

TEST_CASE("yaml: comments change nothing of what is read back") {
  for (const auto& document : documents()) {
    check_reads_back(document,
                     yaml::emit(document, [](const Node&) { return "base  base/a.yaml:1 # 'x': |"; }));
  }
}

TEST_CASE("yaml: Python's reader, of YAML 1.1, reads back what is emitted") {
  const test::TemporaryDirectory directory;
  std::ofstream stream(directory.path() / "out.yaml");
  std::ofstream expected(directory.path() / "out.json");
  for (const auto& document : documents()) {
    stream << "---\n" << yaml::emit(document);
    expected << yaml::to_json(document).dump() << "\n";
  }
  stream.close();
  expected.close();
  const auto result = run({.argv = {"/usr/bin/python3", "-c", R"(
import json, sys, yaml
def same(ours, theirs):
    if isinstance(ours, dict):
        return isinstance(theirs, dict) and list(ours) == list(theirs) and all(same(ours[k], theirs[k]) for k in ours)
    if isinstance(ours, list):
        return isinstance(theirs, list) and len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, float):  # 1e+22 is a text to PyYAML, and a number to Kubernetes' reader
        return not isinstance(theirs, bool) and float(theirs) == ours
    return type(ours) is type(theirs) and ours == theirs
wrong = 0
with open(sys.argv[1] + '/out.json', encoding='utf-8', newline='\n') as lines, open(sys.argv[1] + '/out.yaml', 'rb') as stream:
    for line, theirs in zip(lines, yaml.load_all(stream, yaml.CSafeLoader), strict=True):
        ours = json.loads(line)
        if not same(ours, theirs):
            wrong += 1
            print(repr(ours), 'is read as', repr(theirs))
sys.exit(wrong != 0)
)",
                                    directory.path().native()},
                           .environment = {},
                           .while_waiting = {}});
  CHECK(result.output == "");
  CHECK(result.status == 0);
}

TEST_CASE("yaml: texts of several lines are blocks, as people write them") {
  const Node document{Node::Map{{"ends", {}, text("a\nb\n")},
                                {"open", {}, text("a\n\n b")},
                                {"more", {}, text("a\nb\n\n")},
                                {"list", {}, {Node::Sequence{text("  a\nb\n"), {Node::Map{}, {}}}, {}}},
                                {"none", {}, {Node::Sequence{}, {}}},
                                {"last", {}, {nullptr, {}}}},
                      {}};
  CHECK(yaml::emit(document) == R"(ends: |
  a
  b
open: |-
  a

   b
more: |+
  a
  b

list:
  - |2
      a
    b
  - {}
none: []
last: null
)");
  CHECK(
      yaml::emit({Node::Map{{"a", {}, text("x")}, {"b", {}, text("c\nd")}, {"e", {}, {Node::Map{}, {}}}}, {}},
                 [](const Node&) { return "why"; }) == "a: x  # why\nb: |-  # why\n  c\n  d\ne: {}  # why\n");
}

TEST_CASE("yaml: texts that are not UTF-8 are not emitted") {
  CHECK_THROWS_AS(yaml::emit(text("a\xff")), Error);
  CHECK_THROWS_AS(yaml::emit(text("a\n\xff\n")), Error);
}
