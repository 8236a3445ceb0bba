"""Units by systemd's own names, on a real systemd: aliases, templates, drop-ins of other objects, generators, sockets, masks.

One machine follows one repository; each test has units of its own, and `greenwaved --once` is one sync.
"""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import field  # noqa: E402
import machine  # noqa: E402
from field import FieldDevice, manifest  # noqa: E402
from greenwave import City, Scratch, file_manifest  # noqa: E402

SLEEPER = "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n"
TEMPLATE = "[Service]\nExecStart=/bin/sleep infinity\nEnvironment=LANE=%i\n[Install]\nWantedBy=multi-user.target\n"


def unit(object_name, name, **spec):
    return manifest("SystemdUnit", object_name, {"name": name, **spec})


class Systemd(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = cls.enterClassContext(Scratch())
        cls.city = City(scratch)
        cls.machine = cls.enterClassContext(machine.Machine(binds=FieldDevice.binds(cls.city)))
        cls.device = FieldDevice(cls.machine)

    def setUp(self):
        self.city.commit({path: None for path in self.files()} | {"keep.yaml": file_manifest("keep", "/etc/keep", "keep\n")})
        self.device.once(0)

    def files(self):
        return [file.name for file in self.city.work.glob("*.yaml")]

    def sync(self, files, expected=0):
        self.city.commit(files)
        return self.device.once(expected)

    def show(self, unit_name, *properties):
        values = [self.device.show(unit_name, name) for name in properties]
        return values[0] if len(values) == 1 else values

    def vendor(self, name, content=SLEEPER):
        """A unit as a package brings it."""
        self.machine.write(f"/usr/lib/systemd/system/{name}", content)
        self.machine.run("systemctl", "daemon-reload")

    def reloads(self):
        """How often systemd has read its files."""
        return self.machine.run("journalctl", "-b", "-o", "cat", "_PID=1", "--grep=^Reloading", check=False).stdout.count("Reloading")

    def state(self, name):
        return next(one["state"] for one in self.device.json("show") if one["object"] == f"SystemdUnit/{name}")

    def assert_in_sync(self):
        before = self.device.history()[0]["number"]
        self.device.once(0)
        self.assertEqual(before, self.device.history()[0]["number"], "a second sync changed something")

    def test_a_template_is_written_and_its_neighbours_in_the_batch_are_applied(self):
        self.sync({"lane.yaml": unit("lane", "lane@.service", content=TEMPLATE), "other.yaml": unit("other", "other.service", content=SLEEPER, running=True)})
        self.assertEqual("active", self.show("other.service", "ActiveState"))
        self.assertTrue(self.device.path("/etc/systemd/system/lane@.service").exists())
        self.assert_in_sync()

    def test_instances_of_a_template_start_from_it_and_restart_when_it_changes(self):
        files = {
            "lane.yaml": unit("lane", "lane@.service", content=TEMPLATE),
            "north.yaml": unit("north", "lane@north.service", enabled=True, running=True),
            "a-south.yaml": unit("a-south", "lane@south.service", running=True),
            "east.yaml": unit("east", "lane@east.service", enabled=True),
        }
        self.sync(files)
        instances = ["lane@north.service", "lane@south.service"]
        for name in instances:
            self.assertEqual("active", self.show(name, "ActiveState"))
        self.assertEqual("inactive", self.show("lane@east.service", "ActiveState"))
        pids = [self.show(name, "MainPID") for name in instances]
        self.sync({"lane.yaml": unit("lane", "lane@.service", content=TEMPLATE.replace("infinity", "100000"))})
        for name, pid in zip(instances, pids):
            self.assertNotEqual(pid, self.show(name, "MainPID"))
            self.assertIn("100000", self.show(name, "ExecStart"))
        self.assertEqual("inactive", self.show("lane@east.service", "ActiveState"))
        self.assert_in_sync()

    def test_a_template_that_should_run_is_an_error_and_its_commit_taken_back(self):
        said = self.sync({"lane.yaml": unit("lane", "lane@.service", content=TEMPLATE, running=True), "other.yaml": unit("other", "other.service", content=SLEEPER, running=True)}, expected=1)
        self.assertIn("lane@.service is a template, which cannot run", said)
        self.assertEqual("inactive", self.show("other.service", "ActiveState"))

    def test_an_alias_is_the_unit_that_systemd_knows(self):
        self.vendor("ssh.service", SLEEPER + "Alias=sshd.service\n")
        self.machine.run("systemctl", "enable", "--now", "ssh.service")
        pid = self.show("ssh.service", "MainPID")
        self.sync({"sshd.yaml": unit("sshd", "sshd.service", enabled=True, running=True, restartOn=["File/keep"])})
        self.assertEqual(pid, self.show("ssh.service", "MainPID"))
        self.assert_in_sync()
        self.sync({"keep.yaml": file_manifest("keep", "/etc/keep", "other\n")})
        self.assertNotEqual(pid, self.show("ssh.service", "MainPID"))
        self.machine.run("systemctl", "stop", "ssh.service")
        self.device.once(0)
        self.assertEqual("active", self.show("ssh.service", "ActiveState"))

        self.sync({"sshd.yaml": unit("sshd", "sshd.service", enabled=False, running=False)})
        self.assertEqual(["inactive", "disabled"], self.show("ssh.service", "ActiveState", "UnitFileState"))
        self.machine.run("systemctl", "start", "ssh.service")
        self.device.once(0)
        self.assertEqual("inactive", self.show("ssh.service", "ActiveState"))
        self.sync({"sshd.yaml": unit("sshd", "sshd.service", enabled=True, running=True)})
        self.assertEqual(["active", "enabled"], self.show("ssh.service", "ActiveState", "UnitFileState"))
        self.assert_in_sync()

    def test_two_objects_of_one_unit_are_refused(self):
        self.vendor("real.service")
        self.machine.shell("ln -sf /usr/lib/systemd/system/real.service /usr/lib/systemd/system/other-name.service; systemctl daemon-reload")
        said = self.sync({"a.yaml": unit("a", "real.service", running=True), "b.yaml": unit("b", "other-name.service", running=False)}, expected=1)
        self.assertIn("other-name.service is another name of real.service, which SystemdUnit/", said)

    def test_a_drop_in_that_a_file_brings_is_read_and_its_unit_restarts_both_ways(self):
        self.sync({"service.yaml": unit("service", "dropped.service", content=SLEEPER, enabled=True, running=True)})
        pid, reloads = self.show("dropped.service", "MainPID"), self.reloads()
        drop_in = "[Service]\nEnvironment=LANE=7\n"
        self.sync({"drop.yaml": file_manifest("drop", "/etc/systemd/system/dropped.service.d/lane.conf", drop_in)})
        self.assertEqual("LANE=7", self.show("dropped.service", "Environment"))
        self.assertEqual("no", self.show("dropped.service", "NeedDaemonReload"))
        self.assertEqual(reloads + 1, self.reloads())
        second = self.show("dropped.service", "MainPID")
        self.assertNotEqual(pid, second)
        self.assert_in_sync()

        self.sync({"drop.yaml": None})
        self.assertEqual("", self.show("dropped.service", "Environment"))
        self.assertNotEqual(second, self.show("dropped.service", "MainPID"))
        self.assert_in_sync()

    def test_a_drop_in_of_all_services_and_one_of_a_prefix_restart_what_runs(self):
        self.sync({"one.yaml": unit("one", "corner-one.service", content=SLEEPER, running=True)})
        for path in ("/etc/systemd/system/corner-.service.d/all.conf", "/etc/systemd/system/service.d/all.conf"):
            with self.subTest(path):
                pid = self.show("corner-one.service", "MainPID")
                self.sync({"drop.yaml": file_manifest("drop", path, f"[Service]\nEnvironment=FROM={path}\n")})
                self.assertEqual(f"FROM={path}", self.show("corner-one.service", "Environment"))
                self.assertNotEqual(pid, self.show("corner-one.service", "MainPID"))
                self.assert_in_sync()

    def test_a_drop_in_in_the_name_of_an_alias_restarts_the_unit_at_the_latest_in_the_next_pass(self):
        self.vendor("real.service")
        self.machine.shell("ln -sf /usr/lib/systemd/system/real.service /usr/lib/systemd/system/other-name.service; systemctl daemon-reload")
        self.sync({"real.yaml": unit("real", "real.service", running=True)})
        pid = self.show("real.service", "MainPID")
        self.sync({"drop.yaml": file_manifest("drop", "/etc/systemd/system/other-name.service.d/a.conf", "[Service]\nEnvironment=A=1\n")})
        self.device.once(0)
        self.assertEqual("A=1", self.show("real.service", "Environment"))
        self.assertNotEqual(pid, self.show("real.service", "MainPID"))
        self.assert_in_sync()

    def test_a_drop_in_that_was_there_unread_in_a_new_directory_is_read_and_its_unit_restarts(self):
        drop_in = "[Service]\nEnvironment=LANE=7\n"
        own = {"dropIns": [{"name": "lane.conf", "content": drop_in}]}
        for name, of_file in (("unread-file", True), ("unread-own", False)):
            with self.subTest(name):
                service, path = f"{name}.service", f"/etc/systemd/system/{name}.service.d/lane.conf"
                self.vendor(service)
                self.machine.run("systemctl", "start", service)
                self.sync({"unit.yaml": unit("unit", service, running=True)})
                pid = self.show(service, "MainPID")
                self.machine.write(path, drop_in)
                self.assertEqual("no", self.show(service, "NeedDaemonReload"))  # systemd does not see the directory
                self.sync({"drop.yaml": file_manifest("drop", path, drop_in)} if of_file else {"unit.yaml": unit("unit", service, running=True, **own)})
                self.assertEqual("LANE=7", self.show(service, "Environment"))
                self.assertNotEqual(pid, self.show(service, "MainPID"))
                self.assert_in_sync()

    def test_a_drop_in_that_is_written_again_by_hand_after_it_was_gone_is_read_again(self):
        path = "/etc/systemd/system/again.service.d/lane.conf"
        self.sync({"unit.yaml": unit("unit", "again.service", content=SLEEPER, running=True), "drop.yaml": file_manifest("drop", path, "[Service]\nEnvironment=A=1\n")})
        self.machine.shell("rm -r /etc/systemd/system/again.service.d; systemctl daemon-reload; systemctl restart again.service")
        self.machine.write(path, "[Service]\nEnvironment=A=1\n")
        pid = self.show("again.service", "MainPID")
        self.assertIn("systemd has not read its files since they changed", self.device.once(0))
        self.assertEqual("A=1", self.show("again.service", "Environment"))
        self.assertNotEqual(pid, self.show("again.service", "MainPID"))
        self.assert_in_sync()

    def test_a_drop_in_that_another_replaces_or_masks_is_not_waited_for(self):
        for place in ("/usr/lib/systemd/system", "/etc/systemd/system", "/run/systemd/system"):
            self.machine.write(f"{place}/replaced.service.d/a.conf", f"[Service]\nEnvironment=FROM={place}\n")
        self.machine.write("/usr/lib/systemd/system/replaced.service.d/b.conf", "[Service]\nEnvironment=B=1\n")
        self.machine.shell("ln -s /dev/null /etc/systemd/system/replaced.service.d/b.conf")
        self.vendor("replaced.service")
        self.sync({"unit.yaml": unit("unit", "replaced.service", running=True)})
        self.assertEqual("FROM=/etc/systemd/system", self.show("replaced.service", "Environment"))
        reloads = self.reloads()
        self.assert_in_sync()
        self.assertEqual(reloads, self.reloads())

    def test_a_drop_in_under_an_alias_comes_and_goes_with_it(self):
        self.vendor("named.service", SLEEPER + "Alias=nick.service\n")
        drop_in = file_manifest("drop", "/etc/systemd/system/nick.service.d/a.conf", "[Service]\nEnvironment=A=1\n")
        self.sync({"unit.yaml": unit("unit", "named.service", running=True), "drop.yaml": drop_in})
        for enabled in (True, False):
            with self.subTest(enabled):
                pid = self.show("named.service", "MainPID")
                self.sync({"unit.yaml": unit("unit", "named.service", running=True, enabled=enabled)})
                self.assertEqual("A=1" if enabled else "", self.show("named.service", "Environment"))
                self.assertNotEqual(pid, self.show("named.service", "MainPID"))
                self.assert_in_sync()

    def test_a_restart_for_a_drop_in_under_an_alias_waits_for_its_window(self):
        self.vendor("called.service", SLEEPER + "Alias=byname.service\n")
        drop_in = file_manifest("drop", "/etc/systemd/system/byname.service.d/a.conf", "[Service]\nEnvironment=A=1\n")
        opens = field.utc_now().replace(second=0, microsecond=0) + field.datetime.timedelta(hours=3)
        self.sync({"unit.yaml": unit("unit", "called.service", running=True), "drop.yaml": drop_in, "greenwave.yaml": field.cluster(field.window(opens, hours=1))})
        pid = self.show("called.service", "MainPID")
        self.sync({"unit.yaml": unit("unit", "called.service", running=True, enabled=True)})
        self.assertEqual(pid, self.show("called.service", "MainPID"))
        self.assertIn("SystemdUnit/unit", json.dumps(self.device.json("status")["waiting"]))
        self.sync({"greenwave.yaml": None})
        self.assertNotEqual(pid, self.show("called.service", "MainPID"))
        self.assertEqual("A=1", self.show("called.service", "Environment"))
        self.assert_in_sync()

    def test_a_drop_in_of_a_units_own_object_restarts_it(self):
        self.vendor("own.service")
        self.sync({"own.yaml": unit("own", "own.service", running=True)})
        pid = self.show("own.service", "MainPID")
        self.sync({"own.yaml": unit("own", "own.service", running=True, dropIns=[{"name": "a.conf", "content": "[Service]\nEnvironment=A=1\n"}])})
        self.assertEqual("A=1", self.show("own.service", "Environment"))
        self.assertNotEqual(pid, self.show("own.service", "MainPID"))
        self.assert_in_sync()

    def test_a_tree_of_unit_files_is_read_and_its_units_restart(self):
        self.sync({"tree.yaml": unit("tree", "treed.service", content=SLEEPER, running=True), "still.yaml": unit("still", "still.service", content=SLEEPER, running=True)})
        pids = [self.show(name, "MainPID") for name in ("treed.service", "still.service")]
        self.sync({"tree/treed.service.d/a.conf": "[Service]\nEnvironment=A=1\n", "directory.yaml": manifest("Directory", "units", {"path": "/etc/systemd/system", "source": "tree"})})
        self.assertEqual("A=1", self.show("treed.service", "Environment"))
        self.assertNotEqual(pids[0], self.show("treed.service", "MainPID"))
        self.assertEqual(pids[1], self.show("still.service", "MainPID"))
        self.assert_in_sync()

    def test_what_a_generator_reads_makes_its_units_at_once(self):
        self.sync({"fstab.yaml": file_manifest("fstab", "/etc/fstab", "tmpfs /srv/logs tmpfs size=1m,noauto 0 0\n"), "logs.yaml": unit("logs", "srv-logs.mount", running=True)})
        self.assertEqual(["active", "loaded"], self.show("srv-logs.mount", "ActiveState", "LoadState"))
        self.assert_in_sync()

    def test_a_file_that_says_so_has_systemd_read_its_files(self):
        generator = "#!/bin/sh\nprintf '[Service]\\nExecStart=/bin/sleep %s\\n' $(cat /etc/lanes) > $1/lanes.service\n"
        self.sync({
            "generator.yaml": file_manifest("generator", "/etc/systemd/system-generators/lanes", generator, mode="0755"),
            "lanes.yaml": file_manifest("lanes", "/etc/lanes", "1000", reloadSystemd=True),
            "unit.yaml": unit("lanes", "lanes.service", running=True),
        })
        self.assertIn("1000", self.show("lanes.service", "ExecStart"))
        reloads = self.reloads()
        self.sync({"lanes.yaml": file_manifest("lanes", "/etc/lanes", "2000", reloadSystemd=True)})
        self.assertEqual(reloads + 1, self.reloads())
        self.assertIn("2000", self.show("lanes.service", "ExecStart"))
        self.device.once(0)  # which unit a generator makes of it is known when it has
        self.assertIn("2000", self.machine.shell("tr '\\0' ' ' < /proc/$(systemctl show --value -p MainPID lanes.service)/cmdline"))
        self.assert_in_sync()

    def test_a_command_finds_the_units_that_files_of_its_pass_make(self):
        self.sync({
            "quick.yaml": file_manifest("quick", "/etc/systemd/system/quick.service", SLEEPER),
            "start.yaml": manifest("Command", "start", {"command": ["systemctl", "start", "quick.service"]}),
        })
        self.assertEqual("active", self.show("quick.service", "ActiveState"))

    def test_an_agent_that_was_killed_before_the_reload_makes_up_for_it(self):
        self.sync({"late.yaml": unit("late", "late.service", content=SLEEPER, running=True)})
        self.machine.shell("mkdir -p /etc/systemd/system/late.service.d /run/greenwave; printf '[Service]\\nEnvironment=A=1\\n' > /etc/systemd/system/late.service.d/a.conf; : > /run/greenwave/daemon-reload-owed")
        self.device.once(0)
        self.device.once(0)
        self.assertEqual("A=1", self.show("late.service", "Environment"))
        self.assertFalse(self.device.path("/run/greenwave/daemon-reload-owed").exists())

    def test_a_socket_changes_and_goes_back_while_its_service_runs(self):
        service = "[Service]\nExecStart=/bin/sleep infinity\n"
        socket = "[Socket]\nListenStream=/run/listen-%d\n[Install]\nWantedBy=sockets.target\n"
        files = {"service.yaml": unit("listen", "listen.service", content=service), "socket.yaml": unit("listen-socket", "listen.socket", content=socket % 1, enabled=True, running=True)}
        self.sync(files)
        self.machine.run("systemctl", "start", "listen.service")
        for number in (2, 1):
            with self.subTest(number):
                pid = self.show("listen.service", "MainPID")
                self.sync({"socket.yaml": unit("listen-socket", "listen.socket", content=socket % number, enabled=True, running=True)})
                self.assertIn(f"/run/listen-{number}", self.show("listen.socket", "Listen"))
                self.assertEqual("active", self.show("listen.socket", "ActiveState"))
                self.assertTrue(self.device.path(f"/run/listen-{number}").exists())
                self.assertEqual("active", self.show("listen.service", "ActiveState"))
                self.assertNotEqual(pid, self.show("listen.service", "MainPID"))
                self.assert_in_sync()

    def test_a_socket_starts_although_its_service_runs(self):
        self.vendor("early.service", "[Service]\nExecStart=/bin/sleep infinity\n")
        self.machine.run("systemctl", "start", "early.service")
        self.sync({"socket.yaml": unit("early", "early.socket", content="[Socket]\nListenStream=/run/early\n", running=True)})
        self.assertEqual("active", self.show("early.socket", "ActiveState"))
        self.assertEqual("active", self.show("early.service", "ActiveState"))

    def test_timers_and_paths_take_their_new_definition(self):
        timer, path = "[Timer]\nOnCalendar=%s\nUnit=keep-quiet.service\n", "[Path]\nPathExists=%s\nUnit=keep-quiet.service\n"
        self.vendor("keep-quiet.service", "[Service]\nExecStart=/bin/true\n")
        self.sync({"timer.yaml": unit("timer", "tick.timer", content=timer % "yearly", running=True), "path.yaml": unit("path", "watch.path", content=path % "/nowhere", running=True)})
        self.sync({"timer.yaml": unit("timer", "tick.timer", content=timer % "*-03-01", running=True), "path.yaml": unit("path", "watch.path", content=path % "/elsewhere", running=True)})
        self.assertIn("-03-01", self.show("tick.timer", "TimersCalendar"))
        self.assertIn("03-01", self.show("tick.timer", "NextElapseUSecRealtime"))
        self.assertIn("/elsewhere", self.show("watch.path", "Paths"))
        self.assert_in_sync()

    def test_a_unit_is_masked_and_unmasked(self):
        self.vendor("noisy.service")
        self.machine.run("systemctl", "enable", "--now", "noisy.service")
        self.sync({"noisy.yaml": unit("noisy", "noisy.service", masked=True, running=False)})
        self.assertEqual(["masked", "inactive"], self.show("noisy.service", "LoadState", "ActiveState"))
        self.assert_in_sync()
        self.machine.run("systemctl", "unmask", "noisy.service")
        self.device.once(0)
        self.assertEqual("masked", self.show("noisy.service", "LoadState"))
        self.sync({"noisy.yaml": unit("noisy", "noisy.service", enabled=True, running=True)})
        self.assertEqual(["loaded", "active"], self.show("noisy.service", "LoadState", "ActiveState"))
        self.sync({"noisy.yaml": unit("noisy", "noisy.service", masked=True)})
        self.sync({"noisy.yaml": None})
        self.assertEqual("loaded", self.show("noisy.service", "LoadState"))
        self.assertFalse(self.device.path("/etc/systemd/system/noisy.service").is_symlink())

    def test_masked_false_takes_a_mask_of_the_device_away_and_gives_it_back(self):
        self.vendor("kept-off.service")
        self.machine.run("systemctl", "mask", "kept-off.service")
        self.sync({"off.yaml": unit("off", "kept-off.service", masked=False, running=True)})
        self.assertEqual("active", self.show("kept-off.service", "ActiveState"))
        self.sync({"off.yaml": None})
        self.assertEqual(["masked", "inactive"], self.show("kept-off.service", "LoadState", "ActiveState"))

    def test_what_systemd_makes_of_a_unit_is_compared_with_the_manifest(self):
        self.sync({"effective.yaml": unit("effective", "effective.service", content=SLEEPER, enabled=True, running=True)})
        self.machine.shell("mkdir -p /etc/systemd/system.control; printf '[Service]\\nExecStart=/bin/sleep 5000\\n' > /etc/systemd/system.control/effective.service; systemctl daemon-reload")
        self.assertIn("systemd reads /etc/systemd/system.control/effective.service instead of /etc/systemd/system/effective.service", self.device.once(1))
        self.machine.shell("rm -r /etc/systemd/system.control/effective.service; systemctl daemon-reload")
        self.device.once(0)
        self.assert_in_sync()

    def test_a_restart_for_a_drop_in_waits_for_its_window(self):
        opens = field.utc_now().replace(second=0, microsecond=0) + field.datetime.timedelta(hours=3)
        self.sync({"waits.yaml": unit("waits", "waits.service", content=SLEEPER, running=True), "greenwave.yaml": field.cluster(field.window(opens, hours=1))})
        pid = self.show("waits.service", "MainPID")
        self.sync({"drop.yaml": file_manifest("drop", "/etc/systemd/system/waits.service.d/a.conf", "[Service]\nEnvironment=A=1\n")})
        self.assertEqual(["A=1", pid], self.show("waits.service", "Environment", "MainPID"))
        self.assertIn("SystemdUnit/waits", json.dumps(self.device.json("status")["waiting"]))
        self.device.once(0)
        self.assertEqual(pid, self.show("waits.service", "MainPID"))
        self.sync({"greenwave.yaml": None})
        self.assertNotEqual(pid, self.show("waits.service", "MainPID"))
        self.assert_in_sync()


if __name__ == "__main__":
    if machine.why_not():
        print(f"SKIPPED: {machine.why_not()}")
        sys.exit(77)
    unittest.main()
