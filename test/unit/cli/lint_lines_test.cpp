#include <array>
#include <random>
#include <string>

#include <catch2/catch.hpp>

#include "lint/lint.h"
#include "lint/secrets.h"
#include "support/memory_tree.h"
#include "support/seeds.h"

using namespace greenwave;

namespace {

const std::string token = "ghp_0123456789abcdefghijklmnopqrstuvwxyz";

/// A line with a token somewhere between what else makes a text look like a secret, or no longer so.
std::string line_with_token(unsigned seed) {
  const std::array parts{std::string("token:"),   std::string("password="),
                         std::string(" "),        std::string("\t"),
                         std::string("'"),        std::string("\x1b"),
                         std::string(90, '\x9d'), std::string(150, 'x'),
                         std::string("a: b"),     std::string("x://u:secret@h"),
                         std::string("\xC3\xBC"), std::string("hunter2hunter2")};
  std::minstd_rand random(seed);
  std::string line;
  for (auto count = random() % 8; count > 0; --count) line += parts[random() % parts.size()];
  line += " " + token + " ";
  for (auto count = random() % 8; count > 0; --count) line += parts[random() % parts.size()];
  return line;
}

}  // namespace

TEST_CASE("lint: what is shown of a line holds no secret and looks like none, wherever the line is cut") {
  std::size_t shown = 0;
  for (unsigned seed = 1; seed <= test::seed_count(500); ++seed) {
    const auto line = line_with_token(seed);
    CAPTURE(line);
    for (const auto& finding : cli::lint(test::MemoryTree({{"notes.txt", line}}), {}).findings) {
      if (!finding.line.empty()) ++shown;
      CHECK(finding.line.find(token) == std::string::npos);
      CHECK(cli::without_secrets(finding.line) == finding.line);
    }
  }
  CHECK(shown > 0);
}
