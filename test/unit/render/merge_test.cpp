#include "render/object/merge.h"

#include <catch2/catch.hpp>

#include "unit/render/rendering.h"
#include "yaml/load.h"

using namespace greenwave;
using namespace greenwave::test;

namespace {

const ObjectId deployment{"apps/v1", "Deployment", "", "a"};
const ObjectId file{std::string(own_api), "File", "", "a"};

yaml::Node node(const std::string& text) {
  Problems found;
  auto read = yaml::load(text, "test.yaml", found);
  REQUIRE(read);
  return std::move(*read);
}

nlohmann::json merged(const ObjectId& id, const std::string& base, const std::string& patch) {
  Problems found;
  auto result = node(base);
  render::merge(result, node(patch), render::shape_of(id), found);
  CHECK(problems(found) == Texts{});
  return nlohmann::json::parse(yaml::to_json(result).dump());
}

nlohmann::json json(const std::string& yaml) {
  return nlohmann::json::parse(yaml::to_json(node(yaml)).dump());
}

/// A pod's spec where `id` has it.
std::string pod(const std::string& spec) {
  return "{spec: {template: {spec: " + spec + "}}}";
}

}  // namespace

TEST_CASE("merge: maps merge, scalars and lists replace") {
  CHECK(merged(file, "{spec: {path: /a, json: {x: 1, y: [1, 2], z: {deep: 1}}}}",
               "{spec: {json: {x: 2, y: [3], z: {more: 2}}, mode: '0600'}}") ==
        json("{spec: {path: /a, json: {x: 2, y: [3], z: {deep: 1, more: 2}}, mode: '0600'}}"));
  CHECK(merged(file, "{a: {b: 1}, c: [1], d: 2}", "{a: 1, c: {x: 1}, d: [2]}") ==
        json("{a: 1, c: {x: 1}, d: [2]}"));
}

TEST_CASE("merge: an explicit null removes a member") {
  CHECK(merged(file, "{a: 1, b: {c: 1, d: 2}}", "{a: null, b: {c: ~}, e: null, f: {g: null, h: 1}}") ==
        json("{b: {d: 2}, f: {h: 1}}"));
}

TEST_CASE("merge: containers merge by name, and their env, ports and mounts by their own keys") {
  CHECK(
      merged(deployment,
             pod("{containers: [{name: a, image: x:1, env: [{name: TZ, value: UTC}, {name: A, value: '1'}], "
                 "ports: [{containerPort: 80, name: web}], volumeMounts: [{mountPath: /d, name: d}]}, {name: "
                 "b}]}"),
             pod("{containers: [{name: a, image: x:2, env: [{name: A, value: '2'}, {name: B, value: '3'}], "
                 "ports: [{containerPort: 80, name: http}, {containerPort: 81}], "
                 "volumeMounts: [{mountPath: /d, readOnly: true}], args: [x]}, {name: c}]}")) ==
      json(pod(
          "{containers: [{name: a, image: x:2, env: [{name: TZ, value: UTC}, {name: A, value: '2'}, "
          "{name: B, value: '3'}], ports: [{containerPort: 80, name: http}, {containerPort: 81}], "
          "volumeMounts: [{mountPath: /d, name: d, readOnly: true}], args: [x]}, {name: b}, {name: c}]}")));
}

TEST_CASE("merge: the other lists of a pod merge by the keys that Kubernetes gives them") {
  CHECK(merged(deployment,
               pod("{volumes: [{name: v, emptyDir: {}}], imagePullSecrets: [{name: s}], "
                   "hostAliases: [{ip: 10.0.0.1, hostnames: [a]}], "
                   "topologySpreadConstraints: [{topologyKey: zone, maxSkew: 1}], "
                   "initContainers: [{name: i, volumeDevices: [{devicePath: /dev/a, name: x}]}], "
                   "tolerations: [{key: a}], nodeSelector: {a: b}}"),
               pod("{volumes: [{name: w}], imagePullSecrets: [{name: s}, {name: t}], "
                   "hostAliases: [{ip: 10.0.0.1, hostnames: [b]}], "
                   "topologySpreadConstraints: [{topologyKey: zone, maxSkew: 2}], "
                   "initContainers: [{name: i, volumeDevices: [{devicePath: /dev/a, name: y}]}], "
                   "tolerations: [{key: b}]}")) ==
        json(pod("{volumes: [{name: v, emptyDir: {}}, {name: w}], imagePullSecrets: [{name: s}, {name: t}], "
                 "hostAliases: [{ip: 10.0.0.1, hostnames: [b]}], "
                 "topologySpreadConstraints: [{topologyKey: zone, maxSkew: 2}], "
                 "initContainers: [{name: i, volumeDevices: [{devicePath: /dev/a, name: y}]}], "
                 "tolerations: [{key: b}], nodeSelector: {a: b}}")));
}

TEST_CASE("merge: a pod's lists are found in every kind that holds a pod") {
  const std::string base = "{containers: [{name: a, image: x}]}";
  const std::string patch = "{containers: [{name: a, command: [y]}]}";
  const std::string both = "{containers: [{name: a, image: x, command: [y]}]}";
  const auto check = [&](const std::string& api, const std::string& kind, const std::string& before,
                         const std::string& after) {
    CHECK(merged({api, kind, "", "a"}, before + base + after, before + patch + after) ==
          json(before + both + after));
  };
  check("v1", "Pod", "{spec: ", "}");
  check("v1", "PodTemplate", "{template: {spec: ", "}}");
  for (const char* kind : {"Deployment", "DaemonSet", "StatefulSet", "ReplicaSet"}) {
    check("apps/v1", kind, "{spec: {template: {spec: ", "}}}");
  }
  check("batch/v1", "Job", "{spec: {template: {spec: ", "}}}");
  check("batch/v1", "CronJob", "{spec: {jobTemplate: {spec: {template: {spec: ", "}}}}}");
}

TEST_CASE("merge: a kind that is not built in has no lists that merge, as in kustomize") {
  CHECK(merged({"argoproj.io/v1", "Rollout", "", "a"}, pod("{containers: [{name: a}, {name: b}]}"),
               pod("{containers: [{name: c}]}")) == json(pod("{containers: [{name: c}]}")));
}

TEST_CASE("merge: a service's ports merge by port, told apart by protocol") {
  const ObjectId service{"v1", "Service", "", "dns"};
  const std::string base =
      "{spec: {ports: [{port: 53, protocol: UDP, name: u}, {port: 53, protocol: TCP, name: t}]}}";
  CHECK(merged(service, base, "{spec: {ports: [{port: 53, protocol: TCP, targetPort: 5353}]}}") ==
        json("{spec: {ports: [{port: 53, protocol: UDP, name: u}, "
             "{port: 53, protocol: TCP, name: t, targetPort: 5353}]}}"));
  CHECK(merged(service, "{spec: {ports: [{port: 161, protocol: UDP}]}}",
               "{spec: {ports: [{port: 161, name: snmp}]}}") ==
        json("{spec: {ports: [{port: 161, protocol: UDP, name: snmp}]}}"));
  CHECK(merged(service, "{spec: {ports: [{port: 80}]}}", "{spec: {ports: [{port: 80, protocol: UDP}]}}") ==
        json("{spec: {ports: [{port: 80}, {port: 80, protocol: UDP}]}}"));
}

TEST_CASE("merge: owners, service accounts' secrets, webhooks and drop-ins have keys too") {
  CHECK(merged(file, "{metadata: {ownerReferences: [{uid: a, name: x}]}}",
               "{metadata: {ownerReferences: [{uid: b}, {uid: a, name: y}]}}") ==
        json("{metadata: {ownerReferences: [{uid: a, name: y}, {uid: b}]}}"));
  CHECK(merged({"v1", "ServiceAccount", "", "a"}, "{secrets: [{name: a}], imagePullSecrets: [{name: a}]}",
               "{secrets: [{name: b}], imagePullSecrets: [{name: b}]}") ==
        json("{secrets: [{name: a}, {name: b}], imagePullSecrets: [{name: b}]}"));
  CHECK(merged({"admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "", "a"},
               "{webhooks: [{name: a, matchConditions: [{name: m, expression: x}]}]}",
               "{webhooks: [{name: a, matchConditions: [{name: m, expression: y}]}]}") ==
        json("{webhooks: [{name: a, matchConditions: [{name: m, expression: y}]}]}"));
  CHECK(merged({std::string(own_api), "SystemdUnit", "", "a"},
               "{spec: {dropIns: [{name: 10-a.conf, content: x}], restartOn: [File/a]}}",
               "{spec: {dropIns: [{name: 10-a.conf, content: y}, {name: b.conf}], restartOn: [File/b]}}") ==
        json("{spec: {dropIns: [{name: 10-a.conf, content: y}, {name: b.conf}], restartOn: [File/b]}}"));
}

TEST_CASE("merge: $patch deletes and replaces maps, list items and whole lists") {
  CHECK(merged(file, "{a: {b: 1}, c: {d: 1, e: 2}}", "{a: {$patch: delete}, c: {$patch: replace, e: 3}}") ==
        json("{c: {e: 3}}"));
  const std::string base = pod("{containers: [{name: a, image: x, args: [y]}, {name: b}, {name: c}]}");
  CHECK(merged(deployment, base,
               pod("{containers: [{name: b, $patch: delete}, {name: a, image: z, $patch: replace}, "
                   "{name: c, $patch: merge, image: w}, {name: none, $patch: delete}]}")) ==
        json(pod("{containers: [{name: a, image: z}, {name: c, image: w}]}")));
  CHECK(merged(deployment, base, pod("{containers: [{$patch: replace}, {name: d}]}")) ==
        json(pod("{containers: [{name: d}]}")));
  CHECK(merged(deployment, base, pod("{containers: [{$patch: delete}]}")) == json(pod("{containers: []}")));
  CHECK(merged(file, "{a: [1, 2]}", "{a: [{$patch: replace}, 3]}") == json("{a: [3]}"));
}

TEST_CASE("merge: $patch in what is new does not stay behind") {
  CHECK(merged(file, "{}",
               "{a: {$patch: replace, x: 1, y: null}, b: {$patch: delete}, c: [{k: 1, $patch: merge}]}") ==
        json("{a: {x: 1, y: null}, c: [{k: 1}]}"));
  Problems found;
  auto first = node("{a: {$patch: merge, x: null}, b: {$patch: delete}, c: [{$patch: replace}, 1]}");
  render::settle_directives(first, found);
  CHECK(nlohmann::json::parse(yaml::to_json(first).dump()) == json("{a: {x: null}, c: [1]}"));
}

TEST_CASE("merge: an unknown $patch, a foreign directive and an item without its key are errors") {
  const auto wrong = [](const std::string& base, const std::string& patch) {
    Problems found;
    auto result = node(base);
    render::merge(result, node(patch), render::shape_of(deployment), found);
    return problems(found);
  };
  CHECK(wrong("{a: {b: 1}}", "{a: {$patch: remove}}") ==
        Texts{"test.yaml:1:14: error: $patch: remove is not supported; write delete, replace or merge"});
  CHECK(wrong("{a: {b: 1}}", "{a: {$patch: true}}").size() == 1);
  CHECK(wrong("{a: [1]}", "{$deleteFromPrimitiveList/a: [1]}").front().starts_with("test.yaml:1:2: error: "));
  CHECK(wrong(pod("{containers: [{name: a}]}"), pod("{containers: [{image: b}]}"))
            .front()
            .find("the items of containers merge by name, and this one has none; write its name") !=
        std::string::npos);
}

TEST_CASE("merge: a schema's keywords with a dollar are not directives") {
  CHECK(merged(file, "{a: {$ref: x}}", "{a: {$schema: y}}") == json("{a: {$ref: x, $schema: y}}"));
}

TEST_CASE("merge: what replaces keeps its own place") {
  Problems found;
  auto base = node("a: 1\nb: 2\n");
  render::merge(base, node("\n\n\nb: 3\n"), render::shape_of(file), found);
  CHECK(to_string(base.find("b")->place) == "test.yaml:4:4");
  CHECK(to_string(base.place) == "test.yaml:1:1");
}

TEST_CASE("merge: two large maps merge by key") {
  std::string base = "{", patch = "{";
  for (int i = 0; i < 20'000; ++i) {
    base += "k" + std::to_string(i) + ": 1, ";
    patch += "k" + std::to_string(i + 10'000) + ": 2, ";
  }
  auto result = node(base + "}");
  Problems found;
  render::merge(result, node(patch + "}"), render::shape_of(file), found);
  CHECK(result.map()->size() == 30'000);
}
