#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "drivers/podman/claim_volume.h"
#include "drivers/podman/footprint.h"
#include "unit/drivers/podman_fixture.h"

using namespace greenwave;
using namespace greenwave::drivers::podman;
using Catch::Matchers::Contains;

namespace {

using SetJson = nlohmann::json;

std::string set_with(const std::string& spec, const std::string& space = "") {
  return "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db" + space +
         "}\nspec:\n  serviceName: db\n  selector: {matchLabels: {app: db}}\n" + spec +
         "  template:\n    metadata: {labels: {app: db}}\n    spec:\n      containers:\n"
         "        - name: main\n          image: i\n"
         "          args: [$(ME), $(NUMBER)]\n"
         "          env:\n            - {name: ME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}\n"
         "            - {name: NUMBER, valueFrom: {fieldRef: {fieldPath: "
         "\"metadata.labels['apps.kubernetes.io/pod-index']\"}}}\n"
         "          volumeMounts: [{name: data, mountPath: /data}]\n";
}

const std::string with_claims = "  volumeClaimTemplates: [{metadata: {name: data}, spec: {}}]\n";

SetJson spec_in(const KubePod& kube_pod) {
  return SetJson::parse(kube_pod.text)["spec"];
}

std::string set_problems(const std::string& text) {
  Problems problems;
  workload_footprint(test::podman_rules, test::kube_manifest(text), problems);
  return test::text_of(problems);
}

}  // namespace

TEST_CASE("stateful sets: each pod has its own name, number and claims") {
  const auto kube_pods =
      test::PodRender({set_with("  replicas: 2\n  ordinals: {start: 3}\n" + with_claims)}).kube_pods();
  REQUIRE(kube_pods.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto number = std::to_string(i + 3);
    const auto& kube_pod = kube_pods[i];
    const auto spec = spec_in(kube_pod);
    CHECK(kube_pod.pod.ends_with("-" + number));
    CHECK(spec["hostname"] == "db-" + number);
    CHECK(spec["containers"][0]["args"] == SetJson::array({"db-" + number, number}));
    CHECK(spec["volumes"][0]["persistentVolumeClaim"]["claimName"] == "data-db-" + number);
    CHECK(kube_pod.provision.own_claims == std::vector<std::string>{"data-db-" + number});
    CHECK(SetJson::parse(kube_pod.text)["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"] ==
          "db-" + number);
  }
}

TEST_CASE("stateful sets: a template's volume takes the place of the pod's own one") {
  const auto kube_pod =
      test::PodRender({set_with(with_claims) + "      volumes: [{name: data, emptyDir: {}}]\n"}).kube_pod();
  CHECK(spec_in(kube_pod)["volumes"][0].contains("persistentVolumeClaim"));
  CHECK(kube_pod.provision.own.empty());
}

TEST_CASE("stateful sets: what is wrong with one is said with its place") {
  CHECK(set_problems(set_with(with_claims)) == "");
  CHECK_THAT(set_problems(set_with("")), Contains("this mounts a volume that the pod does not have"));
  CHECK_THAT(set_problems(set_with("  volumeClaimTemplates: [{spec: {}}]\n")),
             Contains("pod.yaml:7:26: error: the claim has no name"));
  CHECK_THAT(set_problems(
                 set_with("  volumeClaimTemplates: [{metadata: {name: data}}, {metadata: {name: data}}]\n")),
             Contains("two claims are called data"));
  CHECK_THAT(set_problems(set_with(with_claims + "  ordinals: {start: -1}\n")), Contains("ordinals.start"));
  CHECK_THAT(set_problems(set_with(with_claims + "  podManagementPolicy: Random\n")),
             Contains("write one of OrderedReady, Parallel"));
  CHECK_THAT(set_problems(set_with(with_claims + "  updateStrategy: {type: OnDelete}\n")),
             Contains("a device brings all pods to what the repository has"));
  CHECK_THAT(
      set_problems(set_with(with_claims + "  persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete}\n")),
      Contains("claims of a StatefulSet stay"));
}

TEST_CASE("claims: no two of any names and namespaces have the same volume, and none and default are one") {
  const std::vector<std::string> names{"a", "b", "a.b", "a-b", "default", "b-a"};
  std::map<std::string, std::pair<std::string, std::string>> owners;
  for (const auto& space : {std::string(), std::string("a"), std::string("b"), std::string("a-b")}) {
    for (const auto& name : names) {
      const auto volume = volume_of(space, name);
      CAPTURE(volume);
      CHECK(owners.emplace(volume, std::pair(space, name)).second);
    }
  }
  CHECK(volume_of("default", "data") == "data");
  CHECK(volume_of("", "data") == "data");
  CHECK(volume_of("tenant", "data") == "tenant_data");
}

TEST_CASE("podman: objects of the same name in default and in no namespace are the same") {
  const auto claims = [](const std::string& space) {
    Problems problems;
    return workload_footprint(test::podman_rules, test::kube_manifest(set_with(with_claims, space)), problems)
        .claims;
  };
  CHECK(claims("") == claims(", namespace: default"));
  CHECK(claims("") != claims(", namespace: tenant"));
  const std::string pod =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: default}\nspec: {containers: "
      "[{name: a, image: i, envFrom: [{configMapRef: {name: conf}}]}]}\n";
  const std::string conf = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {A: b}\n";
  CHECK(spec_in(test::PodRender({pod, conf}).kube_pod())["containers"][0]["env"][0]["value"] == "b");
}

TEST_CASE("podman: what earlier versions wrote in labels for default is read as none") {
  const auto read = [](const std::string& label) {
    const SetJson labels{{"dev.greenwave/object", label}, {"dev.greenwave/digest", "0000000000"}};
    const SetJson item{{"Id", "1"}, {"PodName", "web-0000000000"}, {"Labels", labels}};
    const auto found = read_containers(SetJson::array({item}).dump());
    return found.empty() ? "" : found.front().object;
  };
  CHECK(read("v1/Pod/default/web") == "v1/Pod//web");
  CHECK(read("apps/v1/Deployment/default/web") == "apps/v1/Deployment//web");
  CHECK(read("v1/Pod//default") == "v1/Pod//default");
  CHECK(read("v1/Pod/tenant/default") == "v1/Pod/tenant/default");
  CHECK(read("v1/Pod//web") == "v1/Pod//web");
}
