#include <catch2/catch.hpp>

#include "render/fleet.h"
#include "unit/render/rendering.h"

using namespace greenwave;
using namespace greenwave::test;

namespace {

/// A ConfigMap whose data.t is `text`.
std::string config_map(const std::string& text, const std::string& annotations = "{}") {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, annotations: " + annotations +
         "}\ndata: {t: '" + text + "'}\n";
}

std::string text_in(const Files& files) {
  const auto found = rendered(files);
  CHECK(problems(found).empty());
  const auto json = document(found, "x");
  return json.is_object() ? json["data"]["t"].get<std::string>() : json.dump();
}

const std::string written = "$${1} ${device.id} ${HOME} ${device.none}";
const std::string on = R"({greenwave.dev/variables: enabled})";
const std::string off = R"({greenwave.dev/variables: disabled})";

}  // namespace

TEST_CASE("substitution: without greenwave.yaml the text of others' manifests stays byte for byte") {
  CHECK(text_in({{"x.yaml", config_map(written)}}) == written);
  CHECK(text_in({{"a/kustomization.yaml", "resources: [x.yaml]\n"}, {"a/x.yaml", config_map(written)}}) ==
        written);
}

TEST_CASE("substitution: without greenwave.yaml variables are replaced in Greenwave's own kinds") {
  const auto found = rendered({{"a.yaml", file_named("a", "{path: '/etc/${device.id}', content: '$${x}'}")}});
  CHECK(spec(found, "a")["path"] == "/etc/sf-0042");
  CHECK(spec(found, "a")["content"] == "${x}");
}

TEST_CASE("substitution: greenwave.yaml turns it on, and a layer off again") {
  const std::string text = "$${1} ${device.id}";
  CHECK(text_in({{"greenwave.yaml", cluster("{}")}, {"x.yaml", config_map(text)}}) == "${1} sf-0042");
  CHECK(text_in({{"greenwave.yaml", cluster("{layers: [{path: a}]}")}, {"a/x.yaml", config_map(text)}}) ==
        "${1} sf-0042");
  const auto plain = cluster("{layers: [{path: a, variables: false}]}");
  CHECK(text_in({{"greenwave.yaml", plain}, {"a/x.yaml", config_map(written)}}) == written);
  const auto own = rendered(
      {{"greenwave.yaml", plain}, {"a/f.yaml", file_named("f", "{path: /etc/a, content: '${device.id}'}")}});
  CHECK(spec(own, "f")["content"] == "${device.id}");
}

TEST_CASE("substitution: an annotation decides for its manifest, whatever the layer says") {
  CHECK(text_in({{"x.yaml", config_map("$${1} ${device.id}", on)}}) == "${1} sf-0042");
  CHECK(text_in({{"greenwave.yaml", cluster("{}")}, {"x.yaml", config_map(written, off)}}) == written);
  CHECK(text_in({{"greenwave.yaml", cluster("{layers: [{path: a, variables: false}]}")},
                 {"a/x.yaml", config_map("${device.id}", on)}}) == "sf-0042");
  const auto wrong = rendered({{"x.yaml", config_map("a", "{greenwave.dev/variables: maybe}")}});
  REQUIRE(problems(wrong).size() == 1);
  CHECK_THAT(problems(wrong)[0],
             Catch::StartsWith("x.yaml:3:") && Catch::Contains("write disabled or enabled"));
}

TEST_CASE("substitution: each layer's manifest of one object has its own") {
  const Files files{
      {"greenwave.yaml", cluster("{layers: [{path: theirs, variables: false}, {path: ours}]}")},
      {"theirs/x.yaml", config_map("${device.id}")},
      {"ours/x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {u: '${device.id}'}\n"}};
  const auto data = document(rendered(files), "x")["data"];
  CHECK(data["t"] == "${device.id}");
  CHECK(data["u"] == "sf-0042");
}

TEST_CASE("substitution: an unknown variable is an error where it is on, and text where it is off") {
  CHECK(problems(rendered({{"x.yaml", config_map("${device.none.at.all}")}})).empty());
  const auto found =
      rendered({{"greenwave.yaml", cluster("{}")}, {"x.yaml", config_map("${device.none.at.all}")}});
  REQUIRE(problems(found).size() == 1);
  CHECK_THAT(problems(found)[0], Catch::StartsWith("x.yaml:4:"));
}

TEST_CASE("substitution: a fleet renders what its devices render") {
  for (const auto& spec : {"{}", "{layers: [{path: a, variables: false}]}"}) {
    const MemoryTree tree(
        {{"greenwave.yaml", cluster(spec)}, {"a/x.yaml", config_map("$${1} ${device.id}")}});
    const auto alone = render::render(tree, {"any-device", {}, {}});
    render::Fleet fleet(tree, {});
    REQUIRE(fleet.variants().size() == 1);
    const auto of_fleet = fleet.render(fleet.variants()[0]).manifest;
    REQUIRE(of_fleet);
    CHECK(yaml::same_value(of_fleet->document, alone.manifests.at(0).document));
  }
}

TEST_CASE("scalars: a manifest is read as kubectl reads it, and a kustomization as kustomize does") {
  const std::string pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {mode: 0400, on: yes}\n";
  CHECK(spec(rendered({{"p.yaml", pod}}), "p").dump() == R"({"mode":256,"true":true})");
  CHECK(spec(rendered({{"kustomization.yaml", "resources: [p.yaml]\n"}, {"p.yaml", pod}}), "p").dump() ==
        R"({"mode":256,"on":"yes"})");
  const std::string patches =
      "resources: [p.yaml]\npatches:\n- patch: '{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {a: "
      "yes, b: 010}}'\n"
      "- target: {kind: Pod}\n  patch: '[{\"op\": \"add\", \"path\": \"/spec/c\", \"value\": {y: yes, d: "
      "1e3}}]'\n";
  CHECK(spec(rendered({{"kustomization.yaml", patches}, {"p.yaml", pod}}), "p").dump() ==
        R"({"a":"yes","b":8,"c":{"d":1000,"true":true},"mode":256,"on":"yes"})");
}

TEST_CASE("scalars: what annotations say in a kustomization is their text") {
  const std::string pod =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: {a: 0400, b: 1.10, c: 2026-01-31, d: "
      "yes}}\n";
  const auto found = rendered({{"kustomization.yaml", "resources: [p.yaml]\n"}, {"p.yaml", pod}});
  CHECK(document(found, "p")["metadata"]["annotations"].dump() ==
        R"({"a":"0400","b":"1.10","c":"2026-01-31","d":"yes"})");
}

TEST_CASE("scalars: data that is not text is an error with its place, as on the server") {
  const auto found =
      rendered({{"x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n  mode: 0400\n"}});
  CHECK(problems(found) ==
        std::vector<std::string>{
            "x.yaml:5:9: error: data: mode must be a string, not a whole number; put it in quotes"});
  CHECK(refused(found) == std::vector<std::string>{"ConfigMap/x"});
}
