#include <catch2/catch.hpp>

#include "render/kustomize/build.h"
#include "unit/render/rendering.h"

using namespace greenwave;
using namespace greenwave::test;
using Catch::Contains;

namespace {

struct Result {
  nlohmann::json objects = nlohmann::json::array();
  Texts problems;
  bool built = false;
  std::vector<yaml::Node> nodes;
};

Result built(Files files, const std::string& directory = "", const render::kustomize::Limits& limits = {}) {
  const MemoryTree tree(std::move(files));
  Problems found;
  Result result;
  auto objects = render::kustomize::build(tree, directory, found, limits);
  result.problems = problems(found);
  result.built = objects.has_value();
  if (!objects) return result;
  for (const auto& object : *objects) {
    result.objects.push_back(nlohmann::json::parse(yaml::to_json(object).dump()));
  }
  result.nodes = std::move(*objects);
  return result;
}

std::string config_map(const std::string& name) {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\n";
}

/// What a build of one kustomization and the ConfigMap "a" complains of.
std::string complaint(const std::string& kustomization) {
  const auto result =
      built({{"kustomization.yaml", "resources: [a.yaml]\n" + kustomization}, {"a.yaml", config_map("a")}});
  CHECK_FALSE(result.built);
  return result.problems.empty() ? "no problem" : result.problems.front();
}

}  // namespace

TEST_CASE("kustomize: an overlay changes its base") {
  const auto result = built({{"base/kustomization.yaml", "resources: [a.yaml]\n"},
                             {"base/a.yaml", config_map("a")},
                             {"top/kustomization.yaml", "resources: [../base]\nnamePrefix: x-\n"}},
                            "top");
  CHECK(result.problems == Texts{});
  REQUIRE(result.objects.size() == 1);
  CHECK(result.objects[0]["metadata"]["name"] == "x-a");
}

TEST_CASE("kustomize: a generated name ends in the same hash as kustomize's") {
  const auto result = built({{"kustomization.yaml",
                              "configMapGenerator: [{name: settings, literals: [a=b]}]\n"
                              "secretGenerator: [{name: keys, literals: [a=b]}]\n"}});
  REQUIRE(result.objects.size() == 2);
  CHECK(result.objects[0]["metadata"]["name"] == "settings-4h2mbtbbt6");
  CHECK(result.objects[1]["metadata"]["name"] == "keys-k695gkmbtk");
}

TEST_CASE("kustomize: what it does not support is refused by name and place") {
  CHECK(complaint("helmCharts: [{name: x}]\n") ==
        "kustomization.yaml:2:13: error: kustomize's helmCharts is not supported; keep the output of `helm "
        "template` in the repository, and name it in resources");
  for (const std::string field : {"helmGlobals", "helmChartInflationGenerator", "generators", "transformers",
                                  "validators", "crds", "openapi"}) {
    CHECK_THAT(complaint(field + ": [x]\n"),
               Contains("kustomize's " + field + " is not supported") && Contains("kustomization.yaml:2:"));
  }
  const auto remote = built({{"kustomization.yaml", "resources: ['https://example.com/x//y?ref=v1']\n"}});
  CHECK_FALSE(remote.built);
  CHECK_THAT(remote.problems.at(0), Contains("kustomization.yaml:1:13: error: https://example.com/x//y?ref=v1"
                                             " is remote, and only this repository is read"));
}

TEST_CASE("kustomize: an unknown field is reported with the one that was meant") {
  CHECK_THAT(complaint("namePrefx: x\n"), Contains("kustomization.yaml:2:") && Contains("namePrefix"));
}

TEST_CASE("kustomize: a cycle of bases is named") {
  const auto result = built(
      {{"a/kustomization.yaml", "resources: [../b]\n"}, {"b/kustomization.yaml", "resources:\n- ../a\n"}},
      "a");
  CHECK_FALSE(result.built);
  CHECK(result.problems.at(0) ==
        "b/kustomization.yaml:2:3: error: a cycle: a → b → a; name only directories that do not lead back "
        "here");
}

TEST_CASE("kustomize: no path leads out of the repository, nor a file's out of its kustomization") {
  const auto complaint_of = [](const std::string& resource) {
    const auto result = built(
        {{"k/kustomization.yaml", "resources: [" + resource + "]\n"}, {"a.yaml", config_map("a")}}, "k");
    CHECK_FALSE(result.built);
    return result.problems.at(0);
  };
  CHECK_THAT(complaint_of("../../etc"), Contains("\"../../etc\" is not a path in the repository"));
  CHECK_THAT(complaint_of("/etc/passwd"), Contains("is not a path in the repository"));
  CHECK_THAT(complaint_of("../a.yaml"), Contains("is outside of the kustomization's directory"));
}

TEST_CASE("kustomize: a value knows where it was written, in a resource, a patch or a kustomization") {
  const auto result = built({{"kustomization.yaml",
                              "resources: [a.yaml]\n"
                              "commonLabels:\n  team: signals\n"
                              "patches:\n- path: p.yaml\n- patch: |-\n"
                              "    apiVersion: v1\n    kind: ConfigMap\n"
                              "    metadata: {name: a}\n    data:\n      inline: x\n"},
                             {"a.yaml", config_map("a") + "data:\n  own: x\n"},
                             {"p.yaml", config_map("a") + "data:\n  patched: x\n"}});
  REQUIRE(result.nodes.size() == 1);
  const auto& object = result.nodes[0];
  const auto place = [&object](std::initializer_list<std::string_view> keys) {
    const auto* node = object.at(keys);
    return node == nullptr ? std::string("none") : to_string(node->place);
  };
  CHECK(to_string(object.place) == "a.yaml:1:1");
  CHECK(place({"metadata", "name"}) == "a.yaml:3:18");
  CHECK(place({"data", "own"}) == "a.yaml:5:8");
  CHECK(place({"data", "patched"}) == "p.yaml:5:12");
  CHECK(place({"data", "inline"}) == "kustomization.yaml:11");
  CHECK(place({"metadata", "labels", "team"}) == "kustomization.yaml:3:9");
}

TEST_CASE("kustomize: a patch of nothing, or of another type, points at the patch") {
  const auto complaint_of = [](const std::string& patch) {
    const auto result = built({{"kustomization.yaml", "resources: [a.yaml]\npatches: [{path: p.yaml}]\n"},
                               {"a.yaml", config_map("a") + "data: {x: z}\n"},
                               {"p.yaml", patch}});
    CHECK_FALSE(result.built);
    return result.problems.at(0);
  };
  CHECK(complaint_of(config_map("b")) ==
        "p.yaml:1:1: error: there is no ConfigMap/b to patch; fix its apiVersion, kind, name or "
        "namespace");
  CHECK_THAT(complaint_of(config_map("a") + "data: [1]\n"),
             Contains("p.yaml:4:7: error: data is a list here, and a map in what is patched (a.yaml:4:7)"));
}

TEST_CASE("kustomize: a generator's problems never contain the values that it was to hide") {
  const auto result = built({{"kustomization.yaml",
                              "secretGenerator:\n- name: keys\n  literals: [hunter2]\n"
                              "  envs: [s.env]\n"},
                             {"s.env", "A=hunter2\nA=hunter2\n=hunter2\n"}});
  CHECK_FALSE(result.built);
  CHECK(result.problems.size() == 3);
  for (const auto& problem : result.problems) CHECK_THAT(problem, !Contains("hunter2"));
}

TEST_CASE("kustomize: what a few lines could expand to is bounded") {
  SECTION("bases in bases") {
    Files files;
    for (int i = 0; i < 40; ++i) {
      files["d" + std::to_string(i) + "/kustomization.yaml"] =
          "resources: [../d" + std::to_string(i + 1) + "]\n";
    }
    const auto result = built(files, "d0");
    CHECK_FALSE(result.built);
    CHECK_THAT(result.problems.back(), Contains("deeper than 32"));
  }
  SECTION("bases that double") {
    Files files{{"d16/kustomization.yaml", "configMapGenerator: [{name: a}]\n"}};
    for (int i = 0; i < 16; ++i) {
      const auto below = "../d" + std::to_string(i + 1);
      files["d" + std::to_string(i) + "/kustomization.yaml"] = "resources: [" + below + ", " + below + "]\n";
    }
    const auto result = built(files, "d0");
    CHECK_FALSE(result.built);
    CHECK(result.problems.size() < 200);
  }
  SECTION("objects") {
    render::kustomize::Limits limits;
    limits.objects = 2;
    const auto result =
        built({{"kustomization.yaml", "resources: [a.yaml]\n"},
               {"a.yaml", config_map("a") + "---\n" + config_map("b") + "---\n" + config_map("c")}},
              "", limits);
    CHECK_FALSE(result.built);
    CHECK_THAT(result.problems.at(0), Contains("more than 2 objects"));
  }
  SECTION("a document copied into itself") {
    std::string operations;
    for (int i = 0; i < 40; ++i) {
      operations += "    - {op: copy, from: /data, path: /data/x" + std::to_string(i) + "}\n";
    }
    const auto result = built({{"kustomization.yaml",
                                "resources: [a.yaml]\npatches:\n- target: {kind: ConfigMap}\n"
                                "  patch: |-\n" +
                                    operations},
                               {"a.yaml", config_map("a") + "data: {a: b}\n"}});
    CHECK_FALSE(result.built);
    CHECK_THAT(result.problems.at(0), Contains("makes more than the limit for a device"));
  }
}

TEST_CASE("kustomize: Greenwave's own objects get no namespace, and their references follow a new name") {
  const auto result =
      built({{"kustomization.yaml",
              "resources: [a.yaml]\nnamespace: cabinet\nnamePrefix: x-\n"
              "configMapGenerator: [{name: c, literals: [a=b]}]\n"},
             {"a.yaml", file_named("conf") +
                            "---\napiVersion: greenwave.dev/v1\nkind: SystemdUnit\nmetadata:\n  name: unit\n"
                            "  annotations: {greenwave.dev/depends-on: 'File/conf, ConfigMap/c'}\n"
                            "spec: {name: u.service, restartOn: [File/conf, File/other]}\n"}});
  CHECK(result.problems == Texts{});
  REQUIRE(result.objects.size() == 3);
  const auto& unit = result.objects[2];
  CHECK(result.objects[1]["metadata"] == nlohmann::json{{"name", "x-conf"}});
  CHECK(unit["spec"]["restartOn"] == nlohmann::json{"File/x-conf", "File/other"});
  CHECK(unit["metadata"]["annotations"]["greenwave.dev/depends-on"] ==
        "File/x-conf, ConfigMap/x-c-4h2mbtbbt6");
}

TEST_CASE("kustomize: a mistake leaves nothing of the kustomization") {
  const auto result =
      built({{"kustomization.yaml", "resources: [a.yaml, none.yaml]\n"}, {"a.yaml", config_map("a")}});
  CHECK_FALSE(result.built);
  CHECK(result.problems == Texts{"kustomization.yaml:1:21: error: none.yaml does not exist; add it, or "
                                 "fix the path"});
}

TEST_CASE("kustomize: a variable that leads to nothing points at itself") {
  CHECK(complaint("vars:\n- {name: A, objref: {kind: Service, version: v1, name: none}}\n") ==
        "kustomization.yaml:3:3: error: no object is the one that the variable A names; fix its objref");
  CHECK(complaint("vars:\n- name: A\n  objref: {kind: ConfigMap, apiVersion: v1, name: a}\n"
                  "  fieldref: {fieldpath: data.none}\n") ==
        "kustomization.yaml:3:3: error: ConfigMap/a has no data.none; fix the fieldref of the variable");
  CHECK_THAT(complaint("vars:\n- {name: A, objref: {kind: ConfigMap, version: v1, name: a}}\n"
                       "- {name: A, objref: {kind: ConfigMap, version: v1, name: a}}\n"),
             Contains("kustomization.yaml:4:3: error: the variable A is declared twice, first at "
                      "kustomization.yaml:3:3"));
}

TEST_CASE("kustomize: what a configuration says wrong is found in its own file") {
  const auto complaint_of = [](const std::string& configuration) {
    const auto result = built({{"kustomization.yaml", "resources: [a.yaml]\nconfigurations: [f.yaml]\n"},
                               {"a.yaml", config_map("a")},
                               {"f.yaml", configuration}});
    CHECK_FALSE(result.built);
    return result.problems.at(0);
  };
  CHECK_THAT(complaint_of("namePrefx: []\n"), Contains("f.yaml:1:1: error: the configuration has no field") &&
                                                  Contains("did you mean namePrefix?"));
  CHECK_THAT(complaint_of("images:\n- {kind: X}\n"), Contains("f.yaml:2:3: error: the item of images: path"));
  CHECK_THAT(complaint_of("commonLabels:\n- {path: spec/selector}\n"),
             Contains("the field spec/selector is there already, with create: true; write create: true"));
}

TEST_CASE("kustomize: a replacement leaves the order and the quotes of YAML inside of a value") {
  const auto result =
      built({{"kustomization.yaml",
              "resources: [a.yaml]\nreplacements:\n- sourceValue: '1'\n  targets:\n"
              "  - {select: {name: a}, fieldPaths: [data.app.b.c]}\n"},
             {"a.yaml", config_map("a") + "data:\n  app: |\n    z: 'x'\n    b:\n      c: \"y\"\n"
                                          "    l:\n      - {k: 0x1F}\n"}});
  REQUIRE(result.objects.size() == 1);
  CHECK(result.objects[0]["data"]["app"] == "z: 'x'\nb:\n  c: \"1\"\nl:\n- {k: 0x1F}");
}

TEST_CASE("kustomize: a path with two lines in one names no other directory") {
  const auto result = built({{"b/kustomization.yaml", "resources:\n- ../a\n - ../../c\n"},
                             {"c/kustomization.yaml", "resources: [a.yaml]\n"},
                             {"c/a.yaml", config_map("a")}},
                            "b");
  CHECK_FALSE(result.built);
  CHECK_THAT(result.problems.at(0), Contains("b/kustomization.yaml:2:3: error: \"a - ..\" in a path"));
}

TEST_CASE("kustomize: an object of any kind may ask for a hash, which changes with its content alone") {
  const auto name_of = [](const std::string& text) {
    const auto result = built({{"kustomization.yaml", "resources: [a.yaml]\n"},
                               {"a.yaml",
                                "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: a\n  annotations: "
                                "{internal.config.kubernetes.io/needsHashSuffix: enabled}\n" +
                                    text}});
    REQUIRE(result.objects.size() == 1);
    CHECK_FALSE(result.objects[0]["metadata"].contains("annotations"));
    return result.objects[0]["metadata"]["name"].get<std::string>();
  };
  const auto name = name_of("spec: {parallelism: 1, suspend: true}\n");
  CHECK(name.size() == 12);
  CHECK(name == name_of("# a comment\nspec: {suspend: true, parallelism: 1}\n"));
  CHECK(name != name_of("spec: {parallelism: 2, suspend: true}\n"));
}
