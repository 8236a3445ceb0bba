// Units below another root, where no systemd runs.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "drivers/host/unit_driver.h"
#include "drivers/host/unit_spec.h"
#include "unit/drivers/temporary_root.h"
#include "unit/drivers/unit_fixture.h"

using namespace greenwave;
using namespace greenwave::drivers::host;

namespace {

const std::string beacon = R"(spec:
  name: beacon.service
  content: |
    [Service]
    ExecStart=/bin/true
    [Install]
    WantedBy=multi-user.target
  dropIns: [{name: a.conf, content: "[Unit]\n"}, {name: b.conf, content: "[Unit]\n"}]
  enabled: true
  running: true
)";

struct Image {
  test::TemporaryRoot root;
  Host host{root.path(), {"/etc"}};
  UnitDriver driver{host};
  test::Device device{driver};
};

const std::string wants = "etc/systemd/system/multi-user.target.wants/beacon.service";

/// The same unit under another name.
Manifest herald() {
  auto renamed = beacon;
  renamed.replace(renamed.find("beacon"), 6, "herald");
  return test::unit_manifest(renamed);
}

void check_that_herald_is_there_alone(const Image& image) {
  CHECK_FALSE(image.root.has("etc/systemd/system/beacon.service"));
  CHECK_FALSE(image.root.has(wants));
  CHECK(image.root.has("etc/systemd/system/herald.service"));
  CHECK(image.root.has("etc/systemd/system/multi-user.target.wants/herald.service"));
}

}  // namespace

TEST_CASE("units under a root: files are written and links made, and a second sync finds nothing to do") {
  Image image;
  CHECK(image.driver.notes().empty());
  const auto manifest = test::unit_manifest(beacon);
  const auto result = image.device.apply(manifest);
  REQUIRE(result);
  CHECK(result->verb == plan::Verb::create);
  CHECK(result->outcome.error == "");
  CHECK(image.root.read("etc/systemd/system/beacon.service").starts_with("[Service]"));
  CHECK(image.root.has("etc/systemd/system/beacon.service.d/b.conf"));
  CHECK(std::filesystem::read_symlink((image.root / wants)) == "/etc/systemd/system/beacon.service");
  CHECK_FALSE(result->outcome.entry.live);
  CHECK(result->outcome.entry.files.size() == 4);
  CHECK_FALSE(image.device.drift(manifest.id));
  CHECK_FALSE(image.device.apply(manifest));
  REQUIRE(image.driver.notes().size() == 1);
  CHECK_THAT(image.driver.notes()[0], Catch::Contains("not started"));
}

TEST_CASE("units under a root: a changed file and a removed link are drift, and are repaired") {
  Image image;
  const auto manifest = test::unit_manifest(beacon);
  image.device.apply(manifest);
  image.root.write("etc/systemd/system/beacon.service.d/a.conf", "[Unit]\nDescription=mine\n");
  CHECK(image.device.drift(manifest.id));
  auto repaired = image.device.apply(manifest);
  REQUIRE(repaired);
  CHECK(repaired->verb == plan::Verb::repair);
  CHECK_THAT(repaired->difference.diff, Catch::Contains("-Description=mine"));
  CHECK_THAT(repaired->difference.was, Catch::Contains("Description=mine"));
  std::filesystem::remove(image.root / wants);
  CHECK(image.device.drift(manifest.id));
  REQUIRE(image.device.apply(manifest));
  CHECK(image.root.has(wants));
  CHECK_FALSE(image.device.drift(manifest.id));
}

TEST_CASE("units under a root: a drop-in that the manifest no longer has is removed, others' stay") {
  Image image;
  image.device.apply(test::unit_manifest(beacon));
  image.root.write("etc/systemd/system/beacon.service.d/local.conf", "[Unit]\n");
  const auto result = image.device.apply(
      test::unit_manifest("spec: {name: beacon.service, dropIns: [{name: b.conf, content: \"[Unit]\\n\"}]}"));
  REQUIRE(result);
  CHECK(result->outcome.error == "");
  CHECK_FALSE(image.root.has("etc/systemd/system/beacon.service"));
  CHECK_FALSE(image.root.has("etc/systemd/system/beacon.service.d/a.conf"));
  CHECK(image.root.has("etc/systemd/system/beacon.service.d/b.conf"));
  CHECK(image.root.has("etc/systemd/system/beacon.service.d/local.conf"));
  CHECK_FALSE(image.root.has(wants));
}

TEST_CASE("units under a root: removing one leaves no file, link or empty directory of ours") {
  Image image;
  const auto manifest = test::unit_manifest(beacon);
  image.device.apply(manifest);
  const auto result = image.device.remove(manifest.id);
  CHECK(result.outcome.error == "");
  CHECK(std::filesystem::is_empty((image.root / "etc/systemd/system")));
}

TEST_CASE("units under a root: a unit of the distribution is disabled, and enabled again when let go of") {
  Image image;
  image.root.write("usr/lib/systemd/system/beacon.service",
                   "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n");
  make_directories((image.root / wants).parent_path());
  std::filesystem::create_symlink("/lib/systemd/system/beacon.service", (image.root / wants));
  const auto manifest = test::unit_manifest("spec: {name: beacon.service, enabled: false}");
  const auto result = image.device.apply(manifest);
  REQUIRE(result);
  CHECK(result->verb == plan::Verb::adopt);
  CHECK(result->difference.was == "enabled by /" + wants);
  CHECK_FALSE(image.root.has(wants));
  CHECK(image.device.remove(manifest.id).outcome.error == "");
  CHECK(image.root.has(wants));
}

TEST_CASE("units under a root: another name in the manifest lets go of the unit with the old one") {
  Image image;
  image.device.apply(test::unit_manifest(beacon));
  const auto result = image.device.apply(herald());
  REQUIRE(result);
  CHECK(result->outcome.error == "");
  check_that_herald_is_there_alone(image);
}

TEST_CASE("units under a root: the unit with the old name stays until the one with the new name is written") {
  Image image;
  image.device.apply(test::unit_manifest(beacon));
  image.root.write("etc/systemd/system/herald.service.d", "in the way");
  const auto manifest = herald();
  const auto failed = image.device.apply(manifest);
  REQUIRE(failed);
  CHECK_THAT(failed->outcome.error, Catch::Contains("herald.service.d"));
  CHECK(image.root.has("etc/systemd/system/beacon.service"));
  CHECK(image.root.has(wants));
  SECTION("and goes then") {
    std::filesystem::remove(image.root / "etc/systemd/system/herald.service.d");
    const auto result = image.device.apply(manifest);
    REQUIRE(result);
    CHECK(result->outcome.error == "");
    check_that_herald_is_there_alone(image);
    CHECK_FALSE(image.device.apply(manifest));
  }
  SECTION("and with it what was written of the new one, when both go") {
    std::filesystem::remove(image.root / "etc/systemd/system/herald.service.d");
    CHECK(image.device.remove(manifest.id).outcome.error == "");
    CHECK(std::filesystem::is_empty(image.root / "etc/systemd/system"));
  }
}

TEST_CASE("units under a root: an object that moves to another unit gives each back what the device had") {
  Image image;
  const std::string text = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n";
  const std::string herald_wants = "etc/systemd/system/multi-user.target.wants/herald.service";
  for (const std::string name : {"beacon", "herald"}) {
    image.root.write("usr/lib/systemd/system/" + name + ".service", text);
  }
  make_directories((image.root / wants).parent_path());
  const auto declares = [](const std::string& name, const std::string& enabled) {
    return test::unit_manifest("spec: {name: " + name + ".service, enabled: " + enabled + "}");
  };
  const auto apply = [&](const Manifest& manifest) {
    const auto result = image.device.apply(manifest);
    REQUIRE(result);
    CHECK(result->outcome.error == "");
  };
  SECTION("the first was enabled, the second not") {
    std::filesystem::create_symlink("/lib/systemd/system/beacon.service", image.root / wants);
    apply(declares("beacon", "false"));
    CHECK_FALSE(image.root.has(wants));
    apply(declares("herald", "true"));
    CHECK(image.root.has(wants));
    CHECK(image.root.has(herald_wants));
    image.device.remove(declares("herald", "true").id);
    CHECK(image.root.has(wants));
    CHECK_FALSE(image.root.has(herald_wants));
  }
  SECTION("the second was enabled, the first not") {
    std::filesystem::create_symlink("/lib/systemd/system/herald.service", image.root / herald_wants);
    apply(declares("beacon", "true"));
    apply(declares("herald", "false"));
    CHECK_FALSE(image.root.has(wants));
    CHECK_FALSE(image.root.has(herald_wants));
    image.device.remove(declares("herald", "false").id);
    CHECK_FALSE(image.root.has(wants));
    CHECK(image.root.has(herald_wants));
  }
}

TEST_CASE("units under a root: one that cannot be enabled fails alone, with a remedy") {
  Image image;
  image.root.write("usr/lib/systemd/system/a.service", "[Service]\nExecStart=/bin/true\n");
  const auto manifest = test::unit_manifest("spec: {name: a.service, enabled: true}");
  Problems problems;
  const plan::Desired desired{manifest, unit_footprint(image.host, manifest, problems)};
  CHECK_THROWS_WITH(test::difference_of(image.driver, desired, nullptr, test::MemoryTree({})),
                    Catch::Contains("no [Install] section") && Catch::Contains("WantedBy="));
}

TEST_CASE("units under a root: an existing unit file is adopted, and the history has what was there") {
  Image image;
  image.root.write("etc/systemd/system/beacon.service", "[Service]\nExecStart=/bin/old\n");
  const auto result = image.device.apply(test::unit_manifest(beacon));
  REQUIRE(result);
  CHECK(result->verb == plan::Verb::adopt);
  CHECK_THAT(result->difference.was, Catch::Contains("ExecStart=/bin/old"));
  CHECK_THAT(result->difference.diff, Catch::Contains("-ExecStart=/bin/old"));
}
TEST_CASE("units under a root: the device's own unit file, drop-in, mask and links come back") {
  Image image;
  const std::string path = "etc/systemd/system/beacon.service";
  const std::string drop_in = path + ".d/a.conf";
  SECTION("a file") {
    image.root.write(path, "[Service]\nExecStart=/bin/old\n[Install]\nWantedBy=multi-user.target\n");
  }
  SECTION("a file that already is as declared") {
    image.device.apply(test::unit_manifest(beacon));
    const auto content = image.root.read(path);
    image.device.remove(test::unit_manifest(beacon).id);
    image.root.write(path, content);
  }
  SECTION("a mask") {
    make_directories((image.root / path).parent_path());
    std::filesystem::create_symlink("/dev/null", (image.root / path));
  }
  image.root.write(drop_in, "[Service]\nMemoryMax=1G\n");
  const auto about = image.root.about(path);
  const auto manifest = test::unit_manifest(beacon);
  for (int times = 0; times < 2; ++times) {
    const auto result = image.device.apply(manifest);
    if (times == 0) REQUIRE(result);
    if (result) CHECK(result->outcome.error == "");
  }
  CHECK(image.root.read(drop_in) == "[Unit]\n");
  CHECK(image.device.remove(manifest.id).outcome.error == "");
  CHECK(image.root.about(path).st_ino == about.st_ino);
  CHECK(image.root.about(path).st_mode == about.st_mode);
  CHECK(image.root.read(drop_in) == "[Service]\nMemoryMax=1G\n");
  CHECK_FALSE(image.root.has(wants));
}

TEST_CASE(
    "units under a root: an edit of a file of ours is not the device's, also when its repair was cut short") {
  Image image;
  const std::string drop_in = "etc/systemd/system/beacon.service.d/a.conf";
  image.root.write(drop_in, "[Unit]\n");  // as declared
  const auto manifest = test::unit_manifest(beacon);
  REQUIRE(image.device.apply(manifest));
  image.root.write(drop_in, "[Service]\nMemoryMax=1G\n");
  image.device.cut_short(manifest);
  REQUIRE(image.device.apply(manifest));
  CHECK(image.device.remove(manifest.id).outcome.error == "");
  CHECK(image.root.read(drop_in) == "[Unit]\n");
}

TEST_CASE(
    "units under a root: show says what is kept of the device's unit, and a removal what it gives back") {
  Image image;
  const std::string path = "etc/systemd/system/beacon.service";
  image.root.write(path, "[Service]\nExecStart=/bin/old\n[Install]\nWantedBy=multi-user.target\n");
  image.root.write(path + ".d/a.conf", "[Unit]\n");
  const auto manifest = test::unit_manifest(beacon);
  REQUIRE(image.device.apply(manifest));
  const auto& entry = image.device.entry(manifest.id);
  const nlohmann::json shown = image.driver.abilities().details->describe()(entry).at("kept");
  REQUIRE(shown.size() == 3);
  CHECK_THAT(shown[0].get<std::string>(), Catch::StartsWith("/" + path + ": a file of 66 B, mode 0644") &&
                                              Catch::Contains("kept/beacon.service-"));
  CHECK(shown[1] == "/" + path + ".d/a.conf: already was as declared, and stays");
  CHECK(shown[2] == "beacon.service: disabled");
  const Entry* entries[] = {&entry};
  CHECK(image.driver.look({}, entries)->gives_back(entry) ==
        "/" + path + ": gives back what was there before\n/" + path +
            ".d/a.conf: stays, as it was there before\nbeacon.service: disabled, as it was before\n");
}

TEST_CASE("units under a root: show says nothing of what was there before where nothing was") {
  Image image;
  const auto manifest = test::unit_manifest(beacon);
  REQUIRE(image.device.apply(manifest));
  CHECK(image.driver.abilities().details->describe()(image.device.entry(manifest.id)).at("kept").empty());
}

TEST_CASE("units under a root: another object that takes a unit over gives back what the first one found") {
  Image image;
  const std::string path = "etc/systemd/system/beacon.service";
  const std::string drop_in = path + ".d/a.conf";
  const bool has_file = GENERATE(true, false);
  if (has_file)
    image.root.write(path, "[Service]\nExecStart=/bin/old\n[Install]\nWantedBy=multi-user.target\n");
  image.root.write(drop_in, "[Unit]\n");  // as declared
  const auto first = test::unit_manifest(beacon);
  REQUIRE(image.device.apply(first));
  const auto second = test::manifest_of("SystemdUnit", "successor", beacon);
  const auto taken = image.device.apply(second);
  REQUIRE(taken);
  CHECK(taken->outcome.error == "");
  image.device.release(first.id);
  CHECK(image.device.remove(second.id).outcome.error == "");
  CHECK(image.root.has(path) == has_file);
  if (has_file) CHECK_THAT(image.root.read(path), Catch::Contains("/bin/old"));
  CHECK(image.root.read(drop_in) == "[Unit]\n");
  CHECK_FALSE(image.root.has(wants));
  const auto kept = image.root / "var/lib/greenwave/kept";
  CHECK((!std::filesystem::exists(kept) || std::filesystem::is_empty(kept)));
}
