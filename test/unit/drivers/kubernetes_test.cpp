// What the Kubernetes driver works out by itself; what it does with a server is in
// integration/kubernetes_test.py.
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <git2.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "drivers/kubernetes/answer.h"
#include "drivers/kubernetes/body.h"
#include "drivers/kubernetes/comparison.h"
#include "drivers/kubernetes/conflict.h"
#include "drivers/kubernetes/discovery.h"
#include "drivers/kubernetes/document_field.h"
#include "drivers/kubernetes/handover.h"
#include "drivers/kubernetes/health.h"
#include "drivers/kubernetes/kind.h"
#include "drivers/kubernetes/kubeconfig.h"
#include "drivers/kubernetes/owner.h"
#include "drivers/kubernetes/reclaim.h"
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

const Owner own{"device.greenwave.dev/sf-0042-1a2b3c4d", "greenwave:sf-0042-1a2b3c4d", "sf-0042"};

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
  CHECK(rank("apps/v1", "Deployment") <
        rank("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding"));
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
  CHECK_FALSE(passes(fault_of(answer(409, R"({"kind":"Status","reason":"Conflict"})"), true)));
  CHECK(passes(
      fault_of(answer(500, R"({"kind":"Status","reason":"InternalError","message":"a typed patch"})"))));
  CHECK_FALSE(passes(fault_of(answer(500, R"({"kind":"Status","message":"whatever it says"})"))));
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

TEST_CASE("kubernetes: a body is JSON that a reader of YAML takes for the same, with the owner's label") {
  auto manifest = manifest_of(
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: x}\ndata: {k: "
      "\"a\\u2028b\\u0085\\x7f\"}\n");
  const auto body = to_body(document_of(manifest, "web", "north", own));
  CHECK(body.find("a\\u2028b\\u0085\\u007f") != std::string::npos);
  const auto read = json::parse(body);
  CHECK(read["metadata"]["namespace"] == "north");
  CHECK(read["metadata"]["labels"][own.label] == "");
  CHECK_FALSE(document_of(manifest, "web", "", own)["metadata"].contains("namespace"));
}

TEST_CASE("kubernetes: a Secret's texts are sent as data, where a key that goes is removed") {
  const auto secret = manifest_of(
      "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {same: b2xk, k: djE=}\n"
      "stringData: {same: new, text: hi}\n");
  const auto sent = document_of(secret, "a", "", own);
  CHECK_FALSE(sent.contains("stringData"));
  CHECK(json(sent["data"]) == json({{"same", "bmV3"}, {"k", "djE="}, {"text", "aGk="}}));
  const auto wrong = manifest_of("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {k: 1}\n");
  CHECK(document_of(wrong, "a", "", own)["stringData"]["k"] == 1);
}

TEST_CASE("kubernetes: a Job or ReplicationController without labels has those of its pods") {
  const auto labels_of = [](const std::string& api, const std::string& kind, const std::string& metadata,
                            const std::string& pods) {
    const auto manifest =
        manifest_of(fmt::format("apiVersion: {}\nkind: {}\nmetadata: {{name: a{}}}\nspec: {{template: "
                                "{{metadata: {{labels: {}}}}}}}\n",
                                api, kind, metadata, pods));
    return json(document_of(manifest, "a", "", own)["metadata"]["labels"]);
  };
  const json of_pods{{"app", "a"}, {own.label, ""}};
  CHECK(labels_of("batch/v1", "Job", "", "{app: a}") == of_pods);
  CHECK(labels_of("batch/v1", "Job", ", labels: {}", "{app: a}") == of_pods);
  CHECK(labels_of("v1", "ReplicationController", "", "{app: a}") == of_pods);
  CHECK(labels_of("batch/v1", "Job", ", labels: {b: c}", "{app: a}") == json{{"b", "c"}, {own.label, ""}});
  CHECK(labels_of("batch/v1", "Job", "", "null") == json{{own.label, ""}});
  CHECK(labels_of("apps/v1", "Deployment", "", "{app: a}") == json{{own.label, ""}});
}

TEST_CASE("kubernetes: maps of names that say nothing are not sent, others stay as they are") {
  for (const auto* nothing : {"null", "{}"}) {
    const auto map = manifest_of(fmt::format(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, annotations: {0}, labels: {0}}}\ndata: {0}\n",
        nothing));
    const auto sent = document_of(map, "a", "", own);
    CHECK_FALSE(sent.contains("data"));
    CHECK_FALSE(sent["metadata"].contains("annotations"));
    CHECK(sent["metadata"]["labels"].size() == 1);
    const auto policy = manifest_of(fmt::format(
        "apiVersion: a.b/v1\nkind: Policy\nmetadata: {{name: a}}\ndata: {0}\nspec: {{all: {0}}}\n", nothing));
    CHECK(document_of(policy, "a", "", own).contains("data"));
    CHECK(document_of(policy, "a", "", own)["spec"].contains("all"));
  }
}

TEST_CASE("kubernetes: an owner is a device and the repository that it follows") {
  config::Repository city;
  city.url = "https://git.example/city.git";
  auto other = city;
  other.path = "south";
  const auto first = owner_of("sf-0042", city);
  CHECK(first.label.starts_with("device.greenwave.dev/sf-0042-"));
  CHECK(first.manager == "greenwave:" + first.label.substr(owner_prefix.size()));
  CHECK(first.label == owner_of("sf-0042", city).label);
  CHECK(first.label != owner_of("sf-0042", other).label);
  for (const auto& device :
       {std::string("corridor/7"), std::string(80, 'a'), std::string(), std::string("-x-")}) {
    const auto name = owner_of(device, city).label.substr(owner_prefix.size());
    CHECK(name.size() <= 63);
    CHECK(name.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz-") == std::string::npos);
    CHECK(label_value(device).size() <= 63);
  }
}

TEST_CASE("kubernetes: fields that others change or take show in the digest of those that are ours") {
  const auto with = [](const char* fields, const char* other) {
    return read_seen(json::parse(std::string(R"({"metadata":{"uid":"u","resourceVersion":"7","managedFields":[
      {"manager":"greenwave:sf-0042-1a2b3c4d","operation":"Apply","fieldsV1":)") +
                                 fields + R"(},{"manager":")" + other +
                                 R"(","operation":"Update","time":"2026-01-01T00:00:00Z","fieldsV1":{}}]}})"),
                     own, "key");
  };
  const auto before = with(R"({"f:data":{"f:a":{}}})", "kubectl-edit");
  CHECK(before.fields == with(R"({"f:data":{"f:a":{}}})", "kubelet").fields);
  CHECK(before.fields != with("{}", "kubectl-edit").fields);
  CHECK(before.last_manager == "kubectl-edit");
  CHECK(read_seen(json::parse(R"({"metadata":{}})"), own, "key").fields.empty());
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

const ObjectId settings{"v1", "ConfigMap", "city", "settings"};

TEST_CASE("kubernetes: what kubectl applied becomes ours, what others own stays theirs") {
  const auto object = json::parse(R"({"metadata":{"resourceVersion":"9","managedFields":[
    {"manager":"kubectl-client-side-apply","operation":"Update","fieldsV1":{"f:data":{"f:a":{}}}},
    {"manager":"kubectl","operation":"Apply","fieldsV1":{"f:data":{"f:b":{}}}},
    {"manager":"kubelet","operation":"Update","subresource":"status","fieldsV1":{"f:status":{}}}]}})");
  const config::Kubernetes config;
  const auto patch = handover_patch(object, settings, own, when_adopting(config, object, own, {}));
  REQUIRE(patch);
  const auto read = json::parse(*patch);
  CHECK(read[1]["value"] == "9");
  const auto& entries = read[0]["value"];
  REQUIRE(entries.size() == 2);
  CHECK(entries[0]["manager"] == "kubelet");
  CHECK(entries[1]["manager"] == own.manager);
  CHECK(entries[1]["operation"] == "Apply");
  CHECK(entries[1]["fieldsV1"] == json::parse(R"({"f:data":{"f:a":{},"f:b":{}}})"));
  CHECK(handover_patch(object, settings, own, when_ours(config)));
  config::Kubernetes modest;
  modest.force.clear();
  modest.adopt.clear();
  CHECK_FALSE(handover_patch(object, settings, own, when_adopting(modest, object, own, {})));
  CHECK_FALSE(handover_patch(object, settings, own, when_ours(modest)));
}

TEST_CASE("kubernetes: what was sent as a Secret's stringData becomes ours where it is, in data") {
  const auto object = json::parse(R"({"metadata":{"resourceVersion":"9","managedFields":[
    {"manager":"kubectl","operation":"Apply","fieldsV1":{"f:data":{".":{},"f:a":{}},"f:stringData":{"f:b":{}}}}]}})");
  const config::Kubernetes config;
  const auto fields_of = [&](const ObjectId& id) {
    const auto patch = handover_patch(object, id, own, when_adopting(config, object, own, {}));
    return json::parse(patch.value_or("[{}]"))[0]["value"][0]["fieldsV1"];
  };
  CHECK(fields_of({"v1", "Secret", "city", "texts"}) ==
        json::parse(R"({"f:data":{".":{},"f:a":{},"f:b":{}}})"));
  CHECK(fields_of({"example.org/v1", "Secret", "city", "texts"}).contains("f:stringData"));
}

TEST_CASE(
    "kubernetes: what the agent has under an earlier name becomes its own, not what another device has") {
  const auto object_of = [](const std::string& device, const std::string& manager) {
    return json{{"metadata",
                 {{"labels", {{"greenwave.dev/device", device}}},
                  {"managedFields",
                   {{{"manager", manager}, {"operation", "Apply"}, {"fieldsV1", {{"f:data", {}}}}}}}}}};
  };
  const config::Kubernetes config;
  const auto taken = [&](const json& object, const Record& record) {
    return handover_patch(object, settings, own, when_adopting(config, object, own, record)).has_value();
  };
  CHECK(taken(object_of("sf-0042", "greenwave"), {}));
  CHECK_FALSE(taken(object_of("sf-0043", "greenwave"), {}));
  Record earlier;
  earlier.uid = "u";
  CHECK(taken(object_of("renamed", "greenwave"), earlier));
  earlier.manager = "greenwave:old-1a2b3c4d";
  CHECK(taken(object_of("renamed", "greenwave:old-1a2b3c4d"), earlier));
  CHECK_FALSE(taken(object_of("renamed", "greenwave:sf-0043-1a2b3c4d"), earlier));
  CHECK(other_owner(object_of("sf-0043", "greenwave"), own) == Other::named);
  CHECK(other_owner(object_of("sf-0042", "greenwave"), own) == Other::none);
}

TEST_CASE("kubernetes: a field is found and left out as a server names it, whatever its keys contain") {
  auto document = nlohmann::ordered_json::parse(R"({"spec":{"replicas":2},"data":{"a.b":"1","a":{"b":"2"}},
    "webhooks":[{"name":"x.y","clientConfig":{"caBundle":""}},{"name":"q]\",","n":1}],
    "ports":[{"port":80,"name":"http"},{"port":80,"protocol":"UDP","name":"quic"}]})");
  CHECK(*find_field(document, ".spec.replicas") == 2);
  CHECK(*find_field(document, ".data.a.b") == "1");
  CHECK(*find_field(document, R"(.webhooks[name="x.y"].clientConfig.caBundle)") == "");
  CHECK(*find_field(document, R"(.webhooks[name="q]\","].n)") == 1);
  CHECK(*find_field(document, R"(.ports[port=80,protocol="UDP"].name)") == "quic");
  for (const auto* nothing :
       {".spec.x", ".spec.replicas.x", R"(.webhooks[name="z"].n)", ".webhooks[0].n", "[", ".a["}) {
    CHECK(find_field(document, nothing) == nullptr);
    CHECK_FALSE(leave_out(document, nothing));
  }
  CHECK(leave_out(document, ".spec.replicas"));
  CHECK(leave_out(document, R"(.webhooks[name="x.y"].clientConfig.caBundle)"));
  CHECK(document["spec"].empty());
  CHECK(document["webhooks"][0]["clientConfig"].empty());
}

TEST_CASE("kubernetes: a conflict with people is won, with controllers given way to, with others reported") {
  const auto web = manifest_of(deployment);
  const config::Kubernetes config;
  const auto way = [&](const Claim& claim, bool is_update = false) -> std::string {
    const auto found = settle({{claim}}, web, is_update, config);
    if (!found) return "refuse";
    return found->force ? "take" : "leave";
  };
  CHECK(way({"kubectl-edit", ".spec.replicas"}) == "take");
  CHECK(way({"kubectl", ".spec.replicas", "scale"}) == "take");
  CHECK(way({"some-scaler", ".spec.replicas", "scale"}) == "leave");
  CHECK(way({"kube-controller-manager", ".spec.replicas"}) == "leave");
  CHECK(way({"argocd-controller", ".spec.replicas"}) == "refuse");
  CHECK(way({"greenwave:sf-0043-1a2b3c4d", ".spec.replicas"}) == "refuse");
  CHECK(way({"greenwave:sf-0043-1a2b3c4d", ".spec.replicas"}, true) == "take");
  CHECK_FALSE(settle({}, web, false, config));

  const std::vector<Claim> mixed{{"kubectl-edit", ".spec.paused"}, {"hpa", ".spec.replicas", "scale"}};
  const auto found = settle(mixed, web, false, config);
  REQUIRE(found);
  CHECK(found->force);
  CHECK(found->left == std::vector<std::string>{".spec.replicas"});
  CHECK(found->note == "took over .spec.paused from kubectl-edit, left .spec.replicas to hpa");
  const std::vector<Claim> hopeless{{"kubectl-edit", ".spec.paused"}, {"argocd", ".spec.replicas"}};
  CHECK_FALSE(settle(hopeless, web, false, config));
  auto forcing = config;
  forcing.force = {"*"};
  CHECK(settle(hopeless, web, false, forcing)->left.empty());
}

TEST_CASE("kubernetes: what a manifest leaves empty for a controller is left to whoever fills it in") {
  const auto hook = [](const std::string& bundle) {
    return manifest_of(
        "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\n"
        "metadata: {name: a}\nwebhooks: [{name: b.c, clientConfig: {caBundle: '" +
        bundle + "'}}]\n");
  };
  const std::vector<Claim> claims{{"manager", R"(.webhooks[name="b.c"].clientConfig.caBundle)"}};
  for (const auto* empty : {"", "Cg=="}) CHECK(settle(claims, hook(empty), false, {}));
  CHECK_FALSE(settle(claims, hook("LS0t"), false, {}));
  const auto role = [](const std::string& more) {
    return manifest_of("apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a}\n" +
                       more);
  };
  const std::vector<Claim> rules{{"any", ".rules"}};
  CHECK(settle(rules, role("aggregationRule: {}\nrules: []\n"), false, {}));
  CHECK_FALSE(settle(rules, role("rules: []\n"), false, {}));
  CHECK_FALSE(settle(rules, role("aggregationRule: {}\nrules: [{verbs: [get]}]\n"), false, {}));
}

TEST_CASE("kubernetes: what stands in the way of an apply is taken, and nothing else") {
  const auto status = [](const std::string& reason, const std::string& field) {
    Status found;
    found.causes.push_back({reason, "text that decides nothing", field});
    return found;
  };
  const auto anybody = [](const std::string&) { return true; };
  const auto people = [](const std::string& manager) { return manager.starts_with("kubectl"); };
  const auto object_of = [](const std::string& manager, const char* fields) {
    return json{{"apiVersion", "v1"},
                {"metadata",
                 {{"resourceVersion", "9"},
                  {"managedFields",
                   {{{"manager", manager}, {"operation", "Update"}, {"fieldsV1", json::parse(fields)}}}}}},
                {"spec", {{"strategy", {{"rollingUpdate", {{"maxSurge", 1}}}}}}}};
  };
  const auto entries_of = [](const Reclaim& found) { return json::parse(found.patch)[0]["value"]; };

  const auto service = nlohmann::ordered_json::parse(R"({"spec":{"ports":[{"name":"http","port":80}]}})");
  const auto ports = object_of("kubectl-edit", R"({"f:spec":{"f:type":{},"f:ports":{
    "k:{\"port\":8080,\"protocol\":\"TCP\"}":{".":{},"f:name":{}},"k:{\"port\":80,\"protocol\":\"TCP\"}":{"f:nodePort":{}}}}})");
  const auto duplicate = status("FieldValueDuplicate", "spec.ports[1].name");
  const auto port = reclaim(ports, service, duplicate, own, people);
  REQUIRE(port);
  CHECK(port->what == "spec.ports from kubectl-edit");
  auto entries = entries_of(*port);
  REQUIRE(entries.size() == 2);
  CHECK(
      entries[0]["fieldsV1"] ==
      json::parse(
          R"({"f:spec":{"f:type":{},"f:ports":{"k:{\"port\":80,\"protocol\":\"TCP\"}":{"f:nodePort":{}}}}})"));
  CHECK(entries[1]["manager"] == own.manager);
  CHECK(entries[1]["fieldsV1"] ==
        json::parse(
            R"({"f:spec":{"f:ports":{"k:{\"port\":8080,\"protocol\":\"TCP\"}":{".":{},"f:name":{}}}}})"));
  CHECK_FALSE(reclaim(object_of("argocd", ports["metadata"]["managedFields"][0]["fieldsV1"].dump().c_str()),
                      service, duplicate, own, people));
  CHECK_FALSE(reclaim(object_of(own.manager, "{}"), service, duplicate, own, anybody));
  CHECK_FALSE(reclaim(ports, service, status("FieldValueRequired", "spec.ports[1].name"), own, people));

  // One of two that exclude each other: what the manifest does not have goes, whichever the server names.
  const auto probe = nlohmann::ordered_json::parse(
      R"({"spec":{"containers":[{"name":"w","probe":{"httpGet":{"port":80}},"env":[{"name":"E","value":"x"}]}]}})");
  const auto edited =
      object_of("kubectl-edit", R"({"f:spec":{"f:containers":{"k:{\"name\":\"w\"}":{"f:tty":{},
    "f:probe":{"f:exec":{"f:command":{}}},"f:env":{"k:{\"name\":\"E\"}":{"f:valueFrom":{}}}}}}})");
  for (const auto* named : {"spec.containers[0].probe.httpGet", "spec.containers[0].probe.exec"}) {
    const auto found = reclaim(edited, probe, status("FieldValueForbidden", named), own, people);
    REQUIRE(found);
    CHECK(entries_of(*found)[1]["fieldsV1"].dump().find("f:exec") != std::string::npos);
    CHECK(entries_of(*found)[1]["fieldsV1"].dump().find("f:tty") == std::string::npos);
  }
  const auto source = status("FieldValueInvalid", "spec.containers[0].env[0].valueFrom");
  CHECK(entries_of(*reclaim(edited, probe, source, own, people))[1]["fieldsV1"].dump().find("f:valueFrom") !=
        std::string::npos);

  // A default of the server's that nobody owns.
  const auto recreate = nlohmann::ordered_json::parse(R"({"spec":{"strategy":{"type":"Recreate"}}})");
  const auto forbidden = status("FieldValueForbidden", "spec.strategy.rollingUpdate");
  const auto found =
      reclaim(object_of("argocd", R"({"f:spec":{"f:paused":{}}})"), recreate, forbidden, own, people);
  REQUIRE(found);
  CHECK(entries_of(*found)[1]["fieldsV1"] ==
        json::parse(R"({"f:spec":{"f:strategy":{"f:rollingUpdate":{".":{},"f:maxSurge":{}}}}})"));
  CHECK_FALSE(
      reclaim(object_of("argocd", R"({"f:spec":{"f:strategy":{"f:rollingUpdate":{"f:maxSurge":{}}}}})"),
              recreate, forbidden, own, people));
}

TEST_CASE("kubernetes: fields of whatever shape are taken without a crash, and only once") {
  const auto document = nlohmann::ordered_json::parse(R"({"a":[{"name":"x","b":{"c":1}}],"d":{"e":{}}})");
  const char* const fields[] = {"",         ".",      "[",        "a[",
                                "a[0",      "a[0]]",  "a[0].b.c", "a[1].name",
                                "d.e.f",    "d[k].e", "..a",      "metadata.annotations[x/y]",
                                "a[0][1].b"};
  const char* const sets[] = {"null",
                              "[]",
                              "{}",
                              R"({"f:a":{"k:not json":{},"k:{}":{},"v:1":{}}})",
                              R"({"f:a":{"k:{\"name\":\"y\"}":{".":{}}},"f:d":{"f:e":{"f:f":{}}}})",
                              R"({"f:a":3})"};
  for (const auto* field : fields) {
    for (const auto* set : sets) {
      for (const auto* reason : {"FieldValueDuplicate", "FieldValueForbidden"}) {
        json object{{"metadata", {{"managedFields", {{{"manager", "x"}, {"fieldsV1", json::parse(set)}}}}}}};
        Status status;
        status.causes = {{reason, "", field}, {reason, "", field}};
        const auto found = reclaim(object, document, status, own, [](const std::string&) { return true; });
        if (!found) continue;
        const auto entries = json::parse(found->patch)[0]["value"];
        CHECK(entries.back()["manager"] == own.manager);
        for (std::size_t i = 0; i + 1 < entries.size(); ++i) CHECK(entries[i]["manager"] != own.manager);
      }
    }
  }
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

TEST_CASE(
    "kubernetes: a custom resource waits for its operator where its definition has one say what it saw") {
  const auto definition = [](const char* status, const char* subresources) {
    return json::parse(std::string(R"({"spec":{"versions":[{"name":"v1","subresources":)") + subresources +
                       R"(,"schema":{"openAPIV3Schema":{"properties":{"status":)" + status + "}}}}]}}");
  };
  const char* const says = R"({"properties":{"observedGeneration":{}}})";
  const char* const has_status = R"({"status":{}})";
  const auto plan = json::parse(R"({"apiVersion":"a.b/v1","kind":"Plan","metadata":{"generation":1}})");
  CHECK(awaits_operator(plan, definition(says, has_status)));
  CHECK(awaits_operator(plan, definition(R"({"properties":{"conditions":{}}})", has_status)));
  CHECK_FALSE(awaits_operator(plan, definition(says, "{}")));
  CHECK_FALSE(
      awaits_operator(plan, definition(R"({"x-kubernetes-preserve-unknown-fields":true})", has_status)));
  CHECK_FALSE(awaits_operator(plan, json::object()));
  auto seen = plan;
  seen["status"] = {{"conditions", json::array()}};
  CHECK(awaits_operator(seen, definition(says, has_status)));
  seen["status"]["observedGeneration"] = 1;
  CHECK_FALSE(awaits_operator(seen, definition(says, has_status)));
  seen["apiVersion"] = "a.b/v2";
  CHECK_FALSE(awaits_operator(plan, json::parse(R"({"spec":{"versions":[{"name":"v2"}]}})")));
  CHECK(state_of(R"({"apiVersion":"a.b/v1","kind":"Plan","metadata":{"generation":2},"status":{"conditions":[
    {"type":"Ready","status":"True","observedGeneration":1}]}})") == Health::State::waiting);
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
  Record record{{"apps", "v1", "deployments", "Deployment", true},
                "north",
                "uid",
                "7",
                "ab",
                "greenwave:a",
                false,
                "Foreground",
                true};
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
