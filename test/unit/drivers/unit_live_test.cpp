// Units on a real systemd. Hidden, because they change the system that they run on:
// test/integration/units_test.py runs them in a container of their own.
#include <chrono>
#include <filesystem>

#include <catch2/catch.hpp>

#include "base/process.h"
#include "drivers/host/unit_driver.h"
#include "unit/drivers/unit_fixture.h"

using namespace greenwave;
using namespace greenwave::drivers::host;

namespace {

struct Live {
  Host host{"/", {"/etc"}};
  UnitDriver driver{host, {}, std::chrono::seconds(30)};
  test::Device device{driver};
};

std::string output_of(std::vector<std::string> argv) {
  Command command;
  command.argv = std::move(argv);
  auto output = run(command).output;
  while (output.ends_with('\n')) output.pop_back();
  return output;
}

std::string shell(const std::string& script) {
  return output_of({"/bin/sh", "-c", script});
}

std::string show(const std::string& unit, const std::string& property) {
  return output_of({"systemctl", "show", "--value", "--property=" + property, unit});
}

Manifest unit(const std::string& spec) {
  return test::unit_manifest("spec:\n" + spec);
}

/// Applies and expects that it went well.
test::Device::Result apply(Live& live, const Manifest& manifest, std::vector<ObjectId> restart_because = {},
                           std::vector<ObjectId> reload_because = {}) {
  const auto result = live.device.apply(manifest, std::move(restart_because), std::move(reload_because));
  REQUIRE(result);
  CHECK(result->outcome.error == "");
  REQUIRE(result->outcome.ok);
  return *result;
}

std::string error_of(Live& live, const Manifest& manifest) {
  const auto result = live.device.apply(manifest);
  REQUIRE(result);
  CHECK_FALSE(result->outcome.ok);
  return result->outcome.error;
}

const ObjectId setting{std::string(own_api), "File", "", "setting"};

std::string sleeper(const std::string& name, const std::string& more = "") {
  return "  name: " + name +
         "\n  content: |\n    [Service]\n    ExecStart=/bin/sleep infinity\n"
         "    [Install]\n    WantedBy=multi-user.target\n" +
         more;
}

}  // namespace

TEST_CASE("live units: a new unit is written, enabled and started, and then left alone", "[.systemd]") {
  Live live;
  const auto manifest = unit(sleeper("gw-new.service", "  enabled: true\n  running: true\n"));
  const auto result = apply(live, manifest);
  CHECK(result.verb == plan::Verb::create);
  CHECK(result.outcome.entry.live);
  CHECK(show("gw-new.service", "ActiveState") == "active");
  CHECK(show("gw-new.service", "UnitFileState") == "enabled");
  CHECK(show("gw-new.service", "NeedDaemonReload") == "no");
  CHECK_FALSE(live.device.drift(manifest.id));
  CHECK_FALSE(live.device.apply(manifest));
}

TEST_CASE("live units: between two passes no connection to systemd is held", "[.systemd]") {
  Live live;
  const auto sockets = [] {
    int count = 0;
    for (const auto& item : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      if (std::filesystem::read_symlink(item, gone).string().starts_with("socket:")) ++count;
    }
    return count;
  };
  const int before = sockets();
  const auto manifest = unit("  name: dbus.service\n  running: true\n");
  apply(live, manifest);
  CHECK_FALSE(live.device.drift(manifest.id));
  CHECK(sockets() == before);
}

TEST_CASE("live units: a stopped, disabled or killed unit is drift, and is repaired", "[.systemd]") {
  Live live;
  const auto manifest = unit(sleeper("gw-drift.service", "  enabled: true\n  running: true\n"));
  apply(live, manifest);
  for (const std::string damage : {"systemctl stop gw-drift.service", "systemctl disable gw-drift.service",
                                   "systemctl kill -s SEGV gw-drift.service; sleep 0.2"}) {
    INFO(damage);
    shell(damage);
    test::apply_with(live.driver, {}, test::MemoryTree({}), {});  // forgets what it remembered
    CHECK(live.device.drift(manifest.id));
    CHECK(apply(live, manifest).verb == plan::Verb::repair);
    CHECK(show("gw-drift.service", "ActiveState") == "active");
    CHECK(show("gw-drift.service", "UnitFileState") == "enabled");
  }
}

TEST_CASE("live units: other content restarts a running unit once, after systemd has read it", "[.systemd]") {
  Live live;
  auto text = sleeper("gw-content.service", "  running: true\n");
  apply(live, unit(text));
  const auto before = show("gw-content.service", "MainPID");
  text.replace(text.find("infinity"), 8, "1000000");
  const auto result = apply(live, unit(text), {setting});
  CHECK(result.verb == plan::Verb::update);
  CHECK(show("gw-content.service", "MainPID") != before);
  CHECK_THAT(show("gw-content.service", "ExecStart"), Catch::Contains("1000000"));
  CHECK(shell("journalctl -o cat -u gw-content.service | grep -c ^Started") == "2");
}

TEST_CASE("live units: a restart that a power cut took away is made up for", "[.systemd]") {
  Live live;
  const auto manifest = unit(sleeper("gw-stale.service", "  running: true\n"));
  apply(live, manifest);
  const auto before = show("gw-stale.service", "MainPID");
  auto record = unit_record_from(live.device.entry(manifest.id).record);
  record.stale = true;
  live.device.entry(manifest.id).record = to_json(record);
  apply(live, manifest);
  CHECK(show("gw-stale.service", "MainPID") != before);
  CHECK_FALSE(live.device.apply(manifest));
}

TEST_CASE("live units: the agent's own unit is restarted last, and not waited for", "[.systemd]") {
  Live live;
  shell(
      "printf '[Service]\\nExecStart=/bin/sleep infinity\\nExecStop=/bin/sleep 2\\n' >"
      " /usr/lib/systemd/system/greenwaved.service; systemctl daemon-reload; systemctl start greenwaved");
  const auto before = show("greenwaved.service", "MainPID");
  const auto manifest = unit(
      "  name: greenwaved.service\n  running: true\n"
      "  dropIns: [{name: a.conf, content: \"[Service]\\nMemoryMax=64M\\n\"}]\n");
  apply(live, manifest);
  CHECK(show("greenwaved.service", "MainPID") == before);
  CHECK(show("greenwaved.service", "ActiveState") == "deactivating");
  shell("sleep 2.5");
  CHECK(show("greenwaved.service", "ActiveState") == "active");
  CHECK(live.device.remove(manifest.id).outcome.error == "");
  CHECK(show("greenwaved.service", "ActiveState") == "active");
}

TEST_CASE("live units: a drop-in applies to a unit of the distribution, and goes with us", "[.systemd]") {
  Live live;
  shell(
      "printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' >"
      " /usr/lib/systemd/system/gw-vendor.service; systemctl daemon-reload");
  const auto manifest = unit(
      "  name: gw-vendor.service\n  enabled: true\n  running: true\n"
      "  dropIns: [{name: 10-memory.conf, content: \"[Service]\\nMemoryMax=64M\\n\"}]\n");
  const auto result = apply(live, manifest);
  CHECK(result.verb == plan::Verb::adopt);
  CHECK(show("gw-vendor.service", "MemoryMax") == "67108864");
  CHECK(show("gw-vendor.service", "ActiveState") == "active");

  CHECK(live.device.remove(manifest.id).outcome.error == "");
  CHECK(show("gw-vendor.service", "MemoryMax") == "infinity");
  CHECK(show("gw-vendor.service", "ActiveState") == "inactive");
  CHECK(show("gw-vendor.service", "UnitFileState") == "disabled");
  CHECK(shell("ls -d /etc/systemd/system/gw-vendor.service.d 2>&1") ==
        "ls: cannot access '/etc/systemd/system/gw-vendor.service.d': No such file or directory");
}

TEST_CASE("live units: a running unit of the distribution is stopped, and started again when let go of",
          "[.systemd]") {
  Live live;
  shell(
      "printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' >"
      " /usr/lib/systemd/system/gw-before.service; systemctl daemon-reload;"
      " systemctl enable --now gw-before.service");
  const auto manifest = unit("  name: gw-before.service\n  enabled: false\n  running: false\n");
  apply(live, manifest);
  CHECK(show("gw-before.service", "ActiveState") == "inactive");
  CHECK(show("gw-before.service", "UnitFileState") == "disabled");
  CHECK_FALSE(live.device.drift(manifest.id));
  CHECK(live.device.remove(manifest.id).outcome.error == "");
  CHECK(show("gw-before.service", "ActiveState") == "active");
  CHECK(show("gw-before.service", "UnitFileState") == "enabled");
}

TEST_CASE("live units: a unit that somebody stopped runs again when it is let go of, as it did before us",
          "[.systemd]") {
  Live live;
  shell(
      "printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' >"
      " /usr/lib/systemd/system/gw-stopped.service; systemctl daemon-reload;"
      " systemctl enable --now gw-stopped.service");
  const auto manifest = unit("  name: gw-stopped.service\n  running: true\n");
  apply(live, manifest);
  shell("systemctl stop gw-stopped.service");
  CHECK(live.device.remove(manifest.id).outcome.error == "");
  CHECK(show("gw-stopped.service", "ActiveState") == "active");
}

TEST_CASE("live units: the device's own unit file comes back, enabled and running as it was", "[.systemd]") {
  Live live;
  const bool runs = GENERATE(true, false);
  shell(
      "printf '[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n' >"
      " /etc/systemd/system/gw-own.service; systemctl daemon-reload");
  if (runs) shell("systemctl enable --now gw-own.service");
  const auto manifest = unit(
      std::string(
          "  name: gw-own.service\n"
          "  content: \"[Service]\\nExecStart=/bin/sleep 1000\\n[Install]\\nWantedBy=sysinit.target\\n\"\n") +
      (runs ? "  enabled: true\n  running: false\n" : "  enabled: true\n  running: true\n"));
  const auto result = apply(live, manifest);
  CHECK(result.verb == plan::Verb::adopt);
  CHECK(show("gw-own.service", "ActiveState") == (runs ? "inactive" : "active"));
  CHECK(live.device.remove(manifest.id).outcome.error == "");
  CHECK(shell("grep ExecStart /etc/systemd/system/gw-own.service") == "ExecStart=/bin/sleep infinity");
  CHECK(show("gw-own.service", "UnitFileState") == (runs ? "enabled" : "disabled"));
  CHECK(show("gw-own.service", "ActiveState") == (runs ? "active" : "inactive"));
  CHECK(shell("ls /etc/systemd/system/sysinit.target.wants/gw-own.service 2>&1 | grep -c cannot") == "1");
  shell(
      "systemctl disable --now gw-own.service; rm /etc/systemd/system/gw-own.service; systemctl "
      "daemon-reload");
}

TEST_CASE("live units: removing a unit of ours leaves nothing of it", "[.systemd]") {
  Live live;
  const auto manifest = unit(sleeper("gw-gone.service", "  enabled: true\n  running: true\n"));
  apply(live, manifest);
  CHECK(live.device.remove(manifest.id).outcome.error == "");
  CHECK(show("gw-gone.service", "LoadState") == "not-found");
  CHECK(show("gw-gone.service", "ActiveState") == "inactive");
  CHECK(shell("find /etc/systemd/system -name 'gw-gone*'").empty());
}

TEST_CASE("live units: a start that fails says the unit, how it ended and where to look", "[.systemd]") {
  Live live;
  const auto manifest = unit(
      "  name: gw-fails.service\n  running: true\n  content: |\n    [Service]\n    Type=oneshot\n"
      "    ExecStart=/bin/sh -c 'exit 7'\n");
  const auto error = error_of(live, manifest);
  CHECK_THAT(error, Catch::Contains("could not start gw-fails.service") &&
                        Catch::Contains("exit status 7 (result exit-code)") &&
                        Catch::Contains("journalctl -u gw-fails.service"));
  // The next try fails in the same way, and a unit that started too often is started all the same.
  for (int i = 0; i < 6; ++i) CHECK_THAT(error_of(live, manifest), Catch::Contains("exit status 7"));
}

TEST_CASE("live units: a program that does not exist fails its unit, although its job was done",
          "[.systemd]") {
  Live live;
  CHECK_THAT(error_of(live, unit("  name: gw-absent.service\n  running: true\n  content: |\n    [Service]\n"
                                 "    ExecStart=/opt/absent\n")),
             Catch::Contains("gw-absent.service did not stay up") && Catch::Contains("203"));
}

TEST_CASE("live units: a crash loop is an error, not a running unit", "[.systemd]") {
  Live live;
  CHECK_THAT(error_of(live, unit("  name: gw-loop.service\n  running: true\n  content: |\n    [Service]\n"
                                 "    ExecStart=/bin/false\n    Restart=always\n    RestartSec=60\n")),
             Catch::Contains("did not stay up") && Catch::Contains("exit status 1"));
  shell("systemctl stop gw-loop.service");
}

TEST_CASE("live units: a unit that is not there, is masked or is broken each gives a clear error",
          "[.systemd]") {
  Live live;
  CHECK_THAT(
      error_of(live, unit("  name: gw-missing.service\n  running: true\n")),
      Catch::Contains("there is no unit gw-missing.service") && Catch::Contains("install the package"));
  Live second;
  CHECK_THAT(error_of(second, unit("  name: gw-missing.service\n  enabled: true\n")),
             Catch::Contains("gw-missing.service"));
  Live third;
  shell("ln -s /dev/null /etc/systemd/system/gw-masked.service; systemctl daemon-reload");
  CHECK_THAT(error_of(third, unit("  name: gw-masked.service\n  running: true\n")),
             Catch::Contains("is masked") && Catch::Contains("unmask"));
  Live fourth;
  CHECK_THAT(error_of(fourth, unit("  name: gw-broken.service\n  running: true\n  content: |\n    [Service]\n"
                                   "    Type=simple\n")),
             Catch::Contains("cannot load gw-broken.service (bad-setting)"));
  Live fifth;
  shell(
      "printf '[Service]\\nExecStart=/bin/true\\n' > /etc/systemd/system/gw-static.service; systemctl "
      "daemon-reload");
  CHECK_THAT(error_of(fifth, unit("  name: gw-static.service\n  enabled: true\n")),
             Catch::Contains("no [Install] section"));
}

TEST_CASE("live units: a oneshot that ran is not run again until something changes", "[.systemd]") {
  Live live;
  shell("rm -f /run/gw-runs");
  for (const std::string name : {"gw-once.service", "gw-once-enabled.service"}) {
    INFO(name);
    shell("rm -f /run/gw-runs");
    const std::string enabled = name == "gw-once.service" ? "" : "  enabled: true\n";
    const auto manifest =
        unit("  name: " + name + "\n  running: true\n  restartOn: [File/setting]\n" + enabled +
             "  content: |\n    [Service]\n    Type=oneshot\n"
             "    ExecStart=/bin/sh -c 'echo ran >> /run/gw-runs'\n"
             "    [Install]\n    WantedBy=multi-user.target\n");
    apply(live, manifest);
    CHECK_FALSE(live.device.drift(manifest.id, true));
    CHECK_FALSE(live.device.apply(manifest));
    CHECK(shell("cat /run/gw-runs") == "ran");
    apply(live, manifest, {setting});
    CHECK(shell("cat /run/gw-runs") == "ran\nran");
    live.device.remove(manifest.id);
  }
}

TEST_CASE("live units: a unit whose condition does not hold on this device is no drift", "[.systemd]") {
  Live live;
  const auto manifest = unit(
      "  name: gw-condition.service\n  running: true\n  enabled: true\n  content: |\n"
      "    [Unit]\n    ConditionPathExists=/dev/nothing\n    [Service]\n    ExecStart=/bin/sleep infinity\n"
      "    [Install]\n    WantedBy=multi-user.target\n");
  apply(live, manifest);
  CHECK_FALSE(live.device.drift(manifest.id, true));
}

TEST_CASE("live units: an object that changed restarts or reloads what runs, and starts nothing",
          "[.systemd]") {
  Live live;
  shell("rm -f /run/gw-reloads");
  const auto manifest = unit(
      "  name: gw-trigger.service\n  restartOn: [File/setting]\n  content: |\n    [Service]\n    "
      "ExecStart=/bin/sleep infinity\n"
      "    ExecReload=/bin/sh -c 'echo reload >> /run/gw-reloads'\n");
  apply(live, manifest);
  apply(live, manifest, {setting});
  apply(live, manifest, {}, {setting});
  CHECK(show("gw-trigger.service", "ActiveState") == "inactive");

  shell("systemctl start gw-trigger.service");
  const auto first = show("gw-trigger.service", "MainPID");
  CHECK(apply(live, manifest, {}, {setting}).verb == plan::Verb::reload);
  CHECK(show("gw-trigger.service", "MainPID") == first);
  CHECK(shell("cat /run/gw-reloads") == "reload");
  CHECK(apply(live, manifest, {setting}).verb == plan::Verb::restart);
  CHECK(show("gw-trigger.service", "MainPID") != first);
}

TEST_CASE("live units: timers and sockets are enabled and started as services are", "[.systemd]") {
  Live live;
  shell("printf '[Service]\\nExecStart=/bin/true\\n' > /etc/systemd/system/gw-tick.service");
  apply(live, unit("  name: gw-tick.timer\n  enabled: true\n  running: true\n  content: |\n    [Timer]\n"
                   "    OnCalendar=yearly\n    Unit=gw-tick.service\n    [Install]\n"
                   "    WantedBy=timers.target\n"));
  CHECK(show("gw-tick.timer", "SubState") == "waiting");
  Live second;
  shell("printf '[Service]\\nExecStart=/bin/cat\\n' > /etc/systemd/system/gw-listen.service");
  const auto manifest = unit(
      "  name: gw-listen.socket\n  enabled: true\n  running: true\n  content: |\n    [Socket]\n"
      "    ListenStream=/run/gw-listen\n    [Install]\n    WantedBy=sockets.target\n");
  apply(second, manifest);
  CHECK(show("gw-listen.socket", "ActiveState") == "active");
  CHECK_FALSE(second.device.drift(manifest.id));
}

TEST_CASE("live units: an instance of a template is enabled and run", "[.systemd]") {
  Live live;
  shell(
      "printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' >"
      " /etc/systemd/system/gw-lane@.service; systemctl daemon-reload");
  const auto manifest = unit("  name: gw-lane@north.service\n  enabled: true\n  running: true\n");
  apply(live, manifest);
  CHECK(show("gw-lane@north.service", "ActiveState") == "active");
  CHECK_FALSE(live.device.drift(manifest.id, true));
}

TEST_CASE("live units: other targets in [Install] move a unit's links", "[.systemd]") {
  Live live;
  auto text = sleeper("gw-moves.service", "  enabled: true\n");
  apply(live, unit(text));
  text.replace(text.find("multi-user"), 10, "graphical");
  apply(live, unit(text));
  CHECK(shell("cd /etc/systemd/system; ls -d *.wants/gw-moves.service") ==
        "graphical.target.wants/gw-moves.service");
}

TEST_CASE("live units: a job that does not end is given up on in time, and systemd is left to it",
          "[.systemd]") {
  const Host host{"/", {"/etc"}};
  int kicks = 0;
  UnitDriver driver(
      host, [&] { ++kicks; }, std::chrono::milliseconds(2500));
  test::Device device(driver);
  const auto result = device.apply(
      unit("  name: gw-slow.service\n  running: true\n  content: |\n    [Service]\n    Type=oneshot\n"
           "    ExecStart=/bin/sleep 60\n"));
  REQUIRE(result);
  CHECK_THAT(result->outcome.error,
             Catch::Contains("did not finish within 2s") && Catch::Contains("still working on it"));
  CHECK(kicks >= 2);
  CHECK(show("gw-slow.service", "ActiveState") == "activating");
  shell("systemctl stop gw-slow.service");
}

TEST_CASE("live units: a unit may restart the message bus under us", "[.systemd]") {
  Live live;
  const auto manifest = unit("  name: dbus.service\n  restartOn: [File/setting]\n");
  apply(live, manifest);
  apply(live, manifest, {setting});
  CHECK(show("dbus.service", "ActiveState") == "active");
  CHECK_FALSE(live.device.drift(manifest.id));
}

TEST_CASE("live units: a unit file that a File object wrote is read before its unit starts", "[.systemd]") {
  Live live;
  shell(
      "printf '[Service]\\nExecStart=/bin/sleep infinity\\n' > /etc/systemd/system/gw-file.service;"
      "systemctl start gw-file.service;"
      "printf '[Service]\\nExecStart=/bin/sleep 77777\\n' > /etc/systemd/system/gw-file.service");
  const auto manifest = unit("  name: gw-file.service\n  running: true\n  restartOn: [File/setting]\n");
  apply(live, manifest);
  apply(live, manifest, {setting});
  CHECK_THAT(show("gw-file.service", "ExecStart"), Catch::Contains("77777"));
}

TEST_CASE("live units: what a timer or path started runs on when that changes, stops or goes", "[.systemd]") {
  Live live;
  const bool is_timer = GENERATE(true, false);
  const std::string type = is_timer ? "timer" : "path";
  const auto service = "gw-" + type + "-job.service";
  shell("printf '[Service]\\nExecStart=/bin/sleep infinity\\n' > /etc/systemd/system/" + service +
        "; touch /run/gw-seen; systemctl daemon-reload");
  const auto activating = [&](const std::string& running, const std::string& more) {
    return unit("  name: gw-" + type + "-job." + type + "\n  running: " + running + "\n  content: |\n    [" +
                (is_timer ? "Timer]\n    OnActiveSec=1ms\n" : "Path]\n    PathExists=/run/gw-seen\n") + more);
  };
  apply(live, activating("true", ""));
  shell("for i in $(seq 100); do systemctl is-active " + service + " && break; sleep 0.1; done");
  const auto process = show(service, "MainPID");
  REQUIRE(process != "0");
  const auto changed = is_timer ? "    OnCalendar=yearly\n" : "    PathExists=/run/gw-also\n";
  apply(live, activating("true", changed));
  CHECK(show("gw-" + type + "-job." + type, "ActiveState") == "active");
  CHECK(show(service, "MainPID") == process);
  apply(live, activating("false", changed));
  CHECK(show("gw-" + type + "-job." + type, "ActiveState") == "inactive");
  CHECK(show(service, "MainPID") == process);
  CHECK(live.device.remove(activating("false", changed).id).outcome.error == "");
  CHECK(show(service, "MainPID") == process);
  shell("systemctl stop " + service + "; rm /etc/systemd/system/" + service + "; systemctl daemon-reload");
}

TEST_CASE("live units: a service that goes is not left running by a path that is still up", "[.systemd]") {
  Live live;
  shell("touch /run/gw-seen");
  const auto service = test::manifest_of(
      "SystemdUnit", "service",
      "spec: {name: gw-again.service, content: \"[Service]\\nExecStart=/bin/sleep infinity\\n\"}");
  const auto path = test::manifest_of("SystemdUnit", "path",
                                      "spec: {name: gw-again.path, running: true, content: "
                                      "\"[Path]\\nPathExists=/run/gw-seen\\n\"}");
  apply(live, service);
  apply(live, path);
  shell("for i in $(seq 100); do systemctl is-active gw-again.service && break; sleep 0.1; done");
  CHECK(show("gw-again.service", "ActiveState") == "active");
  CHECK(live.device.remove(service.id).outcome.error == "");
  CHECK(live.device.remove(path.id).outcome.error == "");
  CHECK(show("gw-again.service", "MainPID") == "0");
  CHECK(show("gw-again.service", "LoadState") == "not-found");
}

TEST_CASE("live units: a drop-in of somebody else's is noticed, also long after the last change",
          "[.systemd]") {
  Live live;
  const auto manifest = unit(sleeper("gw-quiet.service", "  running: true\n"));
  const std::string drop_in = "/etc/systemd/system/gw-quiet.service.d/local.conf";
  shell("mkdir -p /etc/systemd/system/gw-quiet.service.d; printf '[Service]\nMemoryMax=1G\n' >" + drop_in);
  apply(live, manifest);
  shell(
      "until [ $(($(date +%s) - $(stat -c %Z /etc/systemd/system /etc/systemd/system/*.d | sort -n | tail "
      "-1))) "
      "-gt 1 ]; do sleep 0.1; done");
  CHECK_FALSE(live.device.drift(manifest.id));
  CHECK_FALSE(live.device.drift(manifest.id));
  shell("printf '[Service]\nMemoryMax=2G\n' >" + drop_in);
  CHECK_THAT(live.device.drift(manifest.id).value_or(""), Catch::Contains("since they changed"));
  apply(live, manifest);
  CHECK_FALSE(live.device.drift(manifest.id));
  shell("rm -r /etc/systemd/system/gw-quiet.service.d; systemctl daemon-reload");
}
