#include <catch2/catch.hpp>

#include "base/error.h"
#include "drivers/podman/crash_watch.h"
#include "drivers/podman/describe.h"
#include "drivers/podman/images.h"
#include "drivers/podman/view.h"

using namespace greenwave;
using namespace greenwave::drivers;
using namespace greenwave::drivers::podman;
using namespace greenwave::drivers::workload;
using Catch::Matchers::Contains;

namespace {

Container container(const std::string& state, int exit_code = 0, const std::string& health = "") {
  Container made;
  made.id = "c1";
  made.name = "web-1-main";
  made.pod = "web-1";
  made.object = "v1/Pod//web";
  made.state = state;
  made.exit_code = exit_code;
  made.health = health;
  made.started = 100;
  return made;
}

PodRecord record(const std::string& restart = "Always", bool once = false) {
  return {{{"web-1", "d", {"c1"}}}, restart, once, {}};
}

std::string drift(const PodRecord& known, const std::vector<Container>& containers) {
  return drift_of(known, View(containers).of("v1/Pod//web")).value_or("");
}

Health::State health(const PodRecord& known, const Container& one, std::int64_t now = 200,
                     const std::map<std::string, std::string>& unready = {}) {
  return health_of(known, View({one}).of("v1/Pod//web"), now, 10, unready).state;
}

}  // namespace

TEST_CASE("podman view: drift is what a pod's restart policy would not leave so") {
  CHECK(drift(record(), {container("running")}).empty());
  CHECK_THAT(drift(record(), {container("exited", 3)}), Contains("web-1-main ended with exit status 3"));
  CHECK_THAT(drift(record(), {container("paused")}), Contains("is paused"));
  CHECK_THAT(drift(record(), {}), Contains("web-1 is gone"));
  CHECK(drift(record("OnFailure"), {container("exited", 0)}).empty());
  CHECK_THAT(drift(record("Never"), {container("created")}), Contains("is created"));
  CHECK(drift(record("Never", true), {}).empty());
  auto other = container("running");
  other.id = "c2";
  CHECK_THAT(drift(record(), {other}), Contains("a container of the pod web-1 was removed"));
  auto old = container("running");
  old.pod = "web-0";
  CHECK_THAT(drift(record(), {container("running"), old}), Contains("web-0 is left over"));
}

TEST_CASE("podman view: a pod is well when it has been up for a while and its probe says so") {
  CHECK(health(record(), container("running")) == Health::State::good);
  CHECK(health(record(), container("running"), 105) == Health::State::waiting);
  CHECK(health(record(), container("running", 0, "starting")) == Health::State::waiting);
  CHECK(health(record(), container("running", 0, "unhealthy")) == Health::State::waiting);
  CHECK(health(record(), container("running", 0, "healthy")) == Health::State::good);
  CHECK(health(record(), container("running"), 200, {{"c1", "fails"}}) == Health::State::waiting);
  CHECK(health(record(), container("running"), 200, {{"c2", "fails"}}) == Health::State::good);
  CHECK(health(record(), container("exited", 0)) == Health::State::waiting);
  CHECK(health(record("OnFailure", true), container("exited", 0)) == Health::State::good);
  CHECK(health(record("Never", true), container("exited", 1)) == Health::State::bad);
  CHECK(health(record("Never", true), container("running"), 101) == Health::State::good);
}

TEST_CASE("podman: a list of containers is read, and what is odd in it is passed over") {
  const auto containers = read_containers(R"([
    {"Id": "c1", "Names": ["web-0123456789-main"], "PodName": "web-0123456789", "State": "running",
     "Labels": {"dev.greenwave/object": "v1/Pod//web", "dev.greenwave/digest": "0123456789abcdef"},
     "ExitCode": 0, "Status": "healthy", "Image": "i:1", "ImageID": "ab", "StartedAt": 1795528327},
    {"Id": 5, "Names": null, "Labels": null}, 7])");
  REQUIRE(containers.size() == 1);
  CHECK(containers[0].object == "v1/Pod//web");
  CHECK(containers[0].started == 1795528327);
  CHECK_THROWS_WITH(read_containers("{}"), Contains("cannot be read"));
  CHECK_THROWS_WITH(read_containers("["), Contains("cannot be read"));
}

TEST_CASE("podman: what had ended before a power cut has ended, also where podman lists it as created") {
  const auto listed = [](const std::string& more) {
    return read_containers(R"([{"Id": "c1", "PodName": "web-0123456789", "State": "created",
        "Labels": {"dev.greenwave/object": "v1/Pod//web", "dev.greenwave/digest": "0123456789abcdef"},
        "ExitCode": 3)" + more +
                           "}]")
        .at(0);
  };
  CHECK(listed(R"(, "Exited": true)").has_failed());
  CHECK_FALSE(listed(R"(, "Exited": false)").has_ended());
  CHECK_FALSE(listed("").has_ended());
}

TEST_CASE("podman: labels that came with an image make no container ours") {
  const auto with_pod = [](const std::string& pod) {
    return read_containers(R"([{"Id": "c", "PodName": ")" + pod + R"(", "Labels": {
        "dev.greenwave/object": "v1/Pod//web", "dev.greenwave/digest": "0123456789abcdef"}}])")
        .size();
  };
  CHECK(with_pod("") == 0);
  CHECK(with_pod("debug") == 0);
  CHECK(with_pod("web-9876543210") == 0);
  CHECK(with_pod("web-0123456789-1") == 1);
}

TEST_CASE("podman view: what has run once is not missing, and what failed is not up") {
  Workload workload;
  KubePod kube_pod;
  kube_pod.pod = "web-1";
  CHECK(state_of(kube_pod, workload, {}, record()) == PodState::missing);
  workload.once = true;
  CHECK(state_of(kube_pod, workload, {}, record("OnFailure", true)) == PodState::up);
  CHECK(state_of(kube_pod, workload, {}, {}) == PodState::missing);
  CHECK(is_up(container("exited", 0), "OnFailure"));
  CHECK_FALSE(is_up(container("exited", 137), "OnFailure"));
  CHECK(is_up(container("exited", 137), "Never"));
  CHECK_FALSE(is_up(container("exited", 0), "Always"));
}

TEST_CASE("podman: a record survives its way through the state file") {
  auto known = record("OnFailure", true);
  known.pulled = {"sha"};
  const auto read = pod_record_from(to_json(known));
  CHECK(read.pods.front().containers == known.pods.front().containers);
  CHECK(read.restart == "OnFailure");
  CHECK(read.once);
  CHECK(read.pulled == known.pulled);
  CHECK(pod_record_from("").pods.empty());
  CHECK_THROWS_AS(pod_record_from("{}"), Error);
}

TEST_CASE("podman images: an archive is found by the image's name") {
  CHECK(archive_of("ghcr.io/city/spat:1.2") == "ghcr.io_city_spat_1.2.tar");
  CHECK(archive_of("localhost:5000/a@sha256:0f") == "localhost_5000_a_sha256_0f.tar");
}

TEST_CASE("podman images: credentials are those of the longest place that leads to the image") {
  const std::string file = R"({"auths": {"ghcr.io": {"auth": "YTpi"}, "ghcr.io/city": {"auth": "Yzpk"}}})";
  CHECK(registry_auth(file, "ghcr.io/other/x:1") == "eyJwYXNzd29yZCI6ImIiLCJ1c2VybmFtZSI6ImEifQ==");
  CHECK(registry_auth(file, "ghcr.io/city/x:1") == "eyJwYXNzd29yZCI6ImQiLCJ1c2VybmFtZSI6ImMifQ==");
  CHECK(registry_auth(file, "ghcr.io.evil.example/x:1").empty());
  CHECK(registry_auth(file, "quay.io/x:1").empty());
  CHECK_THROWS_WITH(registry_auth("{", "ghcr.io/x"), Contains("cannot be read"));
  CHECK_THROWS_WITH(registry_auth(R"({"auths": {"ghcr.io": {"auth": "!"}}})", "ghcr.io/x"),
                    Contains("cannot be read") && !Contains("!"));
}

TEST_CASE("podman log: frames become lines, also where they are cut") {
  using namespace std::string_literals;
  CHECK(read_log("\1\0\0\0\0\0\0\6hello\n\2\0\0\0\0\0\0\3\x1b[m"s) ==
        std::vector<std::string>{"hello", "\xef\xbf\xbd[m"});
  CHECK(read_log("\1\0\0\0\xff\xff\xff\xffhel"s) == std::vector<std::string>{"hel"});
  CHECK(read_log("\1\0\0"s).empty());
}

TEST_CASE("podman crashes: who is found freshly started twice is stopped for a while, ever longer") {
  CrashWatch watch;
  auto one = container("running");
  const auto look = [&](std::int64_t started, std::int64_t now) {
    one.started = started;
    watch.look({one}, now);
    return watch.loops("web-1");
  };
  CHECK_FALSE(look(98, 100));
  CHECK_FALSE(look(98, 101));
  CHECK(look(158, 160));
  watch.hold("web-1", 160);
  CHECK(watch.pause("web-1") == 30);
  CHECK(watch.is_held("web-1", 189));
  CHECK_FALSE(watch.is_held("web-1", 190));
  one.state = "exited";
  CHECK_FALSE(look(158, 170));
  one.state = "running";
  CHECK_FALSE(look(199, 200));
  CHECK(look(259, 260));
  for (const std::int64_t pause : {60, 120, 240, 300, 300}) {
    watch.hold("web-1", 260);
    CHECK(watch.pause("web-1") == pause);
  }
  CHECK_FALSE(look(1000, 1010));
  CHECK(watch.pause("web-1") == 0);
}

TEST_CASE("podman crashes: who ends before each look loops as well") {
  CrashWatch watch;
  auto one = container("exited", 1);
  one.started = 98;
  watch.look({one}, 100);
  CHECK_FALSE(watch.loops("web-1"));
  one.started = 109;
  watch.look({one}, 110);
  CHECK(watch.loops("web-1"));
}

TEST_CASE("podman crashes: a start by the agent itself is not a crash") {
  CrashWatch watch;
  auto one = container("running");
  one.started = 98;
  watch.look({one}, 100);
  watch.excuse("web-1");
  one.started = 109;
  watch.look({one}, 110);
  CHECK_FALSE(watch.loops("web-1"));
}
