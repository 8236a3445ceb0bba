#include "drivers/podman/play_kube.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "drivers/workload/probe.h"
#include "unit/drivers/podman_fixture.h"

using namespace greenwave;
using namespace greenwave::drivers::podman;
using namespace greenwave::drivers::workload;
using Catch::Matchers::Contains;

namespace {

using Json = nlohmann::json;

using test::PodRender;

Json pod_in(const KubePod& kube_pod) {
  return Json::parse(kube_pod.text);
}

const std::string web = R"(apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  containers:
    - name: main
      image: ghcr.io/city/spat:1.2
      envFrom: [{prefix: P_, configMapRef: {name: conf}}]
      env:
        - {name: WORD, valueFrom: {secretKeyRef: {name: keys, key: word}}}
        - {name: PLAIN, value: "1"}
      volumeMounts: [{name: k, mountPath: /k}, {name: e, mountPath: /e}]
  volumes:
    - {name: k, secret: {secretName: keys, items: [{key: raw, path: key.bin}]}}
    - {name: e, emptyDir: {}}
)";
const std::string conf = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {port: '80'}\n";
const std::string keys =
    "apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\ndata: {raw: AP8=}\nstringData: {word: sesame}\n";

}  // namespace

TEST_CASE("play kube: variables and volumes are the pod's own") {
  const auto kube_pods = PodRender({web, conf, keys}).kube_pods();
  REQUIRE(kube_pods.size() == 1);
  const auto& kube_pod = kube_pods.front();
  const auto pod = pod_in(kube_pod);
  CHECK(pod["metadata"]["name"] == kube_pod.pod);
  CHECK(pod["metadata"]["labels"]["app"] == "web");
  CHECK(pod["metadata"]["labels"]["dev.greenwave/object"] == "v1/Pod//web");
  CHECK(pod["spec"]["hostname"] == "web");
  const auto& container = pod["spec"]["containers"][0];
  CHECK(container["env"] == Json::parse(R"([{"name":"PLAIN","value":"1"},{"name":"P_port","value":"80"},
                                           {"name":"WORD","value":"sesame"}])"));
  CHECK_FALSE(container.contains("envFrom"));
  CHECK(container["imagePullPolicy"] == "Never");
  const auto place = "/var/lib/greenwave/pods/" + kube_pod.pod;
  CHECK(pod["spec"]["volumes"] == Json::array({{{"name", "e"}, {"hostPath", {{"path", place + "/e"}}}},
                                               {{"name", "k"}, {"hostPath", {{"path", place + "/k"}}}}}));
  REQUIRE(kube_pod.provision.own.size() == 2);
  CHECK(kube_pod.provision.own[0].files == std::vector<VolumeFile>{{"key.bin", {"\0\xff", 2}, 0644}});
  CHECK(kube_pod.provision.own[1].writable);
  CHECK(kube_pod.host_paths.empty());
  CHECK(kube_pod.containers == std::vector<std::string>{kube_pod.pod + "-main"});
  CHECK(kube_pod.images == std::vector<Image>{{"ghcr.io/city/spat:1.2", Image::Pull::missing}});
}

TEST_CASE("play kube: a pod has another name when, and only when, something that it is made from changes") {
  const auto name = [](const std::string& pod, const std::string& map, const std::string& secret) {
    return PodRender({pod, map, secret}).kube_pods().front().pod;
  };
  const auto changed = [](std::string text, const std::string& from, const std::string& to) {
    return text.replace(text.find(from), from.size(), to);
  };
  const auto before = name(web, conf, keys);
  CHECK(name(web, conf, keys) == before);
  CHECK(name(web, changed(conf, "name: conf", "name: conf, labels: {a: b}"), keys) == before);
  CHECK(name(web, changed(conf, "'80'", "'81'"), keys) != before);
  CHECK(name(web, conf, changed(keys, "sesame", "simsim")) != before);
  CHECK(name(changed(web, "1.2", "1.3"), conf, keys) != before);
  CHECK_THAT(before, Catch::Matchers::Matches("web-[0-9a-f]{10}"));
}

TEST_CASE("play kube: more replicas leave the first ones as they are") {
  const auto deployment = [](int replicas) {
    return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: " +
           std::to_string(replicas) +
           "\n  selector: {matchLabels: {app: web}}\n  template: {metadata: {labels: {app: web}}, spec: "
           "{containers: [{name: a, image: i}]}}\n";
  };
  const auto two = PodRender({deployment(2)}).kube_pods();
  const auto three = PodRender({deployment(3)}).kube_pods();
  REQUIRE(two.size() == 2);
  REQUIRE(three.size() == 3);
  CHECK(two[1].pod == three[1].pod);
  CHECK(three[2].pod.ends_with("-2"));
}

TEST_CASE("play kube: when an image is pulled is what Kubernetes says") {
  const auto pull = [](const std::string& image) {
    return PodRender(
               {"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: " +
                image + "}]}\n"})
        .kube_pods()
        .front()
        .images.front()
        .pull;
  };
  CHECK(pull("\"localhost:5000/a\"") == Image::Pull::always);
  CHECK(pull("\"a:latest\"") == Image::Pull::always);
  CHECK(pull("\"a:1\"") == Image::Pull::missing);
  CHECK(pull("\"a:1\", imagePullPolicy: Always") == Image::Pull::always);
  CHECK(pull("\"a:1\", imagePullPolicy: Never") == Image::Pull::never);
  CHECK(pull("\"a@sha256:00\", imagePullPolicy: Always") == Image::Pull::missing);
}

TEST_CASE("play kube: what is missing is named, unless it may be missing") {
  CHECK_THROWS_WITH(PodRender({web, conf}).kube_pods(), Contains("declares Secret/keys"));
  auto no_word = keys;
  no_word.replace(no_word.find("word"), 4, "ward");
  CHECK_THROWS_WITH(PodRender({web, conf, no_word}).kube_pods(), Contains("Secret/keys has no key word"));
  const std::string lenient = R"(apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: main
      image: i
      envFrom: [{configMapRef: {name: conf, optional: true}}]
      env: [{name: A, valueFrom: {secretKeyRef: {name: keys, key: word, optional: true}}}]
      volumeMounts: [{name: k, mountPath: /k}]
  volumes: [{name: k, configMap: {name: conf, optional: true}}]
)";
  const auto kube_pod = PodRender({lenient}).kube_pod();
  CHECK(kube_pod.provision.own[0].files.empty());
  CHECK(pod_in(kube_pod)["spec"]["containers"][0]["env"].empty());
}

TEST_CASE("play kube: only a port with a hostPort is published") {
  const auto with = [](const std::string& ports) {
    return "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n"
           "  initContainers: [{name: first, image: i, ports: [{containerPort: 81}]}]\n"
           "  containers: [{name: main, image: i" +
           ports + "}]\n";
  };
  const auto pod =
      pod_in(PodRender({with(", ports: [{name: http, containerPort: 8080}, {containerPort: 80, "
                             "hostPort: 8081}, {containerPort: 82, hostPort: 0}, {containerPort: "
                             "83, hostPort: null}, {containerPort: 84, hostIP: 127.0.0.1}]")})
                 .kube_pod());
  CHECK(pod["spec"]["containers"][0]["ports"] ==
        Json::array({{{"containerPort", 80}, {"hostPort", 8081}, {"protocol", "TCP"}}}));
}

TEST_CASE("play kube: init containers are not podman's to start") {
  const auto kube_pod =
      PodRender({"apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n"
                 "  terminationGracePeriodSeconds: 70\n"
                 "  initContainers: [{name: first, image: i, command: [/a]}, "
                 "{name: side, image: i, restartPolicy: Always}]\n"
                 "  containers: [{name: main, image: i, lifecycle: {preStop: {sleep: {seconds: 3}}}}]\n"})
          .kube_pod();
  const auto pod = pod_in(kube_pod);
  CHECK_FALSE(pod["spec"].contains("initContainers"));
  CHECK(pod["spec"]["restartPolicy"] == "OnFailure");
  CHECK_FALSE(pod["spec"]["containers"][0].contains("lifecycle"));
  CHECK(pod["metadata"]["labels"]["dev.greenwave/grace"] == "70");
  CHECK(pod["metadata"]["labels"]["dev.greenwave/stop"] == R"({"main":{"sleep":{"seconds":3}}})");
  REQUIRE(kube_pod.starters.size() == 2);
  CHECK(kube_pod.starters[0].name == kube_pod.pod + "-first");
  const auto first = Json::parse(kube_pod.starters[0].body);
  CHECK(first["entrypoint"] == Json::array({"/a"}));
  CHECK(first["restart_policy"] == "no");
  CHECK(first["labels"]["dev.greenwave/init"] == "0");
  CHECK(first["labels"]["dev.greenwave/restart"] == "Always");
  const auto side = Json::parse(kube_pod.starters[1].body);
  CHECK(side["restart_policy"] == "always");
  CHECK(side["labels"]["dev.greenwave/sidecar"] == "1");
  CHECK(kube_pod.containers == std::vector<std::string>{kube_pod.pod + "-main"});
}

TEST_CASE("play kube: an init container gets what podman would have made of its sheet") {
  const auto kube_pod =
      PodRender({"apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n"
                 "  securityContext: {runAsUser: 7, fsGroup: 9}\n"
                 "  initContainers:\n"
                 "    - name: first\n      image: i\n      args: [$(A)]\n      env: [{name: A, value: b}]\n"
                 "      resources: {limits: {cpu: 500m, memory: 8Mi}}\n"
                 "      securityContext: {runAsGroup: 8, readOnlyRootFilesystem: true}\n"
                 "      volumeMounts: [{name: m, mountPath: /m}, {name: c, mountPath: /c, readOnly: true}, "
                 "{name: e, mountPath: /e}]\n"
                 "  containers: [{name: main, image: i}]\n"
                 "  volumes: [{name: m, emptyDir: {medium: Memory}}, {name: e, emptyDir: {}}, "
                 "{name: c, persistentVolumeClaim: {claimName: data}}]\n"})
          .kube_pod();
  REQUIRE(kube_pod.starters.size() == 1);
  const auto body = Json::parse(kube_pod.starters.front().body);
  CHECK(body["command"] == Json::array({"b"}));
  CHECK(body["env"] == Json{{"A", "b"}});
  CHECK(body["user"] == "7:8");
  CHECK(body["groups"] == Json::array({"9"}));
  CHECK(body["read_only_filesystem"] == true);
  CHECK(body["resource_limits"] == Json::parse(R"({"cpu": {"quota": 50000, "period": 100000},
                                                   "memory": {"limit": 8388608}})"));
  CHECK(body["volumes"] ==
        Json::array({{{"Name", kube_pod.pod + "-m"}, {"Dest", "/m"}, {"Options", {"nocopy"}}},
                     {{"Name", "data"}, {"Dest", "/c"}, {"Options", {"nocopy", "ro"}}}}));
  CHECK(body["mounts"] == Json::array({{{"destination", "/e"},
                                        {"type", "bind"},
                                        {"source", "/var/lib/greenwave/pods/" + kube_pod.pod + "/e"},
                                        {"options", Json::array()}}}));
}

TEST_CASE("play kube: each pod of an Indexed Job knows its number") {
  const auto kube_pods =
      PodRender({"apiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\nspec:\n"
                 "  completions: 2\n  completionMode: Indexed\n  template: {spec: {containers: "
                 "[{name: main, image: i, args: [part-$(JOB_COMPLETION_INDEX)]}]}}\n"})
          .kube_pods();
  REQUIRE(kube_pods.size() == 2);
  const auto second = pod_in(kube_pods[1])["spec"];
  CHECK(second["containers"][0]["args"] == Json::array({"part-1"}));
  CHECK(second["hostname"] == "j-1");
  CHECK(second["restartPolicy"] == "Never");
}

TEST_CASE("play kube: probes are in the pod's label, and not in what podman reads") {
  const std::string probed = R"(apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  hostNetwork: true
  containers:
    - name: main
      image: i
      ports: [{name: http, containerPort: 8080}]
      livenessProbe: {exec: {command: [/bin/test, a b]}, periodSeconds: 5}
      readinessProbe: {httpGet: {path: /ready, port: http}}
)";
  auto rules = test::podman_rules;
  rules.allow_host_network = true;
  const auto pod = pod_in(PodRender({probed}).kube_pods(rules).front());
  CHECK_FALSE(pod["spec"]["containers"][0].contains("livenessProbe"));
  CHECK_FALSE(pod["spec"]["containers"][0].contains("readinessProbe"));
  const auto probes =
      probes_from(pod["metadata"]["labels"]["dev.greenwave/probes"].get<std::string>(), "main");
  CHECK(probes.liveness->command == std::vector<std::string>{"/bin/test", "a b"});
  CHECK(probes.liveness->period == std::chrono::seconds(5));
  CHECK(probes.readiness->port == 8080);
  CHECK(probes.readiness->host == "127.0.0.1");
  CHECK(probes.readiness->path == "/ready");
  CHECK_FALSE(probes.startup);
  CHECK(pod_in(PodRender({web, conf, keys}).kube_pod())["metadata"]["labels"]["dev.greenwave/probes"] ==
        "{}");
}

TEST_CASE(
    "play kube: a projected volume holds what its ConfigMaps and Secrets do, the later over the earlier") {
  const std::string projected = R"(apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers: [{name: main, image: i, volumeMounts: [{name: all, mountPath: /all}]}]
  volumes:
    - name: all
      projected:
        sources:
          - configMap: {name: conf}
          - secret: {name: keys, items: [{key: word, path: port}, {key: raw, path: key.bin}]}
          - configMap: {name: none, optional: true}
)";
  const auto kube_pod = PodRender({projected, conf, keys}).kube_pod();
  REQUIRE(kube_pod.provision.own.size() == 1);
  CHECK(kube_pod.provision.own[0].files ==
        std::vector<VolumeFile>{{"key.bin", {"\0\xff", 2}, 0644}, {"port", "sesame", 0644}});
  const auto changed = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {port: '81'}\n";
  CHECK(PodRender({projected, changed, keys}).kube_pods().front().pod != kube_pod.pod);
}

TEST_CASE(
    "podman: of a pod's annotations, podman gets those that were checked; variables get the others too") {
  const PodRender render({R"(apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations:
    city.example/contact: signals@city.example
    container.seccomp.security.alpha.kubernetes.io/main: runtime/default
spec:
  containers:
    - name: main
      image: i
      env:
        - {name: WHO, valueFrom: {fieldRef: {fieldPath: "metadata.annotations['city.example/contact']"}}}
        - {name: NOBODY, valueFrom: {fieldRef: {fieldPath: "metadata.annotations['city.example/none']"}}}
        - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
)"});
  const auto kube_pod = render.kube_pod();
  const auto pod = pod_in(kube_pod);
  CHECK(pod["metadata"]["annotations"] ==
        Json{{"container.seccomp.security.alpha.kubernetes.io/main", "runtime/default"}});
  const auto& variables = pod["spec"]["containers"][0]["env"];
  CHECK(variables == Json::parse(R"([{"name": "NOBODY", "value": ""}, {"name": "POD", "value": "web"},
                                     {"name": "WHO", "value": "signals@city.example"}])"));
}
