#include "render/fleet.h"

#include <catch2/catch.hpp>

#include "unit/render/rendering.h"

using namespace greenwave;
using namespace greenwave::test;
using Catch::Contains;

namespace {

std::string feature(const std::string& id, const std::string& properties) {
  return R"({"type": "Feature", "id": ")" + id +
         R"(", "geometry": {"type": "Point", "coordinates": [-122.4, 37.7]}, "properties": )" + properties +
         "}";
}

std::string inventory(std::vector<std::string> features) {
  std::string text = R"({"type": "FeatureCollection", "features": [)";
  for (std::size_t i = 0; i < features.size(); ++i) text += (i == 0 ? "\n" : ",\n") + features[i];
  return text + "\n]}\n";
}

/// What a Fleet says of a device, as render() tells it.
struct Told {
  std::vector<std::string> objects;
  std::vector<Digest> digests;
  bool complete = true;
};

Told told(const render::Fleet& fleet, std::size_t device) {
  Told told;
  told.complete = fleet.complete(device);
  for (const auto number : fleet.objects_of(device)) {
    const auto object = fleet.render(fleet.variants()[number]);
    if (!object.manifest) continue;
    told.objects.push_back(to_string(object.manifest->id));
    told.digests.push_back(object.manifest->digest);
  }
  return told;
}

const Files city{
    {"greenwave.yaml",
     cluster("{devices: devices.geojson, vars: {ntp: 10.4.0.1}, layers: [{path: base}, {path: "
             "'models/${device.labels.model}'}, {path: 'devices/${device.id}', optional: true}]}")},
    {"devices.geojson", inventory({feature("a", R"({"labels": {"model": "x"}, "offset": 3})"),
                                   feature("b", R"({"labels": {"model": "x"}, "offset": 4})"),
                                   feature("c", R"({"labels": {"model": "y"}, "offset": 3})")})},
    {"base/plain.yaml", file_named("plain")},
    {"base/ntp.yaml", file_named("ntp", "{path: /etc/ntp, content: '${cluster.vars.ntp}'}")},
    {"base/own.yaml", file_named("own", "{path: /etc/own, content: '${device.id}'}")},
    {"base/named.yaml", file_named("'of-${device.labels.model}'", "{path: /etc/model, content: m}")},
    {"base/tree.yaml", file_named("tree", "{path: /etc/tree, source: 'files/${device.labels.model}.yaml'}")},
    {"base/offset.yaml",
     file_named("offset", "{path: /etc/offset, json: {offset: '${device.properties.offset}'}}")},
    {"files/x.yaml", "x: 1\n"},
    {"files/y.yaml", "y: 1\n"},
    {"models/x/offset.yaml", file_named("offset", "{json: {model: x}}")},
    {"models/y/gone.yaml",
     "apiVersion: greenwave.dev/v1\nkind: File\nmetadata: {name: plain}\n$patch: delete\n"},
    {"devices/b/own.yaml", file_named("own", "{content: mine}")},
};

}  // namespace

TEST_CASE("fleet: every device gets what render() gives it") {
  auto files = city;
  const MemoryTree tree(files);
  const render::Fleet fleet(tree);
  REQUIRE(fleet.devices().size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto alone = render::render(tree, {fleet.devices()[i].id, {}, {}});
    CHECK(problems(alone) == Texts{});
    std::vector<Digest> digests;
    for (const auto& manifest : alone.manifests) digests.push_back(manifest.digest);
    const auto together = told(fleet, i);
    CHECK(together.objects == names(alone));
    CHECK(together.digests == digests);
    CHECK(together.complete == alone.complete);
  }
}

TEST_CASE("fleet: devices with equal objects share one variant") {
  auto files = city;
  const MemoryTree tree(files);
  const render::Fleet fleet(tree);
  std::map<std::string, std::size_t> variants;
  for (const auto& variant : fleet.variants()) ++variants[fleet.id(variant).name];
  CHECK(variants["ntp"] == 1);
  CHECK(variants["plain"] == 2);   // one is deleted by a layer
  CHECK(variants["own"] == 3);     // each has its id in it
  CHECK(variants["tree"] == 2);    // by model
  CHECK(variants["offset"] == 3);  // offset 3 and 4 with a layer over it, and 3 without
}

TEST_CASE("fleet: keys show what a commit changes without a render") {
  auto files = city;
  const MemoryTree before(files);
  files["files/x.yaml"] = "x: 2\n";
  files["base/plain.yaml"] = "# a comment changes nothing\n" + files["base/plain.yaml"];
  const MemoryTree after(files);
  const render::Fleet old_fleet(before);
  const render::Fleet new_fleet(after);
  std::vector<std::string> changed;
  for (std::size_t d = 0; d < 3; ++d) {
    const auto& was = old_fleet.objects_of(d);
    const auto& is = new_fleet.objects_of(d);
    REQUIRE(was.size() == is.size());
    for (std::size_t i = 0; i < was.size(); ++i) {
      if (old_fleet.variants()[was[i]].key == new_fleet.variants()[is[i]].key) continue;
      changed.push_back(new_fleet.devices()[d].id + " " +
                        to_string(new_fleet.id(new_fleet.variants()[is[i]])));
    }
  }
  CHECK(changed == Texts{"a File/tree", "b File/tree"});
}

TEST_CASE("fleet: a broken file is reported once, and its devices are marked as incomplete") {
  auto files = city;
  files["models/x/broken.yaml"] = "a: [\n";
  const MemoryTree tree(files);
  const render::Fleet fleet(tree);
  CHECK_FALSE(fleet.complete(0));
  CHECK_FALSE(fleet.complete(1));
  std::size_t told = 0;
  for (const auto& layer : fleet.layers()) {
    for (const auto& problem : layer.problems.list()) {
      if (to_string(problem).find("models/x/broken.yaml") != std::string::npos) ++told;
    }
  }
  CHECK(told > 0);
}

TEST_CASE("fleet: without an inventory one device stands for all") {
  const MemoryTree tree(Files{{"a.yaml", file_named("a")}});
  const render::Fleet fleet(tree);
  REQUIRE(fleet.devices().size() == 1);
  CHECK(told(fleet, 0).objects == Texts{"File/a"});
}
