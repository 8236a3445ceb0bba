#include <catch2/catch.hpp>

#include "drivers/workload/probe_course.h"

using namespace greenwave;
using namespace greenwave::drivers::workload;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Kind = ProbeCourse::Kind;

namespace {

const std::string label = R"({"main": {
  "startupProbe": {"exec": {"command": ["/bin/up"]}, "initialDelaySeconds": 2, "periodSeconds": 1, "failureThreshold": 2},
  "livenessProbe": {"tcpSocket": {"port": 80}, "initialDelaySeconds": 5, "failureThreshold": 2},
  "readinessProbe": {"httpGet": {"port": 80, "path": "/r", "httpHeaders": [{"name": "A", "value": "b"}]},
                     "successThreshold": 2, "failureThreshold": 1, "periodSeconds": 3, "timeoutSeconds": 4}}})";

constexpr Instant start{1000s};
const std::optional<std::string> passed;
const std::optional<std::string> failed{"it answers with status 503"};

}  // namespace

TEST_CASE("podman probe: a label is read with Kubernetes' defaults") {
  const auto probes = probes_from(label, "main");
  CHECK(probes.startup->command == std::vector<std::string>{"/bin/up"});
  CHECK(probes.liveness->how == Probe::How::tcp);
  CHECK(probes.liveness->period == 10s);
  CHECK(probes.liveness->timeout == 1s);
  CHECK(probes.readiness->headers == std::vector<std::string>{"A: b"});
  CHECK(probes.readiness->timeout == 4s);
  CHECK_FALSE(probes_from(label, "other").any());
  CHECK_FALSE(probes_from("", "main").any());
}

TEST_CASE("podman probe: a label that someone else wrote does no harm") {
  for (const auto* odd : {"{", "[]", R"({"main": 5})", R"({"main": {"livenessProbe": {"exec": {}}}})",
                          R"({"main": {"livenessProbe": {"exec": {"command": [1]}}}})",
                          R"({"main": {"livenessProbe": {"httpGet": {"port": "x"}}}})"}) {
    CHECK_FALSE(probes_from(odd, "main").any());
  }
  const auto bounded = probes_from(
      R"({"main": {"livenessProbe": {"tcpSocket": {"port": 9999999}, "timeoutSeconds": -1, "periodSeconds": 9e99}}})",
      "main");
  CHECK(bounded.liveness->port == 65535);
  CHECK(bounded.liveness->timeout == 1s);
  CHECK(bounded.liveness->period == 10s);
  const auto split = probes_from(
      R"({"main": {"livenessProbe": {"httpGet": {"port": 1, "httpHeaders": [{"name": "A", "value": "b\r\nC: d"}]}}}})",
      "main");
  CHECK(split.liveness->headers.empty());
}

TEST_CASE("podman probe: nothing else is asked until the startup probe has passed") {
  ProbeCourse course(probes_from(label, "main"), start);
  CHECK(course.next() == start + 2s);
  CHECK(course.due() == Kind::startup);
  CHECK_THAT(*course.unready(), Contains("waits for its startup probe"));
  CHECK_FALSE(course.note(Kind::startup, failed, start + 2s));
  CHECK(course.next() == start + 3s);
  CHECK_FALSE(course.note(Kind::startup, passed, start + 3s));
  CHECK(course.next() == start + 3s);
  CHECK(course.due() == Kind::readiness);
  course.note(Kind::readiness, passed, start + 3s);
  CHECK(course.next() == start + 5s);
  CHECK(course.due() == Kind::liveness);
}

TEST_CASE(
    "podman probe: a startup or liveness probe that fails often enough in a row restarts the container") {
  ProbeCourse slow(probes_from(label, "main"), start);
  CHECK_FALSE(slow.note(Kind::startup, failed, start + 2s));
  CHECK(slow.note(Kind::startup, failed, start + 3s));

  ProbeCourse course(probes_from(label, "main"), start);
  course.note(Kind::startup, passed, start + 2s);
  CHECK_FALSE(course.note(Kind::liveness, failed, start + 5s));
  CHECK_FALSE(course.note(Kind::liveness, passed, start + 15s));
  CHECK_FALSE(course.note(Kind::liveness, failed, start + 25s));
  CHECK(course.note(Kind::liveness, failed, start + 35s));
  CHECK_THAT(*course.unready(), Contains("fails its liveness probe: it answers with status 503"));
}

TEST_CASE("podman probe: a container is ready after its successes in a row, and until its failures are") {
  ProbeCourse course(probes_from(label, "main"), start);
  course.note(Kind::startup, passed, start + 2s);
  course.note(Kind::liveness, passed, start + 5s);
  course.note(Kind::readiness, passed, start + 5s);
  CHECK_THAT(*course.unready(), Contains("waits for its readiness probe"));
  course.note(Kind::readiness, passed, start + 8s);
  CHECK_FALSE(course.unready());
  CHECK_FALSE(course.note(Kind::readiness, failed, start + 11s));
  CHECK_THAT(*course.unready(), Contains("fails its readiness probe"));
  course.postpone(Kind::liveness, start + 15s);
  CHECK(course.next() == start + 14s);
}
