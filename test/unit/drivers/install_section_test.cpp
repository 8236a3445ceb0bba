#include "drivers/host/install_section.h"

#include <catch2/catch.hpp>

#include "base/error.h"
#include "base/process.h"
#include "drivers/host/unit_enablement.h"
#include "unit/drivers/temporary_root.h"
#include "unit/drivers/unit_fixture.h"

using namespace greenwave;
using namespace greenwave::drivers::host;

namespace {

InstallSection section_of(const std::string& text) {
  InstallSection section;
  read_install_section(text, section);
  return section;
}

/// "PATH -> TARGET" of every link below the directory of units.
std::vector<std::string> links_below(const test::TemporaryRoot& root) {
  std::vector<std::string> links;
  for (const auto& item : std::filesystem::recursive_directory_iterator(root / "etc/systemd/system")) {
    if (!item.is_symlink()) continue;
    const auto path = item.path().string().substr(root.path().string().size());
    links.push_back(path + " -> " + std::filesystem::read_symlink(item.path()).string());
  }
  std::ranges::sort(links);
  return links;
}

CommandResult systemctl(const test::TemporaryRoot& root, const std::string& verb, const std::string& unit) {
  Command command;
  command.argv = {"systemctl", "--root=" + root.path().string(), verb, unit};
  return run(command);
}

void write_units(const test::TemporaryRoot& root) {
  root.write("etc/systemd/system/beacon.service",
             "[Unit]\nDescription=x\n[Service]\nExecStart=/bin/true\n"
             "[Install]\n# for people\nWantedBy=multi-user.target \\\n  graphical.target\n"
             "RequiredBy=cabinet.service\nAlias=spat.service\nAlso=beacon.socket port@.service\n");
  root.write("usr/lib/systemd/system/beacon.socket",
             "[Socket]\nListenStream=/run/b\n[Install]\nWantedBy=sockets.target\n");
  root.write("usr/lib/systemd/system/port@.service",
             "[Service]\nExecStart=/bin/true\n"
             "[Install]\nDefaultInstance=ttyS0\nWantedBy=multi-user.target\nAlias=serial@.service\n");
  root.write("usr/lib/systemd/system/lane@.service",
             "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target lanes@%i.target\n");
  root.write("usr/lib/systemd/system/reset.service",
             "[Service]\nExecStart=/bin/true\n"
             "[Install]\nWantedBy=a.target\nWantedBy=\nWantedBy=b.target\n[Unit]\nWantedBy=no.target\n");
  root.write("usr/lib/systemd/system/plain.service", "[Service]\nExecStart=/bin/true\n");
  root.write("etc/systemd/system/plain.service.d/install.conf", "[Install]\nWantedBy=timers.target\n");
}

}  // namespace

TEST_CASE("install section: lists add up over lines, and an empty assignment starts again") {
  const auto section =
      section_of("[Install]\nWantedBy=a.target  b.target\nWantedBy=c.target\nAlias=x.service\nAlias=\n");
  CHECK(section.wanted_by == std::vector<std::string>{"a.target", "b.target", "c.target"});
  CHECK(section.alias.empty());
}

TEST_CASE("install section: other sections, comments and broken lines are passed over") {
  CHECK(section_of("WantedBy=a.target\n[Unit]\nWantedBy=b.target\n[Install]\n;WantedBy=c.target\nnonsense\n[")
            .empty());
}

TEST_CASE("install section: a specifier that only a running system knows is refused") {
  CHECK_THROWS_WITH(install_links("a.service", "/f", section_of("[Install]\nWantedBy=%H.target\n")),
                    Catch::Contains("uses the specifier %H"));
}

TEST_CASE("install section: a unit's name that would leave the directory is refused") {
  CHECK_THROWS_WITH(install_links("a.service", "/f", section_of("[Install]\nAlias=../../../passwd.x\n")),
                    Catch::Contains("names ../../../passwd.x"));
}

TEST_CASE("install section: enabling makes the links that systemctl --root makes, and disabling finds them") {
  for (const std::string unit : {"beacon.service", "beacon.socket", "lane@north.service", "port@.service",
                                 "port@ttyS1.service", "reset.service", "plain.service"}) {
    INFO(unit);
    const test::TemporaryRoot root;
    write_units(root);
    const Host host{root.path(), {"/etc"}};
    std::vector<std::string> ours;
    for (const auto& link : Enablement(host).links(unit, {}))
      ours.push_back(link.path + " -> " + link.target);

    const auto enabled = systemctl(root, "enable", unit);
    INFO(enabled.output);
    REQUIRE(enabled.status == 0);
    const auto theirs = links_below(root);
    REQUIRE_FALSE(theirs.empty());
    CHECK(ours == theirs);

    const auto ours_to_remove = Enablement(host).links_in_place(unit, {}).size();
    CHECK(systemctl(root, "disable", unit).status == 0);
    CHECK(ours_to_remove == theirs.size() - links_below(root).size());
    CHECK(Enablement(host).links_in_place(unit, {}).empty());
  }
}

TEST_CASE("install section: what systemctl refuses to enable is refused here as well") {
  const test::TemporaryRoot root;
  write_units(root);
  root.write("usr/lib/systemd/system/bare@.service",
             "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n");
  std::filesystem::create_symlink("/dev/null", root / "etc/systemd/system/masked.service");
  std::filesystem::create_symlink("/usr/lib/systemd/system/reset.service",
                                  root / "etc/systemd/system/other.service");
  const Host host{root.path(), {"/etc"}};
  for (const std::string unit : {"bare@.service", "missing.service", "masked.service", "other.service"}) {
    INFO(unit);
    CHECK(systemctl(root, "enable", unit).status != 0);
    CHECK_THROWS_AS(Enablement(host).links(unit, {}), Error);
  }
}
