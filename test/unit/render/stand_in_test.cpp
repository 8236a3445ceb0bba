#include <catch2/catch.hpp>

#include "unit/render/rendering.h"

// What stands for other content: links, submodules, pointers of Git LFS, encrypted files.

using namespace greenwave;
using namespace greenwave::test;
using Catch::Contains;
using Type = SourceTree::Type;

namespace {

const std::string pointer =
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";
const std::string sealed =
    R"({"data": "ENC[AES256_GCM,data:QQ==,iv:QQ==,tag:QQ==,type:str]", "sops": {"mac": "x"}})";

std::map<std::string, Type> links(const Texts& paths) {
  std::map<std::string, Type> types;
  for (const auto& path : paths) types[path] = Type::link;
  return types;
}

render::Rendered rendered_with(const Files& files, const std::map<std::string, Type>& types,
                               bool by_directory = false) {
  return render::render(
      MemoryTree(files).having(types),
      {.device = "sf-0042", .labels = {}, .facts = {}, .namespace_from_directory = by_directory});
}

std::string config_map(const std::string& name) {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\n";
}

const std::string layer_base = cluster("{layers: [{path: base}]}");

}  // namespace

TEST_CASE("stand-in: a linked directory is read like the one that it leads to") {
  const Files files{{"greenwave.yaml", layer_base},
                    {"base/a.yaml", file_named("a")},
                    {"base/all", "../shared"},
                    {"shared/b.yaml", file_named("b")},
                    {"shared/deep/c.yaml", file_named("c")}};
  const auto result = rendered_with(files, links({"base/all"}));
  CHECK(problems(result) == Texts{});
  CHECK(result.complete);
  CHECK(names(result) == Texts{"File/a", "File/b", "File/c"});
  CHECK(to_string(result.manifests[1].place()) == "shared/b.yaml:1:1");
}

TEST_CASE("stand-in: a linked manifest is read like the one that it leads to, whatever that is called") {
  const auto result = rendered_with({{"greenwave.yaml", layer_base},
                                     {"base/a.yaml", "../shared/a.yaml.in"},
                                     {"shared/a.yaml.in", file_named("a")}},
                                    links({"base/a.yaml"}));
  CHECK(problems(result) == Texts{});
  CHECK(names(result) == Texts{"File/a"});
}

TEST_CASE("stand-in: what a layer has by itself is read once, however many links lead to it") {
  const auto result = rendered_with({{"apps/a.yaml", file_named("a")},
                                     {"apps/again.yaml", "a.yaml"},
                                     {"current", "apps"},
                                     {"apps/up", ".."},
                                     {"one", "two"},
                                     {"two/back", "../one"},
                                     {"two/b.yaml", file_named("b")}},
                                    links({"apps/again.yaml", "current", "apps/up", "one", "two/back"}));
  CHECK(problems(result) == Texts{});
  CHECK(names(result) == Texts{"File/a", "File/b"});
}

TEST_CASE("stand-in: a link that leads nowhere, and a submodule, hold what the layer may have declared") {
  const std::pair<std::string, std::string> bad[] = {
      {"/srv/base", "base/all: error: the link base/all leads out of the repository"},
      {"../../other", "base/all: error: the link base/all leads out of the repository"},
      {"../gone", "base/all: error: the link base/all leads to gone, which does not exist"},
      {"all", "base/all: error: the link base/all leads back to itself"},
      {"..", "base/all: error: this link leads to a directory that it is in"}};
  for (const auto& [target, why] : bad) {
    const auto result = rendered_with(
        {{"greenwave.yaml", layer_base}, {"base/a.yaml", file_named("a")}, {"base/all", target}},
        links({"base/all"}));
    REQUIRE(problems(result).size() == 1);
    CHECK_THAT(problems(result)[0], Contains(why));
    CHECK_FALSE(result.complete);
    CHECK(names(result) == Texts{"File/a"});
  }
  const auto result =
      rendered_with({{"a.yaml", file_named("a")}, {"vendor/charts", ""}}, {{"vendor/charts", Type::other}});
  REQUIRE(problems(result).size() == 1);
  CHECK_THAT(problems(result)[0],
             Contains("vendor/charts: error: this submodule is not read, and it may declare something"));
  CHECK_FALSE(result.complete);
}

TEST_CASE("stand-in: links that only people read do not disturb") {
  const auto result = rendered_with({{"a.yaml", file_named("a")},
                                     {"notes.md", "../elsewhere/notes.md"},
                                     {"run.sh", "/usr/bin/true"},
                                     {".cache", "/tmp"},
                                     {"LICENSE", "licences/mit"},
                                     {"licences/mit", "free"}},
                                    links({"notes.md", "run.sh", ".cache", "LICENSE"}));
  CHECK(problems(result) == Texts{});
  CHECK(result.complete);
}

TEST_CASE("stand-in: greenwave.yaml, the inventory, a polygon and a layer may be links") {
  const Files files{
      {"greenwave.yaml", "city/here.yaml"},
      {"city/here.yaml",
       cluster("{devices: devices.geojson, layers: [{path: base, within: area.geojson}, {path: sites/x}]}")},
      {"devices.geojson", "city/all.geojson"},
      {"city/all.geojson",
       R"({"type": "FeatureCollection", "features": [{"type": "Feature", "id": "sf-0042",
          "geometry": {"type": "Point", "coordinates": [1, 1]}, "properties": {}}]})"},
      {"area.geojson", "city/area.geojson"},
      {"city/area.geojson",
       R"({"type": "Polygon", "coordinates": [[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]]})"},
      {"base", "real/base"},
      {"sites", "real"},
      {"real/base/a.yaml", file_named("a")},
      {"real/x/b.yaml", file_named("b")}};
  const auto types = links({"greenwave.yaml", "devices.geojson", "area.geojson", "base", "sites"});
  const auto result = rendered_with(files, types);
  CHECK(problems(result) == Texts{});
  CHECK(names(result) == Texts{"File/a", "File/b"});
  CHECK(result.layers == Texts{"base", "sites/x"});

  for (const std::string file : {"greenwave.yaml", "devices.geojson"}) {
    auto without = files;
    without.erase(files.at(file));
    CHECK_THAT(error_of([&] { rendered_with(without, types); }),
               Contains("the link " + file + " leads to " + files.at(file) + ", which does not exist"));
  }
  auto without = files;
  without.erase("city/area.geojson");
  without.erase("real/x/b.yaml");
  const auto broken = rendered_with(without, types);
  REQUIRE(problems(broken).size() == 2);
  CHECK_THAT(problems(broken)[0],
             Contains("city/here.yaml:4:") && Contains("the link area.geojson leads to"));
  CHECK_THAT(problems(broken)[1], Contains("the layer sites/x: the link sites leads to real/x"));
  CHECK_FALSE(broken.complete);
}

TEST_CASE("stand-in: a source may be a link, and content behind links is no manifest") {
  const Files files{{"a.yaml", file_named("a", "{path: /etc/a, source: files/conf.yaml}")},
                    {"files", "content"},
                    {"content/conf.yaml", "just: content"}};
  const auto result = rendered_with(files, links({"files"}));
  CHECK(problems(result) == Texts{});
  REQUIRE(names(result) == Texts{"File/a"});
  CHECK(result.manifests[0].source->path == "content/conf.yaml");
  CHECK(result.manifests[0].source->oid == MemoryTree(files).find("content/conf.yaml")->oid);

  auto broken = files;
  broken["files"] = "/etc";
  const auto refusal = rendered_with(broken, links({"files"}));
  CHECK(refused(refusal) == Texts{"File/a"});
  CHECK(
      problems(refusal).back() ==
      "a.yaml:4:30: error: the source files/conf.yaml: the link files leads out of the repository; links are "
      "followed within the cluster's directory: let it lead there, or put what it leads to here");
}

TEST_CASE("stand-in: namespaces are the first directory in the layer, by way of a link too") {
  const auto result = rendered_with({{"greenwave.yaml", layer_base},
                                     {"base/web/a.yaml", config_map("a")},
                                     {"base/dns", "../shared/x"},
                                     {"shared/x/deep/b.yaml", config_map("b")}},
                                    links({"base/dns"}), true);
  CHECK(names(result) == Texts{"ConfigMap/dns/b", "ConfigMap/web/a"});
}

TEST_CASE("stand-in: a pointer of Git LFS is refused wherever a file is read") {
  const auto what = "is a pointer of Git LFS, and devices fetch nothing from LFS";
  CHECK_THAT(error_of([&] { rendered({{"greenwave.yaml", pointer}}); }), Contains(what));
  CHECK_THAT(error_of([&] {
               rendered({{"greenwave.yaml", cluster("{devices: d.geojson}")}, {"d.geojson", pointer}});
             }),
             Contains("greenwave.yaml:4:") && Contains("d.geojson " + std::string(what)));
  const std::pair<Files, std::string> places[] = {
      {{{"a.yaml", pointer}}, "a.yaml: error: a.yaml "},
      {{{"greenwave.yaml", cluster("{layers: [{path: base, within: w.geojson}]}")},
        {"base/a.yaml", file_named("a")},
        {"w.geojson", pointer}},
       "greenwave.yaml:4:24: error: the polygon of this layer cannot be read: w.geojson "},
      {{{"kustomization.yaml", pointer}}, "kustomization.yaml: error: kustomization.yaml "},
      {{{"kustomization.yaml", "resources: [a.yaml]"}, {"a.yaml", pointer}},
       "kustomization.yaml:1:13: error: a.yaml "},
      {{{"kustomization.yaml", "configMapGenerator: [{name: c, files: [big.bin]}]"}, {"big.bin", pointer}},
       "kustomization.yaml:1:40: error: big.bin "}};
  for (const auto& [files, where] : places) {
    const auto result = rendered(files);
    REQUIRE(problems(result).size() == 1);
    CHECK_THAT(problems(result)[0], Contains(where) && Contains(what));
    CHECK_FALSE(result.complete);
  }
}

TEST_CASE("stand-in: what every device reads is refused when it is encrypted") {
  for (const auto& text : {sealed, std::string("age-encryption.org/v1\n-> X25519 x\n")}) {
    CHECK_THAT(error_of([&] {
                 rendered({{"greenwave.yaml", text}});
               }),
               Contains("greenwave.yaml is encrypted"));
    CHECK_THAT(error_of([&] {
                 rendered({{"greenwave.yaml", cluster("{devices: d.geojson}")}, {"d.geojson", text}});
               }),
               Contains("greenwave.yaml:4:") && Contains("d.geojson is encrypted"));
  }
}

TEST_CASE("stand-in: kustomize's links lead within the kustomization's directory, and to bases anywhere") {
  const Files files{{"greenwave.yaml", cluster("{layers: [{path: app}]}")},
                    {"app/kustomization.yaml",
                     "resources: [one.yaml, base]\nconfigMapGenerator: [{name: c, files: [conf]}]"},
                    {"app/one.yaml", "files/one.yaml"},
                    {"app/files/one.yaml", config_map("one")},
                    {"app/conf", "files/real.conf"},
                    {"app/files/real.conf", "x=1"},
                    {"app/base", "../bases/b"},
                    {"bases/b/kustomization.yaml", "real.yaml"},
                    {"bases/b/real.yaml", "resources: [two.yaml]"},
                    {"bases/b/two.yaml", config_map("two")}};
  const auto types = links({"app/one.yaml", "app/conf", "app/base", "bases/b/kustomization.yaml"});
  const auto result = rendered_with(files, types);
  CHECK(problems(result) == Texts{});
  REQUIRE(names(result).size() == 3);
  CHECK_THAT(names(result)[0], Contains("ConfigMap/c-"));

  const std::tuple<std::string, std::string, std::string> bad[] = {
      {"app/one.yaml", "../bases/b/two.yaml", "bases/b/two.yaml is outside of the kustomization's directory"},
      {"app/one.yaml", "files/none.yaml", "the link app/one.yaml leads to app/files/none.yaml"},
      {"app/conf", "/etc/passwd", "the link app/conf leads out of the repository"},
      {"app/base", "../bases/c", "the link app/base leads to bases/c, which does not exist"},
      {"app/base", "../app", "a cycle"},
      {"bases/b/kustomization.yaml", "../x.yaml",
       "the link bases/b/kustomization.yaml leads to bases/x.yaml"},
      {"bases/b/kustomization.yaml", "kustomization.yaml", "leads back to itself"}};
  for (const auto& [path, target, why] : bad) {
    auto broken = files;
    broken[path] = target;
    const auto refusal = rendered_with(broken, types);
    INFO(path << " -> " << target);
    REQUIRE_FALSE(problems(refusal).empty());
    CHECK_THAT(problems(refusal)[0], Contains(why) && Contains("error: "));
    CHECK_FALSE(refusal.complete);
  }
  auto module = files;
  auto module_types = types;
  module["app/base"] = "";
  module_types["app/base"] = Type::other;
  const auto refusal = rendered_with(module, module_types);
  CHECK_THAT(problems(refusal)[0],
             Contains("app/kustomization.yaml:1:23: error: app/base is a submodule, which is not read"));
}
