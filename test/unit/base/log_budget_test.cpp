#include "base/log_budget.h"

#include <functional>
#include <random>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace greenwave;

namespace {

constexpr auto week = std::chrono::hours(7 * 24);

/// What a device logs that says something every `every` for a week.
std::vector<std::string> logged_in_a_week(
    Duration every, const std::function<std::string(int)>& text,
    const std::function<std::string(int)>& object = [](int) { return ""; }) {
  LogBudget budget;
  std::vector<std::string> logged;
  const Instant begin{};
  int number = 0;
  for (auto now = begin; now < begin + week; now += every, ++number) {
    if (const auto line = budget.admit(object(number), text(number), now)) logged.push_back(*line);
  }
  return logged;
}

std::size_t bytes_of(const std::vector<std::string>& lines) {
  std::size_t sum = 0;
  for (const auto& line : lines) sum += line.size();
  return sum;
}

}  // namespace

TEST_CASE("log budget: what is said rarely is all logged, word by word") {
  const auto logged =
      logged_in_a_week(std::chrono::hours(1), [](int n) { return fmt::format("sync {} failed", n); });
  REQUIRE(logged.size() == 168);
  CHECK(logged.back() == "sync 167 failed");
}

TEST_CASE("log budget: a failure a second that differs in numbers alone is a line an hour after a hundred") {
  const auto logged = logged_in_a_week(std::chrono::seconds(1), [](int n) {
    return fmt::format("cannot fetch {:07x} from 192.0.2.{}: time out after {} s", n * 37, n % 256, n % 60);
  });
  CHECK(logged.size() <= 100 + 168);
  CHECK(logged.size() >= 100 + 167);
  CHECK(logged.back().ends_with("(3599 messages like this were not logged)"));
}

TEST_CASE("log budget: objects that a sync creates, numbered as they are, are all named") {
  LogBudget budget;
  for (int number = 0; number < 5000; ++number) {
    REQUIRE(budget.admit(fmt::format("ConfigMap/app-{}", number), "create", Instant{}));
  }
}

TEST_CASE("log budget: a kind that is silent for long enough is logged again at once") {
  LogBudget budget;
  Instant now{};
  for (int number = 0; number < 1000; ++number) budget.admit("", "no link", now);
  now += std::chrono::hours(2);
  CHECK(budget.admit("", "no link", now) == "no link (900 messages like this were not logged)");
  CHECK(budget.admit("", "no link", now) == "no link");
  CHECK_FALSE(budget.admit("", "no link", now));
  CHECK(budget.admit("", "another failure", now) == "another failure");
}

TEST_CASE("log budget: whatever fails for a week and how often, the log takes at most 4 MiB") {
  std::mt19937 random(1);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same weeks each time
  const auto word = [&random] {
    std::string letters;
    for (auto left = random() % 400; left > 0; --left) letters += static_cast<char>('a' + random() % 26);
    return letters;
  };
  for (int course = 0; course < 4; ++course) {
    const Duration every = std::chrono::milliseconds(1000 + random() % 60'000);
    const auto kinds = 1 + random() % 3000;
    std::vector<std::string> words;
    for (unsigned made = 0; made < 50; ++made) words.push_back(word());
    const auto logged = logged_in_a_week(
        every, [&](int n) { return fmt::format("{} {}", words[random() % words.size()], n); },
        [&](int) { return fmt::format("File/{}", random() % kinds); });
    INFO("every " << every.count() << " ms, " << kinds << " objects");
    CHECK(bytes_of(logged) + logged.size() * 100 < 4 * 1024 * 1024);
    CHECK_FALSE(logged.empty());
  }
}
