#include "drivers/workload/expansion.h"

#include <map>

#include <catch2/catch.hpp>

using namespace greenwave::drivers::workload;

TEST_CASE("expansion: $(NAME) is its value, $$ a dollar, and the rest stays as it is written") {
  const std::map<std::string, std::string, std::less<>> values{{"A", "a"}, {"B", "$(A)"}, {"E", ""}};
  const auto expand = [&](std::string_view text) {
    return expanded(text, [&](std::string_view name) {
      const auto found = values.find(name);
      return found == values.end() ? nullptr : &found->second;
    });
  };
  for (const auto& [text, wanted] : std::initializer_list<std::pair<const char*, const char*>>{
           {"", ""},
           {"plain", "plain"},
           {"$(A)", "a"},
           {"$(A)-$(A)", "a-a"},
           {"$(B)", "$(A)"},
           {"$(E)", ""},
           {"$(NONE)", "$(NONE)"},
           {"$$(A)", "$(A)"},
           {"$$$(A)", "$a"},
           {"$$$$(A)", "$$(A)"},
           {"$A ${A}", "$A ${A}"},
           {"cost: 5$", "cost: 5$"},
           {"$(A", "$(A"},
           {"$(A$(A)", "$(A$(A)"},
           {"$()", "$()"},
           {"$((1+1))", "$((1+1))"},
       }) {
    INFO(text);
    CHECK(expand(text) == wanted);
  }
}
