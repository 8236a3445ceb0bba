#include "loop/loop.h"

#include <chrono>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

using namespace greenwave;
using namespace std::chrono_literals;

TEST_CASE("hub: timers come in the order of their times, and cancelled ones do not come") {
  hub::Loop loop;
  std::vector<int> order;
  loop.after(30ms, [&] {
    order.push_back(3);
    loop.stop();
  });
  loop.after(10ms, [&] { order.push_back(1); });
  const auto cancelled = loop.after(15ms, [&] { order.push_back(9); });
  loop.after(20ms, [&] { order.push_back(2); });
  loop.cancel(cancelled);
  loop.run();
  CHECK(order == std::vector<int>{1, 2, 3});
}

TEST_CASE("hub: what another thread posts is called on the loop's") {
  hub::Loop loop;
  const auto own = std::this_thread::get_id();
  std::thread::id called_on;
  std::thread other([&] {
    loop.post([&] {
      called_on = std::this_thread::get_id();
      loop.stop();
    });
  });
  loop.run();
  other.join();
  CHECK(called_on == own);
}
