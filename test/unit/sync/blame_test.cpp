#include "sync/blame.h"

#include <array>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "base/file.h"
#include "support/source_directory.h"

using namespace greenwave;
using namespace greenwave::sync;

namespace {

template <typename Value>
struct Word {
  Value value;
  std::string text;
};

const std::vector<Word<Before>> befores{{Before::well, "well"},
                                        {Before::unknown, "unknown"},
                                        {Before::absent, "absent"},
                                        {Before::failed, "failed"}};
const std::vector<Word<Relation>> relations{
    {Relation::changed, "changed"}, {Relation::watched, "watched"}, {Relation::untouched, "untouched"}};
const std::vector<Word<Now>> nows{{Now::well, "well"}, {Now::waiting, "waiting"}, {Now::failed, "failed"}};
const std::vector<Word<Fault>> faults{{Fault::transient, "passing"}, {Fault::invalid, "lasting"},
                                      {Fault::untrusted, "lasting"}, {Fault::conflict, "lasting"},
                                      {Fault::damaged, "lasting"},   {Fault::internal, "lasting"}};

std::string in_words(Blame blame) {
  if (blame == Blame::keep) return "keep";
  return blame == Blame::wait ? "wait" : "take back";
}

using Row = std::vector<std::string>;

/// Of the first table of the manual page that has these columns.
std::vector<Row> rows_of_the_manual() {
  const auto page = read_file(test::source_directory() / "packaging/man/greenwaved.8", 1 << 20);
  const std::string head = ".It Em before Ta Em commit Ta Em now Ta Em fault Ta Em then\n";
  const auto begin = page.find(head);
  REQUIRE(begin != std::string::npos);
  std::vector<Row> rows;
  for (auto at = begin + head.size(); page.compare(at, 4, ".It ") == 0;) {
    const auto end = page.find('\n', at);
    auto line = page.substr(at + 4, end - at - 4);
    Row row;
    for (auto cut = line.find(" Ta "); cut != std::string::npos; cut = line.find(" Ta ")) {
      row.push_back(line.substr(0, cut));
      line.erase(0, cut + 4);
    }
    row.push_back(line);
    rows.push_back(row);
    at = end + 1;
  }
  return rows;
}

bool matches(const std::string& cell, const std::string& word) {
  return cell == "any" || cell == word;
}

/// Calls `check` with every combination.
template <typename Check>
void for_all(Check check) {
  for (const auto& before : befores) {
    for (const auto& relation : relations) {
      for (const auto& now : nows) {
        for (const auto& fault : faults) check(before, relation, now, fault);
      }
    }
  }
}

}  // namespace

TEST_CASE("blame: the manual page has the table that the agent goes by") {
  const auto rows = rows_of_the_manual();
  REQUIRE(rows.size() > 3);
  std::vector<int> used(rows.size());
  for_all([&](const auto& before, const auto& relation, const auto& now, const auto& fault) {
    INFO(before.text << ", " << relation.text << ", " << now.text << ", " << fault.text);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto& row = rows[i];
      REQUIRE(row.size() == 5);
      if (!matches(row[0], before.text) || !matches(row[1], relation.text) || !matches(row[2], now.text) ||
          !matches(row[3], fault.text)) {
        continue;
      }
      ++used[i];
      CHECK(row[4] == in_words(blame(before.value, relation.value, now.value, fault.value)));
      return;
    }
    FAIL("no row of the table matches");
  });
  for (const auto count : used) CHECK(count > 0);
}

TEST_CASE(
    "blame: a commit is taken back for what it changed or is asked for, was not failed, and fails for good") {
  for_all([](const auto& before, const auto& relation, const auto& now, const auto& fault) {
    INFO(before.text << ", " << relation.text << ", " << now.text << ", " << fault.text);
    const auto result = blame(before.value, relation.value, now.value, fault.value);
    const bool guilty = before.text != "failed" && relation.text != "untouched" && now.text == "failed" &&
                        fault.text == "lasting";
    CHECK((result == Blame::take_back) == guilty);
  });
}

TEST_CASE("blame: nothing that fails keeps a commit waiting unless it was well before and the fault passes") {
  for_all([](const auto& before, const auto& relation, const auto& now, const auto& fault) {
    INFO(before.text << ", " << relation.text << ", " << now.text << ", " << fault.text);
    const auto result = blame(before.value, relation.value, now.value, fault.value);
    if (before.text == "failed" || relation.text == "untouched" || now.text == "well") {
      CHECK(result == Blame::keep);
    } else if (now.text == "waiting" || fault.text == "passing") {
      CHECK(result == Blame::wait);
    }
  });
}
