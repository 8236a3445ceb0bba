#include "drivers/workload/lifecycle.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "drivers/podman/limits.h"
#include "support/problem_text.h"
#include "unit/drivers/podman_fixture.h"

using namespace greenwave;
using namespace greenwave::drivers;
using namespace greenwave::drivers::workload;
using Catch::Matchers::Contains;
using namespace std::chrono_literals;

namespace {

using Json = nlohmann::ordered_json;

std::string problems_of(const std::string& spec) {
  const auto manifest =
      test::kube_manifest("apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n" + spec);
  Problems problems;
  podman::read_runnable(manifest, test::podman_rules, problems);
  return test::text_of(problems);
}

std::string with_container(const std::string& more) {
  return problems_of("  containers: [{name: a, image: i, ports: [{name: web, containerPort: 80}], " + more +
                     "}]\n");
}

Workload::Exchange exchange_of(const std::string& kind, const std::string& spec,
                               const std::string& pod = "") {
  const auto manifest =
      test::kube_manifest("apiVersion: apps/v1\nkind: " + kind + "\nmetadata: {name: web}\nspec:\n" + spec +
                          "  template: {spec: {containers: [{name: a, image: i}]" + pod + "}}\n");
  Problems problems;
  return podman::read_runnable(manifest, test::podman_rules, problems).exchange;
}

}  // namespace

TEST_CASE("lifecycle: a grace period is a number of seconds") {
  const std::string rest = "  containers: [{name: a, image: i}]\n";
  CHECK(problems_of("  terminationGracePeriodSeconds: 0\n" + rest).empty());
  CHECK(problems_of("  terminationGracePeriodSeconds: 3600\n" + rest).empty());
  for (const auto* wrong : {"-1", "1.5", "1m", "100000"}) {
    CHECK_THAT(
        problems_of(std::string("  terminationGracePeriodSeconds: ") + wrong + "\n" + rest),
        Contains("pod.yaml:5:34: error: spec.terminationGracePeriodSeconds: not a whole number of seconds"));
  }
}

TEST_CASE("lifecycle: what podman cannot do at a container's start or end is refused at its place") {
  CHECK_THAT(with_container("lifecycle: {postStart: {exec: {command: [/bin/true]}}}"),
             Contains("spec.containers[0].lifecycle.postStart: podman restarts a container by itself"));
  CHECK_THAT(with_container("lifecycle: {stopSignal: SIGINT}"),
             Contains("lifecycle.stopSignal: podman takes the signal"));
  CHECK_THAT(with_container("lifecycle: {preStop: {}}"),
             Contains("a hook needs one of exec, httpGet and sleep"));
  CHECK_THAT(with_container("lifecycle: {preStop: {tcpSocket: {port: 80}}}"),
             Contains("a hook needs one of"));
  CHECK_THAT(with_container("lifecycle: {preStop: {exec: {command: /bin/true}}}"),
             Contains("is not a list of words"));
  CHECK_THAT(with_container("lifecycle: {preStop: {httpGet: {port: other}}}"),
             Contains("none of the container's ports"));
  CHECK_THAT(with_container("lifecycle: {preStop: {sleep: {seconds: -1}}}"),
             Contains("not a whole number of seconds"));
  CHECK_THAT(with_container("restartPolicy: Always"),
             Contains("spec.containers[0].restartPolicy: only the pod has a restartPolicy"));
  CHECK_THAT(problems_of("  containers: [{name: a, image: i}]\n  initContainers: [{name: b, image: i, "
                         "restartPolicy: Never}]\n"),
             Contains("spec.initContainers[0].restartPolicy: an init container has no such restartPolicy"));
  CHECK(problems_of("  containers: [{name: a, image: i}]\n  initContainers: [{name: b, image: i, "
                    "restartPolicy: Always}]\n")
            .empty());
  for (const auto* hook :
       {"exec: {command: [/bin/true]}", "httpGet: {port: web, path: /end}", "sleep: {seconds: 5}"})
    CHECK(with_container(std::string("lifecycle: {preStop: {") + hook + "}}").empty());
}

TEST_CASE("lifecycle: a hook is kept as its label has it") {
  const auto kept = [](const char* container) {
    auto json = Json::parse(container);
    const auto hook = take_stop_hook(json, false);
    CHECK_FALSE(json.contains("lifecycle"));
    return stop_hook_from(Json{{"a", hook}}.dump(), "a");
  };
  const auto command = kept(R"({"lifecycle": {"preStop": {"exec": {"command": ["/bin/end", "now"]}}}})");
  REQUIRE(command);
  CHECK(command->ask->command == std::vector<std::string>{"/bin/end", "now"});
  const auto get = kept(R"({"ports": [{"name": "web", "containerPort": 8080}],
                            "lifecycle": {"preStop": {"httpGet": {"port": "web", "path": "/end"}}}})");
  REQUIRE(get);
  CHECK(get->ask->port == 8080);
  CHECK(get->ask->path == "/end");
  const auto sleep = kept(R"({"lifecycle": {"preStop": {"sleep": {"seconds": 7}}}})");
  REQUIRE(sleep);
  CHECK(sleep->sleep == 7s);
  CHECK_FALSE(kept(R"({"lifecycle": {}})"));
  for (const auto* label : {"", "x", "[]", R"({"a": 5})", R"({"a": {"sleep": {"seconds": "x"}}})",
                            R"({"b": {"sleep": {"seconds": 1}}})"})
    CHECK_FALSE(stop_hook_from(label, "a"));
}

TEST_CASE("lifecycle: pods make way for each other as their kind's controller has it on one node") {
  using Exchange = Workload::Exchange;
  CHECK(exchange_of("Deployment", "") == Exchange::new_first);
  CHECK(exchange_of("Deployment", "  strategy: {type: Recreate}\n") == Exchange::old_first);
  CHECK(exchange_of("Deployment", "  strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}\n") ==
        Exchange::one_by_one);
  CHECK(exchange_of("Deployment", "  strategy: {rollingUpdate: {maxSurge: 0%}}\n") == Exchange::one_by_one);
  CHECK(exchange_of("Deployment", "  strategy: {rollingUpdate: {maxSurge: 50%}}\n") == Exchange::new_first);
  CHECK(exchange_of("DaemonSet", "") == Exchange::one_by_one);
  CHECK(exchange_of("Deployment", "", ", hostNetwork: true") == Exchange::old_first);
  CHECK(exchange_of("Deployment", "", ", volumes: [{name: v, persistentVolumeClaim: {claimName: v}}]") ==
        Exchange::old_first);
}
