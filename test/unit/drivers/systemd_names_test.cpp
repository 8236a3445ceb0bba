// What systemd calls its units, and where it reads them: pure parts.
#include <algorithm>
#include <filesystem>
#include <random>

#include <catch2/catch.hpp>

#include "drivers/host/unit_definitions.h"
#include "drivers/host/unit_driver.h"
#include "drivers/host/unit_enablement.h"
#include "drivers/host/unit_spec.h"
#include "support/problem_text.h"
#include "support/temporary_directory.h"
#include "systemd/unit_paths.h"
#include "unit/drivers/temporary_root.h"
#include "unit/drivers/unit_fixture.h"

using namespace greenwave;
using namespace greenwave::drivers::host;

namespace {

using Names = std::vector<std::string>;

constexpr std::string_view own_path = "/etc/systemd/system/a.service";

UnitRecord record_of(const std::string& unit) {
  UnitRecord record;
  record.unit = unit;
  record.files = {"/etc/systemd/system/" + unit, "/etc/systemd/system/" + unit + ".d/b.conf"};
  return record;
}

std::string problems_of(const std::string& spec) {
  Problems problems;
  unit_footprint({"/nowhere", {"/etc"}}, test::unit_manifest(spec), problems);
  return test::text_of(problems);
}

}  // namespace

TEST_CASE(
    "systemd names: a unit is defined under its own name, its template's, its prefixes' and its type's") {
  CHECK(systemd::definition_names("a.service") == Names{"a.service", "service"});
  CHECK(systemd::definition_names("a@b.service") == Names{"a@b.service", "a@.service", "service"});
  CHECK(systemd::definition_names("a-b-c.timer") == Names{"a-b-c.timer", "a-b-.timer", "a-.timer", "timer"});
  CHECK(systemd::definition_names("a-b@c-d.socket") ==
        Names{"a-b@c-d.socket", "a-b@.socket", "a-.socket", "socket"});
}

TEST_CASE("systemd names: files and drop-ins at any unit directory define the unit that they name") {
  for (const auto place : systemd::unit_search_path) {
    const std::string directory(place);
    CHECK(systemd::definitions_at(directory + "/a.service") == Names{"a.service"});
    CHECK(systemd::definitions_at(directory + "/a.service.d/b.conf") == Names{"a.service"});
    CHECK(systemd::definitions_at(directory + "/a.service.d") == Names{"a.service"});
    CHECK(systemd::definitions_at(directory + "/service.d/b.conf") == Names{"service"});
    CHECK(systemd::definitions_at(directory + "/a@.service") == Names{"a@.service"});
    CHECK(systemd::definitions_at(directory + "/b.target.wants/a.service").empty());
    CHECK(systemd::definitions_at(directory) == Names{"*"});
    CHECK(systemd::is_read_at_reload(directory + "/b.target.wants/a.service"));
  }
  CHECK(systemd::definitions_at("/etc/systemd") == Names{"*"});
  CHECK(systemd::definitions_at("/etc/motd").empty());
  CHECK(systemd::definitions_at("/etc/systemd/systematic").empty());
}

TEST_CASE("systemd names: a quadlet defines the service that podman makes of it") {
  CHECK(systemd::definitions_at("/etc/containers/systemd/web.container") == Names{"web.service"});
  CHECK(systemd::definitions_at("/etc/containers/systemd/signals/web.container.d/a.conf") ==
        Names{"web.service"});
  CHECK(systemd::definitions_at("/etc/containers/systemd/data.volume") == Names{"data-volume.service"});
  CHECK(systemd::definitions_at("/usr/share/containers/systemd/net.network") == Names{"net-network.service"});
  CHECK(systemd::definitions_at("/etc/containers/systemd/web.env").empty());
}

TEST_CASE("systemd names: what generators read is read at a reload, other files are not") {
  for (const std::string path : {"/etc/fstab", "/etc/crypttab", "/etc/containers/systemd/web.container",
                                 "/etc/systemd/system-generators/lanes", "/run/systemd/system/a.service"}) {
    INFO(path);
    CHECK(systemd::is_read_at_reload(path));
  }
  for (const std::string path :
       {"/etc/fstab.old", "/etc/systemd/journald.conf", "/etc", "/srv/systemd/system/a"}) {
    INFO(path);
    CHECK_FALSE(systemd::is_read_at_reload(path));
  }
  CHECK(systemd::is_read_at_reload_below("/etc"));
  CHECK_FALSE(systemd::is_read_at_reload_below("/srv"));
}

TEST_CASE(
    "systemd names: whatever is at or below a place that is read defines at most units of its own name") {
  std::mt19937 random(7);
  const auto pick = [&](const Names& list) { return list[random() % list.size()]; };
  const Names names{"a", "b-c", "d@", "d@e", "-", "x.y"};
  const Names types{".service", ".socket", ".timer", ".path", ".mount"};
  for (int i = 0; i < 2000; ++i) {
    const std::string directory(systemd::unit_search_path[random() % systemd::unit_search_path.size()]);
    const auto unit = pick(names) + pick(types);
    const auto path = directory + "/" + unit + pick({"", ".d/x.conf", ".d"});
    INFO(path);
    CHECK(systemd::is_read_at_reload(path));
    const auto defined = systemd::definitions_at(path);
    REQUIRE(defined.size() == 1);
    const auto by = systemd::definition_names(unit);
    CHECK(std::ranges::find(by, defined.front()) != by.end());
  }
}

TEST_CASE("systemd names: a debt to systemd is remembered by a mark until it is paid") {
  test::TemporaryRoot root;
  const auto mark = root / "run/owed";
  {
    systemd::ReloadDebt debt(mark);
    CHECK_FALSE(debt.is_owed());
    debt.owe();
  }
  systemd::ReloadDebt next(mark);
  CHECK(next.is_owed());
  next.settle();
  CHECK_FALSE(next.is_owed());
  CHECK_FALSE(std::filesystem::exists(mark));
}

TEST_CASE("unit definition: another file in the place of ours, or a drop-in that is not read, is named") {
  const auto record = record_of("a.service");
  const std::string drop_in = "/etc/systemd/system/a.service.d/b.conf";
  CHECK(files_difference({std::string(own_path), {drop_in}, false}, record).empty());
  CHECK(files_difference({std::string(own_path), {drop_in}, true}, record) ==
        "systemd has not read its files since they changed");
  CHECK(files_difference({"/etc/systemd/system.control/a.service", {drop_in}, false}, record) ==
        "systemd reads /etc/systemd/system.control/a.service instead of /etc/systemd/system/a.service");
  CHECK(files_difference({std::string(own_path), {}, false}, record) == "systemd does not read " + drop_in);
}

TEST_CASE("unit definition: a state that is not as declared has its reason") {
  auto record = record_of("a.service");
  const auto state = [](const std::string& load) {
    return systemd::UnitState{load, "active", "running", "", ""};
  };
  CHECK(load_difference(state("loaded"), record).empty());
  CHECK(load_difference(state("bad-setting"), record) == "systemd cannot load it (bad-setting)");
  CHECK(load_difference(state("not-found"), record) == "there is no unit file");
  CHECK(load_difference(state("masked"), record) == "masked");
  record.masked = true;
  record.files.clear();
  CHECK(load_difference(state("masked"), record).empty());
  CHECK(load_difference(state("loaded"), record) == "not masked");
}

TEST_CASE("unit spec: a template has no state of its own, and says how its instances are declared") {
  CHECK(problems_of("spec: {name: a@.service, content: \"[Service]\\n\"}").empty());
  CHECK_THAT(
      problems_of("spec: {name: a@.service, content: \"[Service]\\n\", running: true}"),
      Catch::Contains("a@.service is a template, which cannot run") && Catch::Contains("a@NAME.service"));
  CHECK_THAT(problems_of("spec: {name: a@.service, content: \"[Service]\\n\", enabled: true}"),
             Catch::Contains("DefaultInstance="));
  CHECK(problems_of("spec: {name: a@.service, enabled: true, content: \"[Install]\\nDefaultInstance=b\\n\"}")
            .empty());
}

TEST_CASE(
    "unit spec: a unit that is enabled has an [Install] section, in its content or a drop-in of its own") {
  const std::string service = "spec: {name: a.service, content: \"[Service]\\nExecStart=/bin/true\\n";
  CHECK_THAT(problems_of(service + "\", enabled: true}"),
             Catch::Contains("a.service has no [Install] section, so it cannot be enabled") &&
                 Catch::Contains("WantedBy="));
  CHECK(problems_of(service + "\", enabled: false}").empty());
  CHECK(problems_of(service + "[Install]\\nAlso=b.socket\\n\", enabled: true}").empty());
  CHECK(problems_of(service + "\", enabled: true, dropIns: [{name: i.conf, content: "
                              "\"[Install]\\nWantedBy=multi-user.target\\n\"}]}")
            .empty());
  CHECK(problems_of("spec: {name: packaged.service, enabled: true}").empty());
}

TEST_CASE("unit spec: a masked unit has nothing that a mask takes away") {
  CHECK(problems_of("spec: {name: a.service, masked: true}").empty());
  CHECK(problems_of("spec: {name: a.service, masked: true, running: false, enabled: false}").empty());
  for (const std::string more : {"running: true", "enabled: true", "content: \"[Service]\\n\"",
                                 "dropIns: [{name: a.conf, content: \"[Unit]\\n\"}]"}) {
    INFO(more);
    CHECK_THAT(problems_of("spec: {name: a.service, masked: true, " + more + "}"),
               Catch::Contains("a.service is masked here"));
  }
  CHECK_THAT(problems_of("spec: {name: greenwaved.service, masked: true}"),
             Catch::Contains("does not mask itself"));
}

TEST_CASE("unit spec: what is written for a declared alias defines the unit too") {
  const auto footprint = [](const std::string& more) {
    Problems problems;
    return unit_footprint(
        {"/nowhere", {"/etc"}},
        test::unit_manifest("spec: {name: a.service, running: true, content: \"[Service]\\n[Install]\\n"
                            "Alias=b.service\\n\"" +
                            more + "}"),
        problems);
  };
  const auto enabled = footprint(", enabled: true");
  CHECK(enabled.defines == Names{"a.service", "b.service"});
  CHECK(enabled.defined_by == Names{"a.service", "service", "b.service", "*"});
  CHECK(footprint("").defined_by == Names{"a.service", "service", "*"});
}

TEST_CASE("unit names under a root: an alias is the unit that it leads to, or that asks for it") {
  test::TemporaryRoot root;
  const Host host{root.path(), {"/etc"}};
  const auto link = [&](const std::string& name, const std::string& target) {
    std::filesystem::create_directories((root / name).parent_path());
    std::filesystem::create_symlink(target, root / name);
  };
  root.write("usr/lib/systemd/system/ssh.service", "[Service]\n[Install]\nAlias=sshd.service\n");
  root.write("usr/lib/systemd/system/getty@.service", "[Service]\n");
  link("usr/lib/systemd/system/autovt@.service", "getty@.service");
  link("etc/systemd/system/first.service", "/etc/systemd/system/second.service");
  link("etc/systemd/system/second.service", "/usr/lib/systemd/system/ssh.service");
  link("etc/systemd/system/off.service", "/dev/null");
  link("etc/systemd/system/loop.service", "/etc/systemd/system/round.service");
  link("etc/systemd/system/round.service", "/etc/systemd/system/loop.service");
  Enablement enablement(host);
  CHECK(enablement.primary("sshd.service") == "ssh.service");
  CHECK(enablement.primary("ssh.service") == "ssh.service");
  CHECK(enablement.primary("first.service") == "ssh.service");
  CHECK(enablement.primary("autovt@.service") == "getty@.service");
  CHECK(enablement.primary("autovt@tty1.service") == "getty@tty1.service");
  CHECK(enablement.primary("off.service") == "off.service");
  CHECK(enablement.primary("nothing.service") == "nothing.service");
  CHECK_NOTHROW(enablement.primary("loop.service"));
}

TEST_CASE("units under a root: a mask is a link, which goes with its object") {
  test::TemporaryRoot root;
  const Host host{root.path(), {"/etc"}};
  UnitDriver driver{host};
  test::Device device{driver};
  const auto manifest = test::unit_manifest("spec: {name: noisy.service, masked: true}");
  REQUIRE(device.apply(manifest));
  CHECK(std::filesystem::read_symlink(root / "etc/systemd/system/noisy.service") == "/dev/null");
  CHECK_FALSE(device.apply(manifest));
  CHECK(device.remove(manifest.id).outcome.error == "");
  CHECK_FALSE(root.has("etc/systemd/system/noisy.service"));
}

TEST_CASE("units under a root: a unit's own file takes the place of its mask") {
  test::TemporaryRoot root;
  const Host host{root.path(), {"/etc"}};
  UnitDriver driver{host};
  test::Device device{driver};
  REQUIRE(device.apply(test::unit_manifest("spec: {name: noisy.service, masked: true}")));
  const auto content = "content: \"[Service]\\n[Install]\\nWantedBy=multi-user.target\\n\"";
  REQUIRE(device.apply(
      test::unit_manifest(std::string("spec: {name: noisy.service, enabled: true, ") + content + "}")));
  CHECK(root.read("etc/systemd/system/noisy.service") ==
        "[Service]\n[Install]\nWantedBy=multi-user.target\n");
}

TEST_CASE("drop-ins: one that systemd has not loaded, though it would, is unread") {
  const auto unread = [](const Names& loaded, const Names& there) {
    systemd::Definition definition;
    definition.drop_ins = loaded;
    return unread_drop_ins(definition, there);
  };
  const std::string etc = "/etc/systemd/system/a.service.d/1.conf";
  const std::string usr = "/usr/lib/systemd/system/a.service.d/1.conf";
  const std::string lib = "/lib/systemd/system/a.service.d/1.conf";
  const std::string all = "/etc/systemd/system/service.d/1.conf";
  CHECK(unread({}, {etc}) == Names{etc});
  CHECK(unread({etc}, {etc, usr}).empty());
  CHECK(unread({usr}, {etc, usr}) == Names{etc});
  CHECK(unread({lib}, {usr, lib}).empty());  // one directory by two names
  CHECK(unread({usr}, {usr, lib}).empty());
  CHECK(unread({etc}, {etc, all}).empty());  // the unit's own replaces that of all services
  CHECK(unread({etc}, {etc, "/etc/systemd/system/a.service.d/2.conf"}).size() == 1);
}

TEST_CASE("drop-ins: those of a unit are found in all its names, without masks") {
  const test::TemporaryDirectory root;
  for (const std::string path :
       {"etc/systemd/system/a-b.service.d/1.conf", "run/systemd/system/a-.service.d/2.conf",
        "usr/lib/systemd/system/service.d/3.conf", "etc/systemd/system/nick.service.d/4.conf",
        "etc/systemd/system/a-b.service.d/readme", "etc/systemd/system/c.service.d/5.conf"}) {
    root.write(path, "");
  }
  std::filesystem::create_symlink("/dev/null", root / "etc/systemd/system/a-b.service.d/6.conf");
  auto found = list_drop_ins(root.path(), {"a-b.service", "nick.service"});
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  CHECK(found == Names{"/etc/systemd/system/a-b.service.d/1.conf",
                       "/etc/systemd/system/nick.service.d/4.conf", "/run/systemd/system/a-.service.d/2.conf",
                       "/usr/lib/systemd/system/service.d/3.conf"});
}
