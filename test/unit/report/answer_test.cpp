#include "report/answer.h"

#include <catch2/catch.hpp>

#include "base/error.h"

using namespace greenwave;
using namespace std::chrono_literals;
using Catch::Contains;

TEST_CASE("answer: an acknowledgement may ask for a sync, a state and another heartbeat") {
  const auto plain = report::read_acknowledgement("{}");
  CHECK_FALSE(plain.sync);
  CHECK_FALSE(plain.wants_state);
  CHECK_FALSE(plain.heartbeat);
  const auto full = report::read_acknowledgement(
      R"({"sync": {"who": "anna\u001b[2J", "reason": "a colleague's change"}, "send": "state", "heartbeat": 120, "new": []})");
  REQUIRE(full.sync);
  CHECK(full.sync->who == "anna\xEF\xBF\xBD[2J");
  CHECK(full.sync->reason == "a colleague's change");
  CHECK(full.wants_state);
  CHECK(full.heartbeat == 120s);
}

TEST_CASE("answer: a heartbeat is neither too frequent nor too rare") {
  const auto of = [](const std::string& seconds) {
    return *report::read_acknowledgement(R"({"heartbeat": )" + seconds + "}").heartbeat;
  };
  CHECK(of("0") == 60s);
  CHECK(of("-5") == 60s);
  CHECK(of("3600") == 1h);
  CHECK(of("9223372036854775807") == 1h);
  CHECK(of("18446744073709551615") == 60s);
}

TEST_CASE("answer: what is of another form acknowledges nothing") {
  for (const auto* body :
       {"", "<html>Sign in</html>", "[]", "null", "{", R"({"sync": true})", R"({"sync": {"who": 1}})",
        R"({"send": "everything"})", R"({"heartbeat": "5m"})", R"({"heartbeat": 1.5})"}) {
    INFO(body);
    CHECK_THROWS_WITH(report::read_acknowledgement(body), Contains("not understood"));
  }
}

TEST_CASE("answer: a boot that no device can have is refused") {
  CHECK(report::read_known_boot(R"({"boot": 1764230000})") == 1764230000);
  for (const auto* body : {"{}", R"({"boot": -1})", R"({"boot": 9223372036854775807})",
                           R"({"boot": 18446744073709551615})", R"({"boot": "1"})", R"({"boot": 1e9})"}) {
    INFO(body);
    CHECK_THROWS_WITH(report::read_known_boot(body), Contains("not understood"));
  }
}

TEST_CASE("answer: a refusal is shown in one line, whoever sent it") {
  CHECK(report::read_refusal(400, R"({"error": "no\nsuch city", "remedy": "ask"})") ==
        "the hub answers 400: no such city; ask");
  CHECK(report::read_refusal(502, "<html>") == "the hub answers 502");
  CHECK(report::read_refusal(400, R"({"error": 1})") == "the hub answers 400");
  CHECK(report::is_refusal(R"({"error": "no"})"));
  CHECK_FALSE(report::is_refusal("<html>400 The SSL certificate error</html>"));
  CHECK_FALSE(report::is_refusal("[]"));
}
