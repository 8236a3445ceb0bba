// What the Kubernetes driver works out by itself; what it does with a server is in
// integration/kubernetes_test.py.
#include <catch2/catch.hpp>
#include <git2.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "drivers/kubernetes/answer.h"
#include "drivers/kubernetes/body.h"
#include "drivers/kubernetes/comparison.h"
#include "drivers/kubernetes/discovery.h"
#include "drivers/kubernetes/handover.h"
#include "drivers/kubernetes/health.h"
#include "drivers/kubernetes/kind.h"
#include "drivers/kubernetes/kubeconfig.h"
#include "drivers/kubernetes/record.h"
#include "drivers/kubernetes/refusal.h"
#include "drivers/kubernetes/scope.h"
#include "drivers/kubernetes/seen.h"
#include "yaml/load.h"

using namespace greenwave;
using namespace greenwave::drivers::kubernetes;
using drivers::Health;
using nlohmann::json;

namespace {

Manifest manifest_of(const std::string& text) {
  Problems problems;
  auto document = yaml::load(text, "web.yaml", problems);
  REQUIRE(document);
  REQUIRE_FALSE(problems.has_errors());
  Manifest manifest;
  manifest.document = std::move(*document);
  manifest.id.api_version = *manifest.document.find("apiVersion")->string();
  manifest.id.kind = *manifest.document.find("kind")->string();
  manifest.id.name = *manifest.document.at({"metadata", "name"})->string();
  seal(manifest, "key");
  return manifest;
}

const char* const deployment = R"(
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  annotations: {greenwave.dev/force: "true"}
spec:
  replicas: 2
  template:
    spec:
      containers:
      - name: web
        image: a
      - name: log
        ports:
        - {containerPort: 80}
)";

std::string error_of(const std::string& kubeconfig) {
  try {
    parse_kubeconfig(kubeconfig, "/etc/kube/config", "");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::string kubeconfig_with(const std::string& cluster, const std::string& user) {
  return "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u, namespace: traffic}}]\n"
         "clusters: [{name: k, cluster: {" +
         cluster + "}}]\nusers: [{name: u, user: {" + user + "}}]\n";
}

http::Response refusal(long status, const json& body) {
  http::Response response;
  response.status = status;
  response.body = body.dump();
  return response;
}

Health::State state_of(const char* text) {
  return judge(json::parse(text)).state;
}

}  // namespace

TEST_CASE("kubernetes: a kubeconfig gives the server and the user of its current context") {
  const auto found = parse_kubeconfig(
      kubeconfig_with(
          "server: 'https://10.0.0.1:6443/', certificate-authority-data: Y2E=, certificate-authority: ca.crt",
          "client-certificate: keys/a.crt, client-key: /keys/a.key, token: abc, tokenFile: token"),
      "/etc/kube/config", "");
  CHECK(found.server == "https://10.0.0.1:6443");
  CHECK(found.authorities == "ca");
  CHECK(found.authorities_file == "/etc/kube/ca.crt");
  CHECK(found.certificate_file == "/etc/kube/keys/a.crt");
  CHECK(found.key_file == "/keys/a.key");
  CHECK(found.token == "abc");
  CHECK(found.token_file == "/etc/kube/token");
  CHECK(found.namespace_ == "traffic");
}

TEST_CASE("kubernetes: what a kubeconfig wants and the agent does not do is refused with its place") {
  const std::string server = "server: 'https://k'";
  CHECK(
      error_of(kubeconfig_with(server, "exec: {command: aws}")).starts_with("/etc/kube/config:4:32: exec: "));
  CHECK(error_of(kubeconfig_with(server, "username: a, password: b")).find("password") != std::string::npos);
  CHECK(error_of(kubeconfig_with(server + ", insecure-skip-tls-verify: true", "token: a"))
            .find("always checked") != std::string::npos);
  CHECK(error_of(kubeconfig_with("server: 'http://k'", "token: a")).find("https://") != std::string::npos);
  CHECK(error_of(kubeconfig_with(server, "client-certificate: a.crt")).find("needs its key") !=
        std::string::npos);
  CHECK(error_of("contexts: []\n").find("no context is current") != std::string::npos);
  CHECK(error_of("current-context: other\n").find("no contexts") == std::string::npos);
}

TEST_CASE("kubernetes: an error about a kubeconfig repeats no token") {
  for (const auto* broken :
       {"users: [{name: u, user: {token: hidden-token", "token: hidden-token\n\ttab: x\n"}) {
    const auto said = error_of(broken);
    CHECK_FALSE(said.empty());
    CHECK(said.find("hidden-token") == std::string::npos);
  }
  const auto said = error_of(kubeconfig_with("server: 'https://k'", "client-key-data: hidden*key"));
  CHECK(said.find("is not base64") != std::string::npos);
  CHECK(said.find("hidden*key") == std::string::npos);
}

TEST_CASE("kubernetes: paths are those of the API, with names percent-encoded") {
  const Resource apps{"apps", "v1", "deployments", "Deployment", true};
  CHECK(object_path(apps, "north", "web") == "/apis/apps/v1/namespaces/north/deployments/web");
  CHECK(collection_path(apps, "") == "/apis/apps/v1/deployments");
  const Resource roles{"rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", false};
  CHECK(object_path(roles, "", "system:a/b") ==
        "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Aa%2Fb");
  CHECK(collection_path({"", "v1", "pods", "Pod", true}, "a") == "/api/v1/namespaces/a/pods");
}

TEST_CASE("kubernetes: both forms of discovery are read") {
  const auto aggregated =
      read_aggregated(R"({"kind":"APIGroupDiscoveryList","items":[{"metadata":{"name":"apps"},
    "versions":[{"version":"v1","resources":[{"resource":"deployments","scope":"Namespaced",
    "responseKind":{"group":"","version":"","kind":"Deployment"},"subresources":[{"subresource":"status"}]}]}]}]})");
  REQUIRE(aggregated);
  REQUIRE(aggregated->size() == 1);
  CHECK(aggregated->front() == Resource{"apps", "v1", "deployments", "Deployment", true});
  CHECK_FALSE(read_aggregated(R"({"kind":"APIGroupList","groups":[]})"));

  const auto classic = read_resource_list(R"({"kind":"APIResourceList","groupVersion":"v1","resources":[
    {"name":"nodes","namespaced":false,"kind":"Node"},{"name":"pods/log","namespaced":true,"kind":"Pod"}]})");
  REQUIRE(classic.size() == 1);
  CHECK(classic.front() == Resource{"", "v1", "nodes", "Node", false});
}

TEST_CASE("kubernetes: kinds are applied in the order in which they need each other") {
  const auto rank = [](const char* api, const char* kind) { return rank_of({api, kind, "", "a"}); };
  CHECK(rank("v1", "Namespace") < rank("apiextensions.k8s.io/v1", "CustomResourceDefinition"));
  CHECK(rank("apiextensions.k8s.io/v1", "CustomResourceDefinition") <
        rank("rbac.authorization.k8s.io/v1", "ClusterRole"));
  CHECK(rank("rbac.authorization.k8s.io/v1", "ClusterRole") < rank("v1", "ConfigMap"));
  CHECK(rank("v1", "ConfigMap") < rank("signals.example/v1", "Plan"));
  CHECK(rank("signals.example/v1", "Plan") < rank("apps/v1", "Deployment"));
  CHECK(rank("apps/v1", "Deployment") <
        rank("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"));
}

TEST_CASE("kubernetes: what a server names is found in the manifest") {
  const auto manifest = manifest_of(deployment);
  CHECK(place_of(manifest, "spec.replicas").line == 8);
  CHECK(place_of(manifest, ".spec.template.spec.containers[0].image").line == 13);
  CHECK(place_of(manifest,
                 R"(.spec.template.spec.containers[name="log"].ports[containerPort=80,protocol="TCP"])")
            .line == 16);
  CHECK(place_of(manifest, "metadata.annotations[greenwave.dev/force]").line == 6);
  CHECK(place_of(manifest, "metadata.annotations.greenwave.dev/force").line == 6);
  CHECK(place_of(manifest, "spec.strategy.type").line == 7);
  CHECK(place_of(manifest, "").line == 2);
}

TEST_CASE("kubernetes: a conflict names managers and fields, a refusal the role that would allow it") {
  const auto manifest = manifest_of(deployment);
  const Resource resource{"apps", "v1", "deployments", "Deployment", true};
  const std::string where = "north";
  const std::string name = "web";
  const Asked asked{"patch", resource, where, name, &manifest};

  const auto conflict = explain(refusal(409, {{"kind", "Status"},
                                              {"reason", "Conflict"},
                                              {"details",
                                               {{"causes",
                                                 {{{"reason", "FieldManagerConflict"},
                                                   {"message", "conflict with \"hpa\" using autoscaling/v1"},
                                                   {"field", ".spec.replicas"}}}}}}}),
                                asked);
  CHECK(conflict.starts_with("web.yaml:8:3: \"hpa\" has set .spec.replicas"));

  const auto forbidden = explain(
      refusal(403, {{"kind", "Status"},
                    {"message",
                     "deployments.apps \"web\" is forbidden: User \"system:serviceaccount:a:b\" cannot "
                     "patch resource \"deployments\" in API group \"apps\" in the namespace \"north\""}}),
      asked);
  CHECK(forbidden.starts_with(
      "\"system:serviceaccount:a:b\" may not patch deployments in namespace north; grant it by a "
      "Role: {apiGroups: [\"apps\"], resources: [deployments]"));

  const auto immutable =
      refusal(422, {{"kind", "Status"},
                    {"message", "Deployment \"web\" is invalid: spec.selector: field is immutable"},
                    {"details", {{"causes", {{{"message", "field is immutable"}, {"field", "spec"}}}}}}});
  CHECK(explain(immutable, asked).find("greenwave.dev/recreate") != std::string::npos);
  const auto wrong =
      refusal(422, {{"kind", "Status"},
                    {"message", "Deployment \"immutable\" is invalid: spec.replicas: must not be negative"},
                    {"details", {{"causes", {{{"message", "must not be negative"}, {"field", "spec"}}}}}}});
  CHECK(explain(wrong, asked).find("greenwave.dev/recreate") == std::string::npos);
}

TEST_CASE("kubernetes: by its codes an answer says whether the same request may succeed later") {
  const auto answer = [](long status, const std::string& body = "{}") {
    http::Response response;
    response.status = status;
    response.body = body;
    return response;
  };
  for (const long status : {401, 408, 429, 500, 502, 503, 504}) CHECK(passes(fault_of(answer(status))));
  for (const long status : {400, 403, 404, 409, 413, 422}) CHECK_FALSE(passes(fault_of(answer(status))));
  CHECK(passes(fault_of(answer(409, R"({"kind":"Status","reason":"Conflict"})"))));
  CHECK(fault_of(answer(409, R"({"kind":"Status","reason":"Conflict","details":{"causes":[
      {"reason":"FieldManagerConflict","message":"conflict with \"hpa\"","field":".spec.replicas"}]}})")) ==
        Fault::conflict);
  CHECK(passes(fault_of(
      answer(403, R"({"kind":"Status","details":{"causes":[{"reason":"NamespaceTerminating"}]}})"))));
  CHECK_FALSE(passes(fault_of(answer(
      500,
      R"({"kind":"Status","message":"failed to create typed patch object: .spec.x: field not declared"})"))));
}

TEST_CASE("kubernetes: the server's words about a Secret are not repeated") {
  const auto manifest =
      manifest_of("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n  key: aGlkZGVu\n");
  const Resource resource{"", "v1", "secrets", "Secret", true};
  const std::string where = "north";
  const std::string name = "a";
  for (const long status : {400L, 403L, 422L, 409L, 500L, 418L}) {
    const auto said = explain(refusal(status, {{"kind", "Status"},
                                               {"message", "data.key: Invalid value: \"aGlkZGVu\""},
                                               {"details", {{"causes", {{{"field", "data.key"}}}}}}}),
                              {"patch", resource, where, name, &manifest});
    CHECK_FALSE(said.empty());
    CHECK(said.find("aGlkZGVu") == std::string::npos);
  }
}

TEST_CASE("kubernetes: a body is JSON that a reader of YAML takes for the same, with the device's label") {
  auto manifest = manifest_of(
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: x}\ndata: {k: "
      "\"a\\u2028b\\u0085\\x7f\"}\n");
  const auto body = apply_body(manifest, "web", "north", "sf-0042");
  CHECK(body.find("a\\u2028b\\u0085\\u007f") != std::string::npos);
  const auto read = json::parse(body);
  CHECK(read["metadata"]["namespace"] == "north");
  CHECK(read["metadata"]["labels"]["greenwave.dev/device"] == "sf-0042");
  CHECK_FALSE(json::parse(apply_body(manifest, "web", "", "a"))["metadata"].contains("namespace"));
  CHECK(label_value("sf-0042") == "sf-0042");
  CHECK(label_value("corridor/7").find('/') == std::string::npos);
  CHECK(label_value(std::string(80, 'a')).size() <= 63);
}

TEST_CASE("kubernetes: fields that others change or take show in the digest of those that are ours") {
  const auto with = [](const char* fields, const char* other) {
    return read_seen(json::parse(std::string(R"({"metadata":{"uid":"u","resourceVersion":"7","managedFields":[
      {"manager":"greenwave","operation":"Apply","fieldsV1":)") +
                                 fields + R"(},{"manager":")" + other +
                                 R"(","operation":"Update","time":"2026-01-01T00:00:00Z","fieldsV1":{}}]}})"),
                     "key");
  };
  const auto before = with(R"({"f:data":{"f:a":{}}})", "kubectl-edit");
  CHECK(before.fields == with(R"({"f:data":{"f:a":{}}})", "kubelet").fields);
  CHECK(before.fields != with("{}", "kubectl-edit").fields);
  CHECK(before.last_manager == "kubectl-edit");
  CHECK(read_seen(json::parse(R"({"metadata":{}})"), "key").fields.empty());
}

TEST_CASE("kubernetes: what the server keeps for itself is no difference") {
  git_libgit2_init();  // it compares texts
  const auto manifest = manifest_of("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
  const auto live = json::parse(
      R"({"kind":"ConfigMap","metadata":{"resourceVersion":"1","managedFields":[]},"data":{"k":"1"},
    "status":{"a":1}})");
  auto wanted = live;
  wanted["metadata"]["resourceVersion"] = "2";
  wanted.erase("status");
  CHECK(compare_objects(live, wanted, manifest).equal);
  wanted["data"]["k"] = "2";
  const auto found = compare_objects(live, wanted, manifest);
  CHECK_FALSE(found.equal);
  CHECK(found.was == "data.k: \"1\"\n");
  CHECK(found.diff.find("+  k: \"2\"") != std::string::npos);
}

TEST_CASE("kubernetes: an apply replaces pods where it changes what they are made from") {
  const ObjectId deployment{"apps/v1", "Deployment", "city", "web"};
  const auto of = [](int replicas, const std::string& image) {
    return json{{"spec", {{"replicas", replicas}, {"template", {{"spec", {{"image", image}}}}}}}};
  };
  CHECK_FALSE(replaces_pods(of(1, "a"), of(2, "a"), deployment));
  CHECK(replaces_pods(of(1, "a"), of(1, "b"), deployment));
  CHECK_FALSE(replaces_pods(json(), of(1, "b"), deployment));
  CHECK(replaces_pods({{"spec", "a"}}, {{"spec", "b"}}, {"v1", "Pod", "city", "web"}));
  CHECK_FALSE(replaces_pods(of(1, "a"), of(1, "b"), {"batch/v1", "CronJob", "city", "web"}));
}

TEST_CASE("kubernetes: the difference of a Secret names its keys alone") {
  const auto manifest = manifest_of("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n");
  const auto live = json::parse(R"({"kind":"Secret","data":{"k":"aGlkZGVu","same":"c2FtZQ=="}})");
  auto wanted = live;
  wanted["data"]["k"] = "b3RoZXI=";
  const auto found = compare_objects(live, wanted, manifest);
  CHECK(found.was == "data.k: changed\n");
  for (const auto* secret : {"aGlkZGVu", "b3RoZXI", "c2FtZQ"}) {
    CHECK((found.diff + found.was).find(secret) == std::string::npos);
  }
  CHECK(compare_objects(nullptr, wanted, manifest).diff.find("b3RoZXI") == std::string::npos);
}

TEST_CASE("kubernetes: what kubectl applied becomes ours, what others own stays theirs") {
  const auto object = json::parse(R"({"metadata":{"resourceVersion":"9","managedFields":[
    {"manager":"kubectl-client-side-apply","operation":"Update","fieldsV1":{"f:data":{"f:a":{}}}},
    {"manager":"kubectl","operation":"Apply","fieldsV1":{"f:data":{"f:b":{}}}},
    {"manager":"kubelet","operation":"Update","subresource":"status","fieldsV1":{"f:status":{}}}]}})");
  const auto patch = handover_patch(object, [](const std::string&) { return true; });
  REQUIRE(patch);
  const auto read = json::parse(*patch);
  CHECK(read[1]["value"] == "9");
  const auto& entries = read[0]["value"];
  REQUIRE(entries.size() == 2);
  CHECK(entries[0]["manager"] == "kubelet");
  CHECK(entries[1]["manager"] == "greenwave");
  CHECK(entries[1]["operation"] == "Apply");
  CHECK(entries[1]["fieldsV1"] == json::parse(R"({"f:data":{"f:a":{},"f:b":{}}})"));
  CHECK_FALSE(handover_patch(object, [](const std::string&) { return false; }));
}

TEST_CASE("kubernetes: workloads are judged as a rollout is") {
  using State = Health::State;
  CHECK(
      state_of(
          R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"generation":1},"spec":{"replicas":2}})") ==
      State::waiting);
  const std::string begin =
      R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"generation":2},"spec":{"replicas":2},)";
  CHECK(state_of(
            (begin +
             R"("status":{"observedGeneration":1,"replicas":2,"updatedReplicas":2,"availableReplicas":2}})")
                .c_str()) == State::waiting);
  CHECK(state_of(
            (begin +
             R"("status":{"observedGeneration":2,"replicas":2,"updatedReplicas":2,"availableReplicas":2}})")
                .c_str()) == State::good);
  CHECK(state_of(
            (begin +
             R"("status":{"observedGeneration":2,"replicas":3,"updatedReplicas":2,"availableReplicas":2}})")
                .c_str()) == State::waiting);
  CHECK(state_of(
            (begin + R"("status":{"observedGeneration":2,"conditions":[{"type":"Progressing","status":"False",
    "reason":"ProgressDeadlineExceeded"}]}})")
                .c_str()) == State::bad);
  CHECK(
      state_of(
          R"({"apiVersion":"batch/v1","kind":"Job","status":{"conditions":[{"type":"Failed","status":"True"}]}})") ==
      State::bad);
  CHECK(
      state_of(
          R"({"apiVersion":"batch/v1","kind":"Job","status":{"conditions":[{"type":"Complete","status":"True"}]}})") ==
      State::good);
  CHECK(state_of(R"({"apiVersion":"v1","kind":"PersistentVolumeClaim","status":{"phase":"Lost"}})") ==
        State::bad);
  CHECK(state_of(
            R"({"apiVersion":"apps/v1","kind":"StatefulSet","spec":{"replicas":1},"status":{"readyReplicas":1,
    "currentRevision":"a","updateRevision":"b"}})") == State::waiting);
  CHECK(
      state_of(
          R"({"apiVersion":"apps/v1","kind":"DaemonSet","metadata":{"generation":1},"status":{"observedGeneration":1,
    "desiredNumberScheduled":2,"updatedNumberScheduled":2,"numberAvailable":2}})") == State::good);
}

TEST_CASE("kubernetes: a Deployment whose rollout people have paused is not unhealthy") {
  using State = Health::State;
  const auto deployment = [](const std::string& paused) {
    return R"({"apiVersion":"apps/v1","kind":"Deployment","spec":{"replicas":3,"paused":)" + paused +
           R"(},"status":{"observedGeneration":2,"replicas":3,"updatedReplicas":1,"availableReplicas":3}})";
  };
  CHECK(state_of(deployment("true").c_str()) == State::good);
  CHECK(state_of(deployment("false").c_str()) == State::waiting);
}

TEST_CASE("kubernetes: custom resources are judged by their conditions and what their controller has seen") {
  using State = Health::State;
  CHECK(state_of(R"({"apiVersion":"a.b/v1","kind":"Plan"})") == State::good);
  CHECK(
      state_of(
          R"({"apiVersion":"a.b/v1","kind":"Plan","metadata":{"generation":3},"status":{"observedGeneration":2}})") ==
      State::waiting);
  CHECK(
      state_of(
          R"({"apiVersion":"a.b/v1","kind":"Plan","status":{"conditions":[{"type":"Ready","status":"False"}]}})") ==
      State::waiting);
  CHECK(
      state_of(
          R"({"apiVersion":"a.b/v1","kind":"Plan","status":{"conditions":[{"type":"Stalled","status":"True"}]}})") ==
      State::bad);
}

TEST_CASE("kubernetes: the pod with the most specific reason is named") {
  const auto pods = json::parse(R"({"items":[
    {"metadata":{"name":"a"},"status":{"conditions":[{"type":"Ready","status":"False","reason":"ContainersNotReady"}]}},
    {"metadata":{"name":"b"},"status":{"containerStatuses":[{"name":"web","state":{"waiting":{"reason":"CrashLoopBackOff"}},
      "lastState":{"terminated":{"exitCode":3}}}]}},
    {"metadata":{"name":"c"},"status":{}}]})");
  const auto found = blame(pods);
  CHECK(found.pod == "b");
  CHECK(found.container == "web");
  CHECK(found.reason.find("CrashLoopBackOff, it ended with 3") != std::string::npos);
  CHECK(blame(json::parse(R"({"items":[{"metadata":{"name":"c"},"status":{}}]})")).pod.empty());
  CHECK(pod_selector(json::parse(R"({"spec":{"selector":{"matchLabels":{"app":"web"},"matchExpressions":[
    {"key":"tier","operator":"In","values":["a","b"]}]}}})")) == "app=web,tier in (a,b)");
}

TEST_CASE("kubernetes: lists are read item by item, and nothing deeper than an object is") {
  std::size_t items = 0;
  const auto rest = parse_list(R"({"metadata":{"continue":"x"},"items":[{"a":{"items":[{}]}},{}]})",
                               [&items](const json&) { ++items; });
  CHECK(items == 2);
  CHECK(text_at(rest, {"metadata", "continue"}) == "x");
  CHECK_THROWS_AS(parse_answer(std::string(200, '[') + std::string(200, ']')), Error);
  CHECK_THROWS_AS(parse_answer("<html>"), Error);
}

TEST_CASE("kubernetes: a record is read back as it was written") {
  Record record{
      {"apps", "v1", "deployments", "Deployment", true}, "north", "uid", "7", "ab", false, "Foreground"};
  CHECK(record_from(to_json(record)) == record);
  record.resource.namespaced = false;
  record.namespace_.clear();
  CHECK(record_from(to_json(record)) == record);
  CHECK_THROWS_AS(record_from("{}"), Error);
}

TEST_CASE(
    "kubernetes: where the agent is bounded by namespace, kinds of the whole cluster are refused unless "
    "named") {
  const ObjectId binding{"rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "", "admin"};
  const ObjectId custom{"signals.example/v1", "Fleet", "", "all"};
  const ObjectId space{"v1", "Namespace", "", "kube-system"};
  const auto refused = [](const config::Kubernetes& config, const ObjectId& id) {
    return refusal_in_cluster(config, id).has_value();
  };
  config::Kubernetes config;
  for (const auto& id : {binding, custom, space}) CHECK_FALSE(refused(config, id));
  config.namespaces.deny = {"kube-*"};
  CHECK_FALSE(refused(config, binding));

  config::Kubernetes impersonating;
  impersonating.impersonate = {{"*", "greenwave"}};
  config::Kubernetes confined;
  confined.namespaces.allow = {"traffic"};
  for (auto bounded : {impersonating, confined}) {
    CHECK(refused(bounded, binding));
    CHECK(refused(bounded, custom));
    bounded.kinds.allow = {"*"};
    CHECK(refused(bounded, binding));
    bounded.kinds.allow = {"*", "ClusterRoleBinding"};
    CHECK_FALSE(refused(bounded, binding));
    CHECK(refused(bounded, custom));
    bounded.cluster_kinds = {"*.signals.example"};
    CHECK(refused(bounded, binding));
    CHECK_FALSE(refused(bounded, custom));
    CHECK(refused(bounded, space));
  }
  CHECK(refused(impersonating, space));
  CHECK_FALSE(refused(confined, space));  // which one, its namespaces say

  Problems problems;
  check_scope(confined,
              manifest_of("apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\n"
                          "metadata: {name: admin}\n"),
              "", problems);
  REQUIRE(problems.size() == 1);
  CHECK_THAT(to_string(problems.list().front()), Catch::Contains("kubernetes.clusterKinds"));
}

TEST_CASE("kubernetes: kinds and namespaces outside of the device's scope are refused") {
  const auto errors = [](const config::Kubernetes& config, const std::string& text) {
    Problems problems;
    check_scope(config, manifest_of(text), "north", problems);
    return problems.size();
  };
  const std::string map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
  const std::string role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: a}\n";
  CHECK(errors({}, map) == 0);
  config::Kubernetes config;
  config.kinds.deny = {"*.rbac.authorization.k8s.io"};
  CHECK(errors(config, map) == 0);
  CHECK(errors(config, role) == 1);
  config.kinds = {{"ConfigMap", "Deployment"}, {}};
  CHECK(errors(config, map) == 0);
  CHECK(errors(config, role) == 1);
  config.kinds = {};
  config.namespaces.deny = {"nor*"};
  CHECK(errors(config, map) == 1);
  CHECK(errors(config, "apiVersion: v1\nkind: Namespace\nmetadata: {name: north}\n") == 1);
  CHECK(errors(config, "apiVersion: v1\nkind: Namespace\nmetadata: {name: south}\n") == 0);
}
