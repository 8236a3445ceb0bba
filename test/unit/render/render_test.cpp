#include "render/render.h"

#include <map>

#include <catch2/catch.hpp>

#include "unit/render/rendering.h"

using namespace greenwave;
using namespace greenwave::test;
using Catch::Contains;

namespace {

constexpr const char* devices = R"({"type": "FeatureCollection", "features": [
{"type": "Feature", "id": "sf-0042", "geometry": {"type": "Point", "coordinates": [-122.45, 37.77]},
 "properties": {"name": "Fulton & 3rd", "labels": {"model": "atc-5201", "district": "5"}}},
{"type": "Feature", "id": "sf-0043", "geometry": {"type": "Point", "coordinates": [-122.40, 37.70]},
 "properties": {"labels": {"model": "2070"}}}]})";

constexpr const char* fulton = R"({"type": "Feature", "geometry": {"type": "Polygon", "coordinates":
 [[[-122.5, 37.75], [-122.41, 37.75], [-122.41, 37.8], [-122.5, 37.8], [-122.5, 37.75]]]}})";

constexpr const char* two_layers = "{layers: [{path: base}, {path: top}]}";

}  // namespace

// --- plain repositories

TEST_CASE("render: a plain directory of YAML goes to every device") {
  const auto result =
      rendered({{"a.yaml", file_named("a")},
                {"sub/dir/b.yml", file_named("b") + "---\n" + file_named("c")},
                {"d.json", R"({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "d",
                                             "namespace": "cabinet"}, "data": {"a": "\u00e4"}})"},
                {"README.md", "not a manifest"},
                {".github/workflow.yaml", "[not, a, manifest]"},
                {".hidden.yaml", "[not, a, manifest]"}});
  CHECK(problems(result) == Texts{});
  CHECK(names(result) == Texts{"File/a", "File/b", "File/c", "ConfigMap/cabinet/d"});
  CHECK(result.complete);
  CHECK(result.layers == Texts{""});
  CHECK_FALSE(result.manifests[0].digest.is_zero());
  CHECK(to_string(result.manifests[1].place()) == "sub/dir/b.yml:1:1");
}

TEST_CASE("render: of many files, which are parsed at once, all come in the order of their paths") {
  test::Files files;
  Texts expected;
  for (int i = 100; i < 160; ++i) {
    const auto number = std::to_string(i);
    files[number + ".yaml"] = file_named("f" + number) + "# " + std::string(4000, 'x') + "\n";
    expected.push_back("File/f" + number);
  }
  CHECK(names(rendered(files)) == expected);
  for (const char* number : {"103", "131", "158"}) files[number + std::string(".yaml")] += "broken: [";
  const auto broken = problems(rendered(files));
  REQUIRE(broken.size() == 3);
  CHECK(broken[0].starts_with("103.yaml:"));
  CHECK(broken[1].starts_with("131.yaml:"));
  CHECK(broken[2].starts_with("158.yaml:"));
}

TEST_CASE("render: an empty repository declares nothing, and is complete") {
  const auto result = rendered({});
  CHECK(result.manifests.empty());
  CHECK(problems(result) == Texts{});
  CHECK(result.complete);
}

TEST_CASE("render: the same input gives the same digests, another value another one") {
  const auto digest = [](const std::string& content) {
    return rendered({{"a.yaml", file_named("a", "{path: /a, content: " + content + "}")}})
        .manifests.at(0)
        .digest;
  };
  CHECK(digest("x") == digest("x"));
  CHECK(digest("x") != digest("y"));
}

TEST_CASE("render: Lists are unpacked, their items keep their places") {
  const auto result =
      rendered({{"a.yaml",
                 "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, "
                 "metadata: {name: a}}\n- apiVersion: v1\n  kind: List\n  items:\n  - "
                 "{apiVersion: v1, kind: Pod, metadata: {name: b}}\n"},
                {"b.yaml", "apiVersion: v1\nkind: ConfigMapList\nitems: [{metadata: {name: c}}]\n"},
                {"c.yaml", "apiVersion: v1\nkind: List\nitems: null\n"}});
  CHECK(problems(result) == Texts{});
  CHECK(names(result) == Texts{"ConfigMap/c", "Pod/b", "Secret/a"});
  CHECK(to_string(result.manifests[2].place()) == "a.yaml:4:3");
}

TEST_CASE("render: a kind that ends in List but has no items is an object like others") {
  const auto result =
      rendered({{"a.yaml", "apiVersion: example.com/v1\nkind: AllowList\nmetadata: {name: a}\nspec: {}\n"}});
  CHECK(names(result) == Texts{"AllowList/a"});
}

// --- what a manifest must say

TEST_CASE("render: a manifest without apiVersion, kind or name is refused with what to write") {
  const auto wrong = [](const std::string& text) {
    const auto result = rendered({{"a.yaml", text}, {"b.yaml", file_named("b")}});
    CHECK(names(result) == Texts{"File/b"});
    CHECK_FALSE(result.complete);
    CHECK(result.refused.empty());
    return problems(result);
  };
  CHECK(wrong("kind: File\nmetadata: {name: a}\n") ==
        Texts{"a.yaml:1:1: error: the manifest has no apiVersion; write apiVersion: greenwave.dev/v1"});
  CHECK(wrong("apiVersion: v1\nmetadata: {name: a}\n") ==
        Texts{"a.yaml:1:1: error: the manifest has no kind; write kind: File"});
  CHECK(wrong("apiVersion: v1\nkind: Pod\n") ==
        Texts{"a.yaml:1:1: error: the manifest has no metadata.name; write metadata: {name: …}"});
  CHECK(wrong("apiVersion: v1\nkind: Pod\nmetadata: {name: ''}\n").size() == 1);
  CHECK(wrong("apiVersion: v1\nkind: Pod\nmetadata: [a]\n") ==
        Texts{"a.yaml:3:11: error: metadata must be a map, not a list; write metadata: {name: …}"});
  CHECK(wrong("apiVersion: v1\nkind: Pod\nmetadata: {name: 42}\n") ==
        Texts{"a.yaml:3:18: error: name must be a string, not a whole number; put it in quotes"});
  CHECK(wrong("- a\n- b\n").front() ==
        "a.yaml:1:1: error: a manifest is a map, not a list; write apiVersion, kind, metadata and spec");
  CHECK_THAT(wrong("settings: {a: 1}\n").front(), Contains("neither apiVersion nor kind"));
  CHECK(wrong("apiVersion: v1\nkind: Pod\nmetadata: {name: a/b}\n").size() == 1);
  CHECK(wrong("apiVersion: v1\nkind: Pod\nmetadata: {name: '${USER}'}\n").size() == 1);
  CHECK_THAT(wrong("apiVersion: greenwave.dev/v1\nkind: File\nmetadata: {name: a, namespace: b}\n").front(),
             Contains("have no namespace; remove it"));
}

TEST_CASE("render: an annotation of Greenwave's that is misspelt, or has an unknown value, is refused") {
  const auto of = [](const std::string& annotations) {
    const auto text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, annotations: {" + annotations + "}}\n";
    return problems(rendered({{"a.yaml", text}})).front();
  };
  CHECK(of("greenwave.dev/prnue: disabled") ==
        "a.yaml:3:35: error: Greenwave has no annotation greenwave.dev/prnue; did you mean "
        "greenwave.dev/prune?");
  CHECK_THAT(of("greenwav.dev/prune: disabled"), Contains("did you mean greenwave.dev/prune?"));
  CHECK_THAT(of("greenwave.dev/zzzzzzzzzzzzzzzz: a"),
             Contains("its annotations are greenwave.dev/depends-on, "));
  CHECK_THAT(of("greenwave.dev/healthy-within: soon"), Contains("write a time up to 1h, e.g. 5m"));
  CHECK_THAT(of("greenwave.dev/healthy-within: 2h"), Contains("write a time up to 1h, e.g. 5m"));
  CHECK_THAT(of("greenwave.dev/recreate: 'yes'"), Contains("write true or false, or remove it"));
  CHECK_THAT(of("greenwave.dev/prune: disabled, greenwave.dev/on-removal: delete"),
             Contains("remove one of the two"));
}

TEST_CASE("render: an annotation that is not a string is refused, because it would silently do nothing") {
  const auto result = rendered(
      {{"a.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  annotations: {greenwave.dev/prune: false}\n"},
       {"b.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: b, labels: [x]}\n"}});
  CHECK(refused(result) == Texts{"Pod/a", "Pod/b"});
  CHECK(problems(result) ==
        Texts{"a.yaml:5:38: error: annotations: greenwave.dev/prune must be a string, not a boolean; put it "
              "in quotes",
              "b.yaml:3:29: error: labels must be a map, not a list; write labels: {name: value}"});
  CHECK(result.complete);
}

TEST_CASE("render: two manifests for one object in one layer are refused with both places") {
  const auto result = rendered(
      {{"a.yaml", file_named("a")}, {"b.yaml", "# b\n" + file_named("a")}, {"c.yaml", file_named("c")}});
  CHECK(problems(result) ==
        Texts{"b.yaml:2:1: error: File/a is declared twice in this layer, first at a.yaml:1:1; "
              "remove one of the two, or move one to a later layer, where it merges over the other"});
  CHECK(refused(result) == Texts{"File/a"});
  CHECK(names(result) == Texts{"File/c"});
  CHECK(result.complete);
}

TEST_CASE("render: a broken file is reported with its place; the others go on, and nothing is to be pruned") {
  const auto result =
      rendered({{"a.yaml", file_named("a") + "---\nkind: [File\nname: b\n"}, {"c.yaml", file_named("c")}});
  CHECK(names(result) == Texts{"File/a", "File/c"});
  CHECK_FALSE(result.complete);
  REQUIRE(result.problems.size() == 1);
  CHECK_THAT(problems(result)[0], Catch::StartsWith("a.yaml:7:"));
}

TEST_CASE("render: tabs, duplicate keys and oversize files are refused with their place") {
  const auto result = rendered({{"dup.yaml", "kind: A\nkind: B\n"},
                                {"large.yaml", std::string(5 << 20, '#')},
                                {"tab.yaml", "kind:\n\tA\n"}});
  CHECK_FALSE(result.complete);
  REQUIRE(result.problems.size() == 3);
  CHECK_THAT(problems(result)[0], Catch::StartsWith("dup.yaml:2:1: error: duplicate key \"kind\""));
  CHECK_THAT(problems(result)[1], Catch::StartsWith("large.yaml: error: "));
  CHECK_THAT(problems(result)[2], Catch::StartsWith("tab.yaml:2:1: error: a tab"));
}

TEST_CASE("render: a device's manifests are bounded as a whole, by what they take in memory") {
  test::Files files{{"a.yaml", test::file_named("a")}};
  std::string values = "[1";
  for (int i = 0; i < 150'000; ++i) values += ",1";
  for (const std::string name : {"b", "c", "d", "e", "f", "g", "h", "i", "j"}) {
    files[name + ".yaml"] = test::file_named(name, "{path: /etc/a, content: x, values: " + values + "]}");
  }
  const auto found = rendered(files);
  CHECK_FALSE(found.complete);
  CHECK(test::names(found).size() < 8);
  CHECK(test::problems(found).back() ==
        "j.yaml: error: the manifests of this device take more than 64 MiB of memory; move large content to "
        "separate files and name them as sources");
}

TEST_CASE("render: a device's layers are bounded as a whole, by the number of their files and directories") {
  /// As git can have it in thirty small objects: each directory has ten, without end.
  struct Bomb : SourceTree {
    std::optional<Item> find(const std::string& path) const override {
      if (path.ends_with("yaml") || path.ends_with("yml") || path.ends_with("ustomization")) return {};
      return Item{path, Type::directory, ""};
    }
    std::vector<Item> list(const std::string&) const override {
      ++lists;
      std::vector<Item> items;
      for (char name = 'a'; name < 'k'; ++name) items.push_back({std::string(1, name), Type::directory, ""});
      return items;
    }
    std::string read(const std::string&, std::size_t) const override { return ""; }
    mutable int lists = 0;
  };
  const Bomb bomb;
  const auto found = render::render(bomb, {"sf-0042", {}, {}});
  CHECK_FALSE(found.complete);
  CHECK(bomb.lists < 10'100);
  REQUIRE(found.problems.list().size() > 0);
  CHECK(found.problems.list().back().message ==
        "the layers of this device have more than 100000 files and directories");
  CHECK(found.problems.list().size() < 2'000);
}

TEST_CASE("render: a warning of the YAML reader is passed on once, and refuses nothing") {
  const auto result = rendered({{"a.yaml", file_named("a", "{path: /a, content: yes}")}});
  CHECK(names(result) == Texts{"File/a"});
  REQUIRE(result.problems.size() == 1);
  CHECK_THAT(problems(result)[0], Contains("a.yaml:4:27: warning: yes is read as a string"));
}

// --- the cluster and its inventory

TEST_CASE("render: a broken greenwave.yaml says all that is wrong, and nothing else can be said") {
  CHECK(error_of([] {
          rendered({{"greenwave.yaml", cluster("{layer: [], windows: 3}")}});
        }) ==
        "greenwave.yaml:4:28: error: the cluster's spec: windows must be a list, not a whole number; write "
        "windows: […]\n"
        "greenwave.yaml:4:8: error: the cluster's spec has no field \"layer\"; did you mean layers?");
}

TEST_CASE("render: a greenwave.yaml that is a directory is an error, not a plain repository") {
  CHECK_THAT(error_of([] {
               rendered({{"greenwave.yaml/a.yaml", file_named("a")}});
             }),
             Contains("greenwave.yaml is not a file"));
}

TEST_CASE("render: an inventory that does not exist, or is broken, is an error with its place") {
  CHECK(error_of([] {
          rendered({{"greenwave.yaml", cluster("{devices: d.geojson}")}});
        }) ==
        "greenwave.yaml:4:17: the inventory d.geojson does not exist; add it, fix the path, or omit "
        "devices");
  CHECK_THAT(error_of([] {
               rendered({{"greenwave.yaml", cluster("{devices: d.geojson}")}, {"d.geojson", "{\n\"a\": }"}});
             }),
             Catch::StartsWith("d.geojson:2:6: syntax error"));
  CHECK_THAT(error_of([] {
               rendered({{"greenwave.yaml", cluster("{devices: d.geojson}")},
                         {"d.geojson", R"({"type": "FeatureCollection", "features": [{"id": "sf-0042"}]})"}});
             }),
             Contains("d.geojson:1:44: error: the device sf-0042 has no position"));
}

TEST_CASE("render: labels come from the inventory first, then the device's configuration, then facts") {
  const auto result =
      rendered({{"greenwave.yaml", cluster("{devices: devices.geojson}")}, {"devices.geojson", devices}},
               {"sf-0042", {{"model", "own"}, {"role", "canary"}}, {{"role", "fact"}, {"arch", "x86"}}});
  CHECK(result.device.labels ==
        Labels{{"model", "atc-5201"}, {"district", "5"}, {"role", "canary"}, {"arch", "x86"}});
  CHECK(result.device.in_inventory);
}

TEST_CASE(
    "render: for a device that the inventory does not list nothing is rendered, with the ids that are near") {
  const auto error_for = [](const std::string& id) {
    return error_of([&id] {
      rendered({{"greenwave.yaml", cluster("{devices: devices.geojson, layers: [{path: base}]}")},
                {"devices.geojson", devices},
                {"base/a.yaml", file_named("a")}},
               {id, {}, {}});
    });
  };
  CHECK(error_for("sf-042") ==
        "devices.geojson lists no device sf-042; near are: sf-0042, sf-0043; a device keeps what it has "
        "until its "
        "Feature is there, or agent.yaml sets device: to its id");
  CHECK_THAT(error_for("SF-0042.signals.example"), Contains("near are: sf-0042;"));
  CHECK_THAT(error_for("localhost"), Contains("lists no device localhost; a device keeps what it has"));
}

TEST_CASE("render: a retired device gets no layers") {
  auto retiring = std::string(devices);
  const std::string before = R"("properties": {)";
  retiring.insert(retiring.find(before, retiring.find("sf-0042")) + before.size(), R"("retired": true, )");
  const Files files{{"greenwave.yaml", cluster("{devices: devices.geojson}")},
                    {"devices.geojson", retiring},
                    {"a.yaml", file_named("a")}};
  const auto result = rendered(files, {"sf-0042", {}, {}});
  CHECK(result.device.retired);
  CHECK(names(result) == Texts{});
  CHECK(result.complete);
  CHECK(names(rendered(files, {"sf-0043", {}, {}})) == Texts{"File/a"});
}

// --- layers

TEST_CASE("render: a device gets the layers whose selector and polygon hold it, in their order") {
  const Files files{
      {"greenwave.yaml",
       cluster("{devices: devices.geojson, layers: [{path: base}, {path: models/atc, selector: "
               "{matchExpressions: "
               "[{key: model, operator: In, values: [atc-5201]}]}}, {path: fulton, within: fulton.geojson}, "
               "{path: 'devices/${device.id}', optional: true}]}")},
      {"devices.geojson", devices},
      {"fulton.geojson", fulton},
      {"base/a.yaml", file_named("a", "{path: /a, content: base}")},
      {"models/atc/a.yaml", file_named("a", "{content: atc}")},
      {"fulton/a.yaml", file_named("a", "{mode: '0600'}")},
      {"devices/sf-0042/a.yaml", file_named("a", "{content: mine}")}};
  const auto inside = rendered(files, {"sf-0042", {}, {}});
  CHECK(problems(inside) == Texts{});
  CHECK(inside.layers == Texts{"base", "models/atc", "fulton", "devices/sf-0042"});
  CHECK(spec(inside, "a") == nlohmann::json{{"path", "/a"}, {"content", "mine"}, {"mode", "0600"}});
  const auto outside = rendered(files, {"sf-0043", {}, {}});
  CHECK(outside.layers == Texts{"base"});
  CHECK(spec(outside, "a") == nlohmann::json{{"path", "/a"}, {"content", "base"}});
}

TEST_CASE("render: a required layer that does not exist holds the objects of the others") {
  const auto result = rendered({{"greenwave.yaml", cluster(two_layers)}, {"base/a.yaml", file_named("a")}});
  CHECK_FALSE(result.complete);
  CHECK(result.layers == Texts{"base"});
  CHECK(refused(result) == Texts{"File/a"});
  CHECK(problems(result) == Texts{"greenwave.yaml:4:38: error: the layer top does not exist; create the "
                                  "directory, fix the path, or write "
                                  "optional: true if only some devices have one",
                                  "greenwave.yaml:4:38: warning: 1 object of other layers stays as it is: "
                                  "this layer may change it; fix "
                                  "this layer first"});
}

TEST_CASE("render: a layer's path that a variable leads elsewhere is refused") {
  for (const char* id : {"..", ".", "a/b", "../base", ""}) {
    const auto result =
        rendered({{"greenwave.yaml", cluster("{layers: [{path: 'devices/${device.id}', optional: true}]}")},
                  {"base/a.yaml", file_named("a")},
                  {"devices/x/a.yaml", file_named("b")}},
                 {id, {}, {}});
    CHECK(names(result) == Texts{});
    CHECK_FALSE(result.complete);
    CHECK_THAT(problems(result).at(0),
               Contains("use only variables whose values are the names of directories"));
  }
  const auto whole = rendered(
      {{"greenwave.yaml", cluster("{layers: [{path: '${device.id}'}]}")}, {"a.yaml", file_named("a")}},
      {"", {}, {}});
  CHECK(names(whole) == Texts{});
}

TEST_CASE("render: a label's key with a slash in a layer's path stands for one name") {
  const auto result =
      rendered({{"greenwave.yaml", cluster("{layers: [{path: 'zones/${device.labels.example.com/zone}'}]}")},
                {"zones/7/a.yaml", file_named("a")}},
               {"sf", {{"example.com/zone", "7"}}, {}});
  CHECK(names(result) == Texts{"File/a"});
}

TEST_CASE("render: an unknown variable in a layer's path is an error with its place") {
  const auto result = rendered({{"greenwave.yaml", cluster("{layers: [{path: '${device.labels.zone}'}]}")}});
  CHECK_FALSE(result.complete);
  CHECK_THAT(problems(result).at(0),
             Catch::StartsWith("greenwave.yaml:4:24: error: the variable ${device.labels.zone}"));
}

TEST_CASE("render: a polygon that is missing or broken leaves its layer unknown") {
  const std::string spec =
      "{devices: devices.geojson, layers: [{path: base}, {path: top, within: f.geojson}, {path: more, "
      "within: f.geojson}]}";
  Files files{{"greenwave.yaml", cluster(spec)},
              {"devices.geojson", devices},
              {"base/a.yaml", file_named("a")},
              {"top/b.yaml", file_named("b")},
              {"more/c.yaml", file_named("c")}};
  const auto missing = rendered(files);
  CHECK_FALSE(missing.complete);
  CHECK_THAT(problems(missing).at(0), Catch::StartsWith("greenwave.yaml:4:"));
  CHECK(names(missing) == Texts{});
  files["f.geojson"] = R"({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [2, 2], [3, 3]]]})";
  const auto broken = rendered(files);
  CHECK_FALSE(broken.complete);
  CHECK_THAT(problems(broken).at(0), Catch::StartsWith("f.geojson:1:37: error: this ring is not closed"));
  CHECK(broken.problems.size() == 2);
}

TEST_CASE("render: a directory that is itself a layer is not part of the layer around it") {
  const auto result = rendered(
      {{"greenwave.yaml", cluster("{layers: [{path: .}, {path: 'devices/${device.id}', optional: true}]}")},
       {"a.yaml", file_named("a")},
       {"devices/sf-0042/a.yaml", file_named("a", "{mode: '0600'}")},
       {"devices/sf-0043/b.yaml", file_named("b")},
       {"devices/sf-0042/deeper/c.yaml", file_named("c")}});
  CHECK(problems(result) == Texts{});
  CHECK(names(result) == Texts{"File/a", "File/c"});
  CHECK(spec(result, "a")["mode"] == "0600");
}

TEST_CASE("render: the inventory and the polygons may be called *.json") {
  const auto result =
      rendered({{"greenwave.yaml",
                 cluster("{devices: devices.json, layers: [{path: .}, {path: top, within: top.json}]}")},
                {"devices.json", devices},
                {"top.json", fulton},
                {"top/a.yaml", file_named("a")}});
  CHECK(problems(result) == Texts{});
  CHECK(names(result) == Texts{"File/a"});
}

TEST_CASE("render: a greenwave.yaml in a subdirectory is a manifest like others") {
  const auto result = rendered({{"greenwave.yaml", cluster("{}")}, {"sub/greenwave.yaml", file_named("a")}});
  CHECK(names(result) == Texts{"File/a"});
}

// --- merging

TEST_CASE("render: a later layer's list of containers merges by name") {
  const std::string head =
      "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cam, namespace: cabinet}\nspec: ";
  const auto result =
      rendered({{"greenwave.yaml", cluster(two_layers)},
                {"base/a.yaml",
                 head + "{template: {spec: {containers: [{name: cam, image: 'cam:1'}, {name: log}]}}}\n"},
                {"top/a.yaml", head + "{template: {spec: {containers: [{name: cam, image: 'cam:2'}]}}}\n"}});
  CHECK(spec(result, "cam")["template"]["spec"]["containers"] ==
        nlohmann::json::parse(R"([{"name": "cam", "image": "cam:2"}, {"name": "log"}])"));
}

TEST_CASE("render: objects of another version or namespace do not merge") {
  const auto pod = [](const std::string& space) {
    return "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: " + space + "}\n";
  };
  const auto result = rendered(
      {{"greenwave.yaml", cluster(two_layers)}, {"base/a.yaml", pod("w")}, {"top/a.yaml", pod("x")}});
  CHECK(names(result) == Texts{"Pod/w/a", "Pod/x/a"});
}

TEST_CASE("render: a later layer deletes or replaces a whole object") {
  const auto result = rendered({{"greenwave.yaml", cluster(two_layers)},
                                {"base/a.yaml", file_named("a")},
                                {"base/b.yaml", file_named("b", "{path: /b, mode: '0600'}")},
                                {"top/a.yaml", "$patch: delete\n" + file_named("a", "null")},
                                {"top/b.yaml", "$patch: replace\n" + file_named("b", "{path: /c}")},
                                {"top/c.yaml", "$patch: delete\n" + file_named("c", "null")}});
  CHECK(names(result) == Texts{"File/b"});
  CHECK(document(result, "b") == nlohmann::json::parse(R"({"apiVersion": "greenwave.dev/v1", "kind": "File",
        "metadata": {"name": "b"}, "spec": {"path": "/c"}})"));
  CHECK(result.refused.empty());
  CHECK(problems(result) ==
        Texts{"top/c.yaml:1:1: warning: $patch: delete of File/c, which no earlier layer declares; "
              "remove this manifest"});
}

TEST_CASE("render: a merge that goes wrong refuses its object only") {
  const auto result = rendered({{"greenwave.yaml", cluster(two_layers)},
                                {"base/a.yaml", file_named("a")},
                                {"base/b.yaml", file_named("b")},
                                {"top/a.yaml", file_named("a", "{$patch: drop}")}});
  CHECK(refused(result) == Texts{"File/a"});
  CHECK(names(result) == Texts{"File/b"});
}

TEST_CASE("render: what is refused in an earlier layer is not let through by a later partial declaration") {
  const auto result = rendered({{"greenwave.yaml", cluster(two_layers)},
                                {"base/a.yaml", file_named("a", "{path: /a, content: '${device.labels.x}'}")},
                                {"base/b.yaml", file_named("b", "{path: /a, content: '${device.labels.x}'}")},
                                {"base/c.yaml", file_named("c", "{path: /a, content: '${device.labels.x}'}")},
                                {"top/a.yaml", file_named("a", "{mode: '0600'}")},
                                {"top/b.yaml", "$patch: replace\n" + file_named("b")},
                                {"top/c.yaml", "$patch: delete\n" + file_named("c")}});
  CHECK(refused(result) == Texts{"File/a"});
  CHECK(names(result) == Texts{"File/b"});
}

TEST_CASE(
    "render: a file of a later layer that cannot be read holds what it may change, not its neighbours") {
  const auto result =
      rendered({{"greenwave.yaml", cluster("{layers: [{path: base}, {path: top}, {path: last}]}")},
                {"base/a.yaml", file_named("a")},
                {"base/b.yaml", file_named("b")},
                {"top/b.yaml", file_named("b", "{mode: '0600'}")},
                {"top/broken.yaml", "{"},
                {"last/c.yaml", file_named("c")},
                {"last/d.yaml", "$patch: replace\n" + file_named("d")}});
  CHECK_FALSE(result.complete);
  CHECK(names(result) == Texts{"File/b", "File/d"});
  CHECK(refused(result) == Texts{"File/a", "File/c"});
  CHECK_THAT(problems(result).back(),
             Contains("top/broken.yaml:") && Contains("2 objects of other layers stay as they are"));
}

// --- variables

TEST_CASE("render: variables are put into manifests, names included, before layers merge") {
  const auto result = rendered(
      {{"greenwave.yaml", cluster("{vars: {port: 161}, layers: [{path: base}, {path: top}]}")},
       {"base/a.yaml", file_named("'plan-${device.id}'", "{path: /a, json: {port: '${cluster.vars.port}'}}")},
       {"top/a.yaml", file_named("plan-sf-0042", "{content: '${HOME}'}")}});
  CHECK(spec(result, "plan-sf-0042") ==
        nlohmann::json::parse(R"({"path": "/a", "json": {"port": 161}, "content": "${HOME}"})"));
}

TEST_CASE("render: an unknown variable refuses its object with file, line and column") {
  const auto result =
      rendered({{"a.yaml", file_named("a", "\n  path: /a\n  content: |\n    x ${device.labels.zone}")},
                {"b.yaml", file_named("b")}});
  CHECK(refused(result) == Texts{"File/a"});
  CHECK(names(result) == Texts{"File/b"});
  CHECK(result.complete);
  REQUIRE(result.problems.size() == 1);
  CHECK_THAT(problems(result)[0],
             Catch::StartsWith("a.yaml:7:7: error: the variable ${device.labels.zone} is unknown"));
}

TEST_CASE("render: all mistakes of a manifest are said, those of its name and its variables") {
  const auto result =
      rendered({{"a.yaml", file_named("'Two Words'", "\n  path: /a\n  content: ${device.labels.zone}")}});
  REQUIRE(result.problems.size() == 2);
  CHECK_THAT(problems(result)[0], Contains("the variable ${device.labels.zone} is unknown"));
  CHECK_THAT(problems(result)[1], Contains("\"Two Words\" is not a valid name"));
}

TEST_CASE("render: annotations are for the kinds that read them") {
  const auto annotated = [](const std::string& kind, const std::string& annotation) {
    return rendered({{"a.yaml", "apiVersion: greenwave.dev/v1\nkind: " + kind +
                                    "\nmetadata: {name: a, annotations: {" + annotation + "}}\nspec: {}\n"}});
  };
  for (const std::string annotation : {"force", "recreate", "propagation", "healthy-within"}) {
    const auto result = annotated("File", "greenwave.dev/" + annotation + ": \"true\"");
    REQUIRE(result.problems.size() == 1);
    CHECK_THAT(problems(result)[0], Contains("File has no annotation greenwave.dev/" + annotation) &&
                                        Contains("its annotations are greenwave.dev/depends-on"));
  }
  CHECK(annotated("SystemdUnit", "greenwave.dev/healthy-within: 5m").problems.empty());
  CHECK(annotated("SystemdUnit", "greenwave.dev/force: \"true\"").problems.size() == 1);
}

TEST_CASE("render: an unknown variable in a name leaves unknown which object it is") {
  const auto result = rendered({{"a.yaml", file_named("'a-${device.labels.zone}'")}});
  REQUIRE(result.problems.size() == 1);
  CHECK_THAT(problems(result)[0], Contains("the variable ${device.labels.zone} is unknown"));
  CHECK_FALSE(result.complete);
  CHECK(result.refused.empty());
}

TEST_CASE("render: a plain repository knows the device's id and labels, and no cluster") {
  const auto result =
      rendered({{"a.yaml", file_named("a", "{content: '${device.id} ${device.labels.arch}'}")},
                {"b.yaml", file_named("b", "{content: '${cluster.name}'}")}},
               {"sf-1", {}, {{"arch", "arm64"}}});
  CHECK(spec(result, "a")["content"] == "sf-1 arm64");
  CHECK(refused(result) == Texts{"File/b"});
}

// --- sources and content

TEST_CASE("render: a source is found in the repository and changes the digest with its content") {
  const auto render_with = [](const std::string& content) {
    return rendered({{"a.yaml", file_named("a", "{path: /a, source: ./files//motd}")},
                     {"b.yaml",
                      "apiVersion: greenwave.dev/v1\nkind: Directory\nmetadata: {name: b}\n"
                      "spec: {path: /b, source: files/}\n"},
                     {"files/motd", content}});
  };
  const auto one = render_with("hello\n");
  CHECK(problems(one) == Texts{});
  REQUIRE(one.manifests.size() == 2);
  CHECK(one.manifests[0].id.kind == "Directory");
  CHECK(one.manifests[0].source->path == "files");
  CHECK(one.manifests[0].source->is_directory);
  CHECK(one.manifests[1].source->path == "files/motd");
  CHECK_FALSE(one.manifests[1].source->is_directory);
  CHECK(one.manifests[1].source->oid.size() == 40);
  const auto two = render_with("bye\n");
  CHECK(one.manifests[0].digest != two.manifests[0].digest);
  CHECK(one.manifests[1].digest != two.manifests[1].digest);
}

TEST_CASE("render: a source that is missing, of the wrong type or outside refuses its object") {
  const auto wrong = [](const std::string& spec) {
    const auto result =
        rendered({{"a.yaml", file_named("a", spec)}, {"b.yaml", file_named("b")}, {"files/motd", "hello"}});
    CHECK(refused(result) == Texts{"File/a"});
    CHECK(names(result) == Texts{"File/b"});
    CHECK(result.complete);
    return problems(result).at(0);
  };
  CHECK(
      wrong("{source: files/modt}") ==
      "a.yaml:4:16: error: the source files/modt does not exist in the repository; did you mean files/motd?");
  CHECK_THAT(wrong("{source: files}"), Contains("is a directory; name a file, or write kind: Directory"));
  CHECK_THAT(wrong("{source: ../other}"), Contains("is not a path in the repository"));
  CHECK_THAT(wrong("{source: /etc/motd}"), Contains("is not a path in the repository"));
  CHECK_THAT(wrong("{source: 7}"), Contains("source must be a string, not a whole number"));
  CHECK_THAT(wrong("{source: .}"), Contains("the source of File/a holds"));
}

TEST_CASE("render: YAML that a source names is content, whichever layer it is in") {
  const auto result =
      rendered({{"greenwave.yaml", cluster(two_layers)},
                {"base/app.yaml", file_named("app", "{path: /a, source: base/files/app.yaml}")},
                {"base/files/app.yaml", "not: a manifest\n"},
                {"top/tree.yaml",
                 "apiVersion: greenwave.dev/v1\nkind: Directory\nmetadata: {name: tree}\n"
                 "spec: {path: /b, source: base/tree}\n"},
                {"base/tree/broken.yaml", "{"},
                {"base/tree/deep/pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: content}\n"}});
  CHECK(problems(result) == Texts{});
  CHECK(names(result) == Texts{"Directory/tree", "File/app"});
  CHECK(result.complete);
}

TEST_CASE(
    "render: a source that contains Greenwave's manifests, or a layer, is refused instead of hiding them") {
  const auto result = rendered({{"greenwave.yaml", cluster(two_layers)},
                                {"base/a.yaml", file_named("a")},
                                {"base/sub/b.yaml", file_named("b")},
                                {"top/tree.yaml",
                                 "apiVersion: greenwave.dev/v1\nkind: Directory\nmetadata: {name: tree}\n"
                                 "spec: {path: /b, source: base/sub}\n"},
                                {"top/layer.yaml",
                                 "apiVersion: greenwave.dev/v1\nkind: Directory\nmetadata: {name: layer}\n"
                                 "spec: {path: /c, source: base}\n"},
                                {"top/self.yaml", file_named("self", "{path: /d, source: top/self.yaml}")}});
  CHECK(names(result) == Texts{"File/a", "File/b"});
  CHECK(refused(result) == Texts{"Directory/layer", "Directory/tree", "File/self"});
  CHECK_THAT(problems(result).at(0), Contains("the source of Directory/layer holds the layer \"base\""));
}

TEST_CASE("render: the source of another kind is its own affair") {
  const auto result = rendered(
      {{"a.yaml", "apiVersion: example.com/v1\nkind: File\nmetadata: {name: a}\nspec: {source: none}\n"}});
  CHECK(names(result) == Texts{"File/a"});
  CHECK_FALSE(result.manifests[0].source);
}

TEST_CASE("render: a kustomized directory renders as kustomize does, and adds nothing else") {
  const auto result = rendered({{"a.yaml", file_named("a")},
                                {"k/kustomization.yaml", "resources: [b.yaml]\nnamePrefix: x-\n"},
                                {"k/b.yaml", file_named("b")},
                                {"k/sub/c.yaml", file_named("c")}});
  CHECK(problems(result) == Texts{});
  CHECK(names(result) == Texts{"File/a", "File/x-b"});
  CHECK(result.complete);
}

TEST_CASE("render: a broken kustomization is a layer that cannot be read, and others go on") {
  const auto result =
      rendered({{"a.yaml", file_named("a")}, {"k/kustomization.yaml", "resources: [b.yaml]\n"}});
  CHECK(names(result) == Texts{"File/a"});
  CHECK_FALSE(result.complete);
  REQUIRE(result.problems.size() == 1);
  CHECK_THAT(problems(result)[0], Contains("k/kustomization.yaml:1:13: error: k/b.yaml does not exist"));
}

TEST_CASE("render: a kustomized layer merges with others, and its base may lie outside of the layers") {
  const auto result = rendered({{"greenwave.yaml", cluster("{layers: [{path: low}, {path: top}]}")},
                                {"low/a.yaml", file_named("a", "{path: /a, content: low, mode: '0600'}")},
                                {"bases/a.yaml", file_named("a", "{path: /a, content: base}")},
                                {"bases/kustomization.yaml", "resources: [a.yaml]\n"},
                                {"top/kustomization.yaml", "resources: [../bases]\n"}});
  CHECK(problems(result) == Texts{});
  CHECK(spec(result, "a") == nlohmann::json{{"path", "/a"}, {"content", "base"}, {"mode", "0600"}});
}

TEST_CASE("render: variables are put in after the build") {
  const auto result = rendered({{"kustomization.yaml",
                                 "resources: [a.yaml]\nnameSuffix: -${device.id}\npatches:\n- patch: |-\n"
                                 "    apiVersion: greenwave.dev/v1\n    kind: File\n    metadata: {name: a}\n"
                                 "    spec: {content: 'I am ${device.id}'}\n"},
                                {"a.yaml", file_named("a")}});
  CHECK(problems(result) == Texts{});
  CHECK(names(result) == Texts{"File/a-sf-0042"});
  CHECK(spec(result, "a-sf-0042")["content"] == "I am sf-0042");
}

TEST_CASE("render: a damaged store is not blamed on the manifests, and ends the render") {
  class Tree : public MemoryTree {
   public:
    Tree() : MemoryTree({{"a.yaml", file_named("a")}}) {}
    std::string read(const std::string&, std::size_t) const override {
      throw Error(Fault::damaged, "object missing");
    }
  };
  CHECK_THROWS_AS(render::render(Tree(), {"sf", {}, {}}), Error);
}

TEST_CASE("render: each of thousands of manifests is read once, and each directory listed once") {
  // A flat tree that answers at once, as git's does.
  class Tree : public SourceTree {
   public:
    std::optional<Item> find(const std::string& path) const override {
      if (path == "greenwave.yaml") return Item{path, Type::file, ""};
      if (path == "base" || path == "top") return Item{path, Type::directory, ""};
      if (path == "devices.geojson" || path.starts_with("files/"))
        return Item{path, Type::file, std::string(40, 'a')};
      if (path == "files") return Item{path, Type::directory, ""};
      return {};
    }
    std::vector<Item> list(const std::string& path) const override {
      ++lists[path];
      std::vector<Item> items;
      if (path != "base" && path != "top") return items;
      for (int i = 0; i < 5000; ++i) items.push_back({std::to_string(i) + ".yaml", Type::file, ""});
      return items;
    }
    std::string read(const std::string& path, std::size_t) const override {
      ++reads[path];
      if (path == "greenwave.yaml") {
        return cluster("{devices: devices.geojson, layers: [{path: base}, {path: top}]}");
      }
      if (path == "devices.geojson") return devices_;
      const auto name = path.substr(path.find('/') + 1);
      if (path.starts_with("top/")) return file_named("f" + name, "{mode: '0600'}");
      return file_named("f" + name, "{path: /etc/" + name + ", source: files/" + name + ", owner: root}");
    }

    mutable std::map<std::string, int> reads, lists;

   private:
    static std::string city() {
      std::string text = R"({"type": "FeatureCollection", "features": [)";
      for (int i = 0; i < 5000; ++i) {
        text += (i > 0 ? "," : "") + std::string(R"({"type": "Feature", "id": "sf-)") + std::to_string(i) +
                R"(", "geometry": {"type": "Point", "coordinates": [-122.4, 37.7]},
                    "properties": {"name": "a & b", "labels": {"model": "atc-5201"}}})";
      }
      return text + "]}";
    }
    std::string devices_ = city();
  };
  const Tree tree;
  const auto result = render::render(tree, {"sf-42", {}, {}});
  CHECK(problems(result) == Texts{});
  CHECK(result.manifests.size() == 5000);
  CHECK(tree.reads.size() == 15'002);
  for (const auto& [path, times] : tree.reads) CHECK((path == "devices.geojson" || times == 1));
  for (const auto& [path, times] : tree.lists) CHECK(times == 1);
}
