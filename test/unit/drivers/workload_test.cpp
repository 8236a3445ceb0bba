#include "drivers/workload/workload.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "drivers/podman/limits.h"
#include "support/problem_text.h"
#include "unit/drivers/podman_fixture.h"

using namespace greenwave;
using namespace greenwave::drivers::podman;
using namespace greenwave::drivers::workload;
using Catch::Matchers::Contains;

namespace {

std::string problems_of(const std::string& text, const Rules& rules = test::podman_rules) {
  const auto manifest = test::kube_manifest(text);
  Problems problems;
  read_runnable(manifest, rules, problems);
  return test::text_of(problems);
}

std::string pod_with(const std::string& spec) {
  return "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers: [{name: a, image: i}]\n" +
         spec;
}

}  // namespace

TEST_CASE("podman: a pod's ConfigMaps and Secrets are found wherever it names them") {
  const auto manifest = test::kube_manifest(R"(apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  initContainers:
    - {name: i, image: x, envFrom: [{configMapRef: {name: init}}]}
  containers:
    - name: a
      image: x
      env:
        - {name: A, valueFrom: {secretKeyRef: {name: token, key: t, optional: true}}}
        - {name: B, valueFrom: {configMapKeyRef: {name: conf, key: k}}}
        - {name: C, value: c}
      volumeMounts: [{name: v, mountPath: /v}]
  volumes:
    - {name: v, secret: {secretName: keys}}
    - {name: w, configMap: {name: conf}}
)");
  Problems problems;
  const auto workload = read_runnable(manifest, test::podman_rules, problems);
  CHECK(problems.empty());
  CHECK(workload.restart == "Always");
  CHECK(workload.pods == 1);
  const std::vector<Need> needs{{"ConfigMap", "conf", false},
                                {"ConfigMap", "init", false},
                                {"Secret", "keys", false},
                                {"Secret", "token", true}};
  CHECK(workload.needs == needs);
}

TEST_CASE("podman: a Deployment's replicas run on this device, a Job runs once") {
  const auto deployment = test::kube_manifest(R"(apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: a, image: i}]}}
)");
  Problems problems;
  CHECK(read_runnable(deployment, test::podman_rules, problems).pods == 3);
  const auto job = test::kube_manifest(R"(apiVersion: batch/v1
kind: Job
metadata: {name: web}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: i}]}}}
)");
  const auto once = read_runnable(job, test::podman_rules, problems);
  CHECK(once.once);
  CHECK(once.restart == "Never");
  CHECK(problems.empty());
}

TEST_CASE("podman: a host's path must lie below what this device allows, in plain form") {
  const auto with = [](const std::string& path) {
    return problems_of(pod_with("  volumes: [{name: v, hostPath: {path: " + path + "}}]\n"));
  };
  CHECK(with("/srv/maps").empty());
  CHECK(with("/srv").empty());
  CHECK_THAT(with("/srvice"), Contains("pod.yaml:6:") && Contains("/srvice is not allowed"));
  CHECK_THAT(with("/srv/../etc"), Contains("not allowed"));
  CHECK_THAT(with("srv"), Contains("not allowed"));
  CHECK_THAT(with("/srv//x"), Contains("not allowed"));
  CHECK_THAT(problems_of(pod_with("  volumes: [{name: v, hostPath: {path: /}}]\n"), {{"/"}, false}),
             Contains("shows a container what is podman's own"));
  CHECK(problems_of(pod_with("  volumes: [{name: v, hostPath: {path: /}}]\n"), {{"/"}, true}).empty());
}

TEST_CASE("podman: what gives a container the host is allowed by the configuration alone") {
  const auto mighty = pod_with("  hostPID: true\n  hostNetwork: true\n");
  CHECK_THAT(problems_of(mighty), Contains("spec.hostPID") && Contains("spec.hostNetwork") &&
                                      Contains("Host Namespaces") && Contains("allowPrivileged"));
  CHECK(problems_of(mighty, {{"/"}, true}).empty());
}

TEST_CASE("podman: what podman would leave out without a word is refused, with its place") {
  CHECK_THAT(problems_of(pod_with("  volumes: [{name: v, nfs: {server: a, path: /b}}]\n")),
             Contains("pod.yaml:6:") && Contains("write configMap, secret"));
  CHECK(
      problems_of(pod_with("  volumes: [{name: v, projected: {sources: [{secret: {name: s}}]}}]\n")).empty());
  CHECK_THAT(problems_of(pod_with(
                 "  volumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: t}}]}}]\n")),
             Contains("pod.yaml:6:") && Contains("there is no API server here"));
  CHECK_THAT(problems_of(pod_with("  volumes: [{name: v, projected: {}}]\n")), Contains("list of sources"));
  const std::string head =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  volumes: "
      "[{name: v, emptyDir: {}}]\n  containers:\n    - {name: a, image: i, volumeMounts: [";
  CHECK_THAT(problems_of(head + "{name: w, mountPath: /v}]}\n"),
             Contains("a volume that the pod does not have"));
  CHECK_THAT(problems_of("apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {}\n"),
             Contains("no containers"));
  CHECK_THAT(
      problems_of("apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: a}]}\n"),
      Contains("has no image"));
  CHECK_THAT(problems_of("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {}\n"),
             Contains("its spec has no template"));
  CHECK_THAT(problems_of("apiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\nspec: {parallelism: 0, "
                         "template: {spec: {containers: [{name: a, image: i}]}}}\n"),
             Contains("parallelism"));
}

TEST_CASE("podman: a probe that cannot be asked is refused, with its place") {
  const auto with = [](const std::string& probe) {
    return problems_of(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n    - name: a\n      image: "
        "i\n"
        "      ports: [{name: http, containerPort: 80}]\n      " +
        probe + "\n");
  };
  CHECK(with("livenessProbe: {httpGet: {path: /, port: http}, periodSeconds: 1}").empty());
  CHECK(with("readinessProbe: {tcpSocket: {port: 80}, successThreshold: 2}").empty());
  CHECK(with("readinessProbe: {grpc: {port: 80, service: spat}}").empty());
  CHECK_THAT(with("readinessProbe: {grpc: {port: http}}"),
             Contains("pod.yaml:9:") && Contains("from 1 to 65535"));
  CHECK_THAT(with("livenessProbe: {periodSeconds: 5}"), Contains("pod.yaml:9:") && Contains("one of exec"));
  CHECK_THAT(with("livenessProbe: {exec: {command: [a]}, tcpSocket: {port: 80}}"), Contains("one of exec"));
  CHECK_THAT(with("livenessProbe: {exec: {command: a}}"), Contains("list of words"));
  CHECK_THAT(with("livenessProbe: {exec: {command: []}}"), Contains("list of words"));
  CHECK_THAT(with("livenessProbe: {httpGet: {path: /}}"), Contains("has no port"));
  CHECK_THAT(with("livenessProbe: {httpGet: {port: web}}"), Contains("none of the container's ports"));
  CHECK_THAT(with("livenessProbe: {tcpSocket: {port: 70000}}"), Contains("none of the container's ports"));
  CHECK(with("readinessProbe: {httpGet: {port: 80, scheme: HTTPS}}").empty());
  CHECK_THAT(with("readinessProbe: {httpGet: {port: 80, scheme: FTP}}"), Contains("no such scheme"));
  CHECK_THAT(with("livenessProbe: {tcpSocket: {port: 80}, successThreshold: 2}"), Contains("from 1 to 1"));
  CHECK_THAT(with("livenessProbe: {tcpSocket: {port: 80}, periodSeconds: 0}"), Contains("periodSeconds"));
}

TEST_CASE("podman: a field that only podman would know by its name is refused") {
  for (const auto* spelling : {"SecurityContext: {Privileged: true}", "securitycontext: {privileged: true}",
                               "securityContext: {PRIVILEGED: true}",
                               "\"\u017fecurityContext\": {privileged: true}", "VolumeMounts: []"}) {
    const auto text = fmt::format(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec:\n  containers:\n    - name: a\n      "
        "image: i\n      {}\n",
        spelling);
    INFO(text);
    CHECK_THAT(problems_of(text), Contains(": there is no field"));
  }
  CHECK_THAT(problems_of(pod_with("  Containers: []\n")), Contains("write containers"));
  CHECK_THAT(problems_of(pod_with("  volumes: [{name: h, emptyDir: {}, HostPath: {path: /}}]\n")),
             Contains("write hostPath"));
  CHECK_THAT(problems_of(pod_with("  volumes: [{name: h, emptyDir: {}, hostPath: {path: /srv}}]\n")),
             Contains("of more than one kind"));
  CHECK(problems_of(pod_with("  nodeSelector: {Name: a, image: b}\n  volumes: null\n")) == "");
}

TEST_CASE("podman: ports of the device are claimed") {
  const auto manifest = test::kube_manifest(pod_with(""));
  const auto with_ports = test::kube_manifest(
      "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n    - name: a\n      image: "
      "i\n"
      "      ports: [{containerPort: 80, hostPort: 8080}, {containerPort: 53, hostPort: 53, protocol: UDP, "
      "hostIP: "
      "127.0.0.1}, {containerPort: 9}]\n");
  Problems problems;
  CHECK(port_claims(read_runnable(manifest, test::podman_rules, problems)).empty());
  CHECK(port_claims(read_runnable(with_ports, test::podman_rules, problems)) ==
        std::vector<std::string>{"port:tcp:8080", "port:udp:127.0.0.1:53"});
}

TEST_CASE("podman: pods of one object cannot all have a port of the device") {
  const auto deployment = [](int replicas, const std::string& port) {
    return fmt::format(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  replicas: {}\n  selector: "
        "{{matchLabels: {{a: b}}}}\n  template:\n    metadata: {{labels: {{a: b}}}}\n    spec: {{containers: "
        "[{{name: a, image: i, ports: [{}]}}]}}\n",
        replicas, port);
  };
  CHECK_THAT(problems_of(deployment(3, "{containerPort: 80, hostPort: 8080}")),
             Contains("3 pods cannot all have port 8080") && Contains("set replicas to 1"));
  CHECK(problems_of(deployment(3, "{containerPort: 80}")) == "");
  CHECK(problems_of(deployment(3, "{containerPort: 80, hostPort: 0}")) == "");
  CHECK(problems_of(deployment(1, "{containerPort: 80, hostPort: 8080}")) == "");
  CHECK(problems_of(deployment(0, "{containerPort: 80, hostPort: 8080}")) == "");
}
