#include "render/cluster_file.h"

#include <catch2/catch.hpp>

#include "unit/render/rendering.h"

using namespace greenwave;
using namespace greenwave::test;

namespace {

Texts wrong(const std::string& spec) {
  Problems found;
  render::parse_cluster(cluster(spec), "greenwave.yaml", found);
  return problems(found);
}

}  // namespace

TEST_CASE("cluster file: every field is read") {
  Problems found;
  const auto read = render::parse_cluster(R"(apiVersion: greenwave.dev/v1
kind: Cluster
metadata: {name: san-francisco, labels: {team: signals}}
spec:
  devices: ./devices.geojson
  vars: {ntp: 10.4.0.1, ports: [161, 162]}
  layers:
    - path: base/
    - path: models/atc-5201
      selector: {matchLabels: {model: atc-5201}}
    - path: corridors/fulton
      within: corridors/fulton.geojson
    - path: devices/${device.id}
      optional: true
  waves:
    - {name: canary, selector: {matchLabels: {role: canary}}, ref: refs/heads/wave/canary}
    - {name: early, percent: 10, ref: refs/heads/wave/early}
  windows:
    - {name: overnight, days: [mon, fri], from: "01:00", to: "04:30", timezone: America/Los_Angeles}
  allowEmpty: true
)",
                                          "greenwave.yaml", found);
  CHECK(problems(found) == Texts{});
  CHECK(read.name == "san-francisco");
  CHECK(read.devices == "devices.geojson");
  CHECK(to_string(read.devices_place) == "greenwave.yaml:5:12");
  CHECK(*read.vars.find("ntp")->string() == "10.4.0.1");
  REQUIRE(read.layers.size() == 4);
  CHECK(read.layers[0].path == "base");
  CHECK(to_string(read.layers[1].place) == "greenwave.yaml:9:13");
  CHECK(read.layers[1].selector->requirements.size() == 1);
  CHECK(read.layers[2].within == "corridors/fulton.geojson");
  CHECK(read.layers[3].optional);
  REQUIRE(read.waves.size() == 2);
  CHECK(read.waves[0].selector);
  CHECK(read.waves[1].percent == 10.0);
  CHECK(read.waves[1].ref == "refs/heads/wave/early");
  REQUIRE(read.windows.size() == 1);
  CHECK(read.windows[0].days == Texts{"mon", "fri"});
  CHECK(read.windows[0].to == "04:30");
  CHECK(read.windows[0].timezone == "America/Los_Angeles");
  CHECK(read.allow_empty);
}

TEST_CASE("cluster file: without layers the whole repository is one") {
  Problems found;
  const auto read = render::parse_cluster(cluster("{vars: {a: 1}}"), "greenwave.yaml", found);
  REQUIRE(read.layers.size() == 1);
  CHECK(read.layers[0].path.empty());
  CHECK_FALSE(read.allow_empty);
}

TEST_CASE("cluster file: an unknown field is refused with the one that was meant") {
  CHECK(wrong("{layers: [{path: a, optionl: true}]}") ==
        Texts{"greenwave.yaml:4:27: error: the layer has no field \"optionl\"; did you mean optional?"});
  CHECK(wrong("{allowempty: true}").front().ends_with("did you mean allowEmpty?"));
}

TEST_CASE("cluster file: a path that leads out of the repository is refused") {
  CHECK(wrong("{devices: /etc/devices.geojson}").size() == 1);
  CHECK(wrong("{layers: [{path: ../other}]}") ==
        Texts{"greenwave.yaml:4:24: error: \"../other\" is not a path in the repository; write it from the "
              "repository's root, without a leading / and without .."});
  CHECK(wrong("{layers: [{path: a, within: a/../../b}]}").size() == 1);
}

TEST_CASE("cluster file: an empty list of layers, and a layer without a path, are refused") {
  CHECK(wrong("{layers: []}").front().find("no device would get anything") != std::string::npos);
  CHECK(wrong("{layers: [{optional: true}]}").front().find("path is missing") != std::string::npos);
  CHECK(wrong("{layers: base}").front().find("must be a list") != std::string::npos);
}

TEST_CASE("cluster file: a wave has a selector or a percentage, a unique name and a full ref") {
  CHECK(wrong("{waves: [{name: a, ref: refs/heads/a}]}").front().find("either a selector") !=
        std::string::npos);
  CHECK(wrong("{waves: [{name: a, percent: 10, selector: {}, ref: refs/heads/a}]}").size() == 1);
  CHECK(wrong("{waves: [{name: a, percent: 101, ref: refs/heads/a}]}") ==
        Texts{"greenwave.yaml:4:35: error: percent is 101, but a percentage is between 0 and 100; write "
              "percent: 10"});
  CHECK(wrong("{waves: [{name: a, percent: -1, ref: refs/heads/a}]}").front().find("between 0 and 100") !=
        std::string::npos);
  CHECK(wrong("{waves: [{name: a, percent: 1, ref: wave/a}]}").front().ends_with("write refs/heads/wave/a"));
  CHECK(wrong("{waves: [{name: a, percent: 1, ref: refs/x}, {name: a, percent: 2, ref: refs/y}]}").size() ==
        1);
}

TEST_CASE("cluster file: a window has days, times of day and a time zone") {
  CHECK(wrong("{windows: [{name: a, from: '01:00', to: '04:00', timezone: UTC}]}") == Texts{});
  CHECK(wrong("{windows: [{name: a, days: [monday], from: '01:00', to: '04:00', timezone: UTC}]}").size() ==
        1);
  CHECK(wrong("{windows: [{name: a, days: [], from: '01:00', to: '04:00', timezone: UTC}]}")
            .front()
            .find("never open") != std::string::npos);
  CHECK(wrong("{windows: [{name: a, from: '24:00', to: '04:00', timezone: UTC}]}").size() == 1);
  CHECK(wrong("{windows: [{name: a, from: '1:00', to: '04:60', timezone: UTC}]}").size() == 2);
  CHECK(wrong("{windows: [{name: a, from: '01:00', to: '01:00', timezone: UTC}]}").size() == 1);
  CHECK(wrong("{windows: [{name: a, from: '01:00', to: '02:00'}]}").size() == 1);
}

TEST_CASE("cluster file: a variable in a variable's value is refused, for it would not be replaced") {
  CHECK(wrong("{vars: {a: {b: ['x ${device.id}']}}}").size() == 1);
  CHECK(wrong("{vars: {a: '${HOME}', b: '$${device.id}'}}") == Texts{});
}

TEST_CASE("cluster file: another kind, no name, an empty file and two documents are refused") {
  const auto wrong_text = [](const std::string& text) {
    Problems found;
    render::parse_cluster(text, "greenwave.yaml", found);
    return problems(found);
  };
  CHECK(wrong_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n").size() == 2);
  CHECK(wrong_text("apiVersion: greenwave.dev/v1\nkind: Cluster\n").size() == 1);
  CHECK(wrong_text("apiVersion: greenwave.dev/v1\nkind: Cluster\nmetadata: {}\n").size() == 1);
  CHECK(wrong_text("# nothing\n").front().find("the file is empty") != std::string::npos);
  CHECK(wrong_text("a: 1\n---\nb: 2\n").size() == 1);
  CHECK(wrong_text("[a, b]").front().find("must be a map, not a list") != std::string::npos);
}

TEST_CASE("cluster file: what a commit must have shown in a wave is read, with defaults") {
  Problems found;
  const auto read = render::parse_cluster(
      cluster("{waves: [{name: a, percent: 5, ref: refs/heads/a, soak: 2h, healthyPercent: 99.5, "
              "failedPercent: 0, reportedPercent: 60, silentAfter: 3d}, {name: b, percent: 10, ref: "
              "refs/heads/b}]}"),
      "greenwave.yaml", found);
  CHECK(found.empty());
  CHECK(read.waves[0].soak == std::chrono::hours(2));
  CHECK(read.waves[0].healthy_percent == 99.5);
  CHECK(read.waves[0].failed_percent == 0);
  CHECK(read.waves[0].reported_percent == 60);
  CHECK(read.waves[0].silent_after == std::chrono::hours(72));
  CHECK(read.waves[1].soak == std::chrono::hours(1));
  CHECK(read.waves[1].healthy_percent == 90);
  CHECK(read.waves[1].failed_percent == 5);
  CHECK(read.waves[1].reported_percent == 80);
  CHECK(read.waves[1].silent_after == std::chrono::hours(24));
}

TEST_CASE("cluster file: the wave salt is the cluster's name unless one is written") {
  Problems found;
  CHECK(render::parse_cluster(cluster("{}"), "greenwave.yaml", found).wave_salt ==
        render::parse_cluster(cluster("{}"), "greenwave.yaml", found).name);
  CHECK(found.empty());
  CHECK(render::parse_cluster(cluster("{waveSalt: \"2027\"}"), "greenwave.yaml", found).wave_salt == "2027");
}

TEST_CASE("cluster file: two waves with one ref, or with a percentage that leaves the second none, overlap") {
  CHECK(wrong("{waves: [{name: a, selector: {}, ref: refs/heads/a}, {name: b, percent: 2, ref: "
              "refs/heads/a}]}") ==
        Texts{"greenwave.yaml:4:60: error: the waves a and b overlap: both follow refs/heads/a; give each "
              "its own ref, or make them one wave"});
  CHECK(
      wrong("{waves: [{name: a, percent: 10, ref: refs/heads/a}, {name: b, percent: 10, ref: "
            "refs/heads/b}]}") ==
      Texts{"greenwave.yaml:4:59: error: the waves a and b overlap: 10 percent of the devices are among the "
            "10 percent before them, so none would be left; percentages count from the first device on: "
            "write a larger one"});
  CHECK(
      wrong("{waves: [{name: a, percent: 10, ref: refs/heads/a}, {name: b, percent: 50, ref: refs/heads/b}]}")
          .empty());
}

TEST_CASE("cluster file: a ref that git would refuse, and an unknown key of a wave, are errors") {
  CHECK(wrong("{waves: [{name: a, percent: 10, ref: refs/heads/a..b}]}")
            .front()
            .find("is not a valid ref name") != std::string::npos);
  CHECK(wrong("{waves: [{name: a, selector: {}, soaks: 1h, ref: refs/heads/a}]}")
            .front()
            .find("did you mean soak?") != std::string::npos);
}
