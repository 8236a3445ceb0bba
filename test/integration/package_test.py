"""The Debian package's life on a device (systemd as PID 1, a pod, units): installed, upgraded in service, removed,
purged, installed again; and the hub's on a server. The packages are made from the build that the other tests run."""

import contextlib
import hashlib
import json
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import machine  # noqa: E402
import packages  # noqa: E402
import podman_machine  # noqa: E402
import postgres  # noqa: E402
from greenwave import PATIENCE, City, Scratch, UnixConnection, file_manifest  # noqa: E402
from pods import container, manifest, pod  # noqa: E402

SOURCE = pathlib.Path(__file__).parents[2]
CONFIGURATION = """device: sf-0042
repository: {url: file:///srv/city.git, interval: 1s}
runtime: podman
health: {settle: 1s}
"""
BEACON = manifest("greenwave.dev/v1", "SystemdUnit", "beacon", spec={
    "name": "beacon.service", "enabled": True, "running": True,
    "content": "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n"})
# Begins, and goes on until it may.
SLOW = "touch /var/lib/{0}.begun; until [ -e /var/lib/{0}.go ]; do sleep 0.1; done; touch /var/lib/{0}.done"

# Holds dpkg's lock, as fcntl(2) does, until it is told to end.
LOCK = """use Fcntl;
open(my $lock, '>>', '/var/lib/dpkg/lock-frontend') or die;
my $all = pack('s s x![q] q q i', F_WRLCK, 0, 0, 0, 0);
fcntl($lock, F_SETLK, $all) or die;
open(my $held, '>', '/root/holds-the-lock.held');
select(undef, undef, undef, 0.1) until -e '/root/holds-the-lock.end';
"""


def command(name, script):
    return manifest("greenwave.dev/v1", "Command", name, spec={"command": ["sh", "-c", script], "creates": f"/var/lib/{name}.done"})


debs = None


def setUpModule():
    global debs
    debs = packages.Packages(unittest.enterModuleContext(Scratch()) / "debs")


class Life(unittest.TestCase):
    """One device, one story: the tests run in the order of their names."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = cls.enterClassContext(Scratch())
        cls.city = City(cls.scratch)
        cls.city.commit({
            "motd.yaml": file_manifest("motd", "/etc/motd", "kept by Greenwave\n"),
            "more.yaml": file_manifest("more", "/etc/more.conf", "more\n"),
            "unit.yaml": BEACON,
            "pod.yaml": pod("spat", container()),
        })
        cls.device = cls.enterClassContext(machine.Machine(binds={
            cls.city.bare: "/srv/city.git", debs.directory: "/srv/debs", SOURCE: "/srv/source"}))
        podman_machine.start_podman(cls.device)

    def dpkg(self, *words, check=True):
        """As unattended-upgrades runs it: nobody answers, and no file is said to be kept."""
        done = self.device.run("env", "DEBIAN_FRONTEND=noninteractive", "dpkg", *words, check=check)
        return done.stdout + done.stderr

    def install(self, deb, check=True):
        return self.dpkg("--install", f"/srv/debs/{deb.name}", check=check)

    def beside(self, *words, **options):
        return subprocess.Popen(self.device.command(*words), stdin=subprocess.DEVNULL, **options)

    def read(self, path):
        return self.device.run("cat", path).stdout

    def there(self, path):
        return self.device.run("test", "-e", path, check=False).returncode == 0

    def show(self, unit, name):
        return self.device.run("systemctl", "show", "--value", f"--property={name}", unit).stdout.strip()

    def in_sync(self):
        return self.device.is_at(self.city.git("rev-parse", "HEAD"))

    def await_sync(self):
        self.device.wait_until("the device is as its repository says", self.in_sync)

    def agent(self):
        return self.show("greenwaved.service", "MainPID")

    def managed(self):
        """What must not change: the lives of the unit and of the pod, and the file's inode."""
        started = {name: self.device.run("podman", "inspect", "--format", "{{.Id}} {{.State.StartedAt}}", name).stdout
                   for name in podman_machine.containers(self.device)}
        return self.show("beacon.service", "MainPID"), started, self.device.run("stat", "-c", "%i %y", "/etc/motd").stdout

    @contextlib.contextmanager
    def one_restart_of_the_agent(self):
        agent, managed = self.agent(), self.managed()
        yield
        self.device.wait_until("another agent runs", lambda: self.agent() not in ("0", agent))
        self.await_sync()
        self.assertEqual(managed, self.managed())
        self.assertEqual("0", self.show("greenwaved.service", "NRestarts"))
        self.assertIn("restarting: the agent, or a library of it, was upgraded", self.device.journal("greenwaved.service"))

    def database(self):
        return self.device.root / "var/lib/greenwave/state.db"

    def turn_state_back(self, steps):
        """As a version with these steps alone would have written it. On a copy: SQLite resolves links, also of /proc."""
        copy = self.scratch / "state.db"
        copy.write_bytes(self.database().read_bytes())
        earlier = self.scratch / "earlier.db"
        earlier.unlink(missing_ok=True)
        with_schema(copy, steps, earlier)
        self.database().write_bytes(earlier.read_bytes())

    def test_1_a_configuration_that_was_there_first_is_kept_and_the_agent_starts_with_it(self):
        self.device.write("/etc/greenwave/agent.yaml", CONFIGURATION)
        self.install(debs.agent())
        self.assertEqual(CONFIGURATION, self.read("/etc/greenwave/agent.yaml"))
        self.await_sync()
        for unit in ("greenwaved.service", "greenwave-guard.service"):
            self.assertEqual("enabled", self.show(unit, "UnitFileState"))
        self.device.run("getent", "group", "greenwave")
        self.device.run("getent", "passwd", "greenwave-render")
        self.assertEqual("770 root greenwave\n", self.device.run("stat", "-c", "%a %U %G", "/run/greenwave/busy.d").stdout)
        self.assertEqual("", self.device.run("dpkg", "--verify", "greenwave", check=False).stdout.replace(
            "??5?????? c /etc/greenwave/agent.yaml\n", ""))

    def test_2a_an_upgrade_replaces_the_agent_and_nothing_that_it_manages(self):
        with self.one_restart_of_the_agent():
            said = self.install(debs.agent("0.2"))
        self.assertNotIn("agent.yaml", said)
        self.assertEqual(CONFIGURATION, self.read("/etc/greenwave/agent.yaml"))

    def test_2b_an_upgrade_waits_for_the_command_that_runs_and_dpkg_waits_for_neither(self):
        self.city.commit({"slow.yaml": command("slow", SLOW.format("slow"))})
        self.device.wait_until("the Command runs", lambda: self.there("/var/lib/slow.begun"))
        with self.one_restart_of_the_agent():
            agent = self.agent()
            self.install(debs.agent("0.3"))
            self.assertEqual(agent, self.agent())
            self.device.write("/var/lib/slow.go", "")
        self.assertTrue(self.there("/var/lib/slow.done"))

    def test_2c_a_command_of_the_agents_may_upgrade_the_agent(self):
        deb = debs.agent("0.4")
        script = f"systemd-run --wait --pipe --quiet dpkg --install /srv/debs/{deb.name} && touch /var/lib/upgrade.done"
        with self.one_restart_of_the_agent():
            self.city.commit({"upgrade.yaml": command("upgrade", script)})
        self.assertEqual("0.4", self.device.run("dpkg-query", "-W", "-f", "${Version}", "greenwave").stdout)

    def test_2d_a_library_that_is_upgraded_gets_a_new_agent_when_needrestart_says_so(self):
        with self.one_restart_of_the_agent():
            self.device.shell("cd /usr/lib/*-linux-gnu; cp -p libfmt.so.9.1.0 new; mv new libfmt.so.9.1.0\n"
                              "/etc/needrestart/restart.d/greenwaved.service")

    def test_3_the_state_of_each_earlier_version_is_taken_over(self):
        steps = packages.schema_steps()
        for version in range(1, len(steps)):
            with self.subTest(schema=version):
                managed = self.managed()
                self.device.run("systemctl", "stop", "greenwaved.service")
                self.turn_state_back(steps[:version])
                self.install(debs.agent("0.5"))
                self.assertEqual("inactive", self.show("greenwaved.service", "ActiveState"))  # as it was left
                self.device.run("systemctl", "start", "greenwaved.service")
                self.await_sync()
                self.assertEqual(managed, self.managed())
                # Before the agent closes it, as after a power cut.
                self.assertEqual(len(steps), packages.user_version(self.database()))
                self.install(debs.agent("0.4"))
                self.await_sync()

    def test_4_a_version_that_cannot_read_the_state_is_refused_before_it_changes_anything(self):
        self.device.wait_until("the agent runs", lambda: self.agent() != "0")
        agent, managed = self.agent(), self.managed()
        said = self.install(debs.agent("0.0.1", newest_schema=1), check=False)
        self.assertIn("this version is older than what is installed here, and cannot read its state", said)
        self.assertEqual("install ok installed 0.4", self.device.run(
            "dpkg-query", "-W", "-f", "${Status} ${Version}", "greenwave").stdout)
        self.await_sync()
        self.assertEqual((agent, managed), (self.agent(), self.managed()))

    def test_5_removed_it_leaves_what_it_managed_and_installed_again_takes_it_over(self):
        managed = self.managed()
        self.dpkg("--remove", "greenwave")
        for unit in ("greenwaved", "greenwave-guard", "greenwave-programs"):
            self.assertNotEqual("active", self.show(f"{unit}.service", "ActiveState"))
        self.assertFalse(self.there("/usr/sbin/greenwaved"))
        self.assertEqual(managed, self.managed())
        self.assertEqual(CONFIGURATION, self.read("/etc/greenwave/agent.yaml"))
        self.city.commit({"more.yaml": None})
        self.install(debs.agent())
        self.await_sync()
        self.assertEqual(managed, self.managed())
        self.assertFalse(self.there("/etc/more.conf"))  # what it owned is known still

    def test_6_purged_it_says_what_it_leaves_and_that_is_no_data_of_the_devices_own(self):
        self.device.run("greenwave", "identity")
        managed = self.managed()
        self.dpkg("--remove", "greenwave")
        said = self.dpkg("--purge", "greenwave")
        self.assertIn("what the agent applied to this device stays as it is", said)
        self.assertRegex(said, "also left: /etc/greenwave, with .*identity")
        self.assertRegex(said, "also left: /var/lib/greenwave, with .*kept .*state.db")
        self.assertFalse(self.there("/etc/greenwave/agent.yaml"))
        self.assertFalse(self.there("/var/lib/greenwave/git"))
        self.assertEqual(managed, self.managed())

    def test_7_installed_after_a_purge_it_waits_for_its_repository_and_takes_over(self):
        managed = self.managed()
        self.install(debs.agent())
        self.assertEqual("inactive", self.show("greenwaved.service", "ActiveState"))
        self.assertEqual("enabled", self.show("greenwaved.service", "UnitFileState"))
        self.device.write("/etc/greenwave/agent.yaml", CONFIGURATION)
        self.device.run("systemctl", "start", "greenwaved.service")
        self.await_sync()
        self.assertEqual(managed, self.managed())

    def test_7c_the_install_script_waits_for_who_else_installs_something(self):
        self.device.write("/root/holds-the-lock", LOCK)
        said = self.scratch / "said"
        with self.beside("perl", "/root/holds-the-lock"), open(said, "w") as output:
            self.device.wait_until("the lock is held", lambda: self.there("/root/holds-the-lock.held"))
            with self.beside("/srv/source/packaging/install", f"/srv/debs/{debs.agent().name}", stdout=output) as install:
                self.device.wait_until("it waits for the lock", lambda: "Waiting for cache lock" in said.read_text())
                self.device.write("/root/holds-the-lock.end", "")
                self.assertEqual(0, install.wait(PATIENCE), said.read_text())
        self.assertIn("This device's recipient, for its Feature in the inventory: age1", said.read_text())
        self.assertEqual(CONFIGURATION, self.read("/etc/greenwave/agent.yaml"))
        self.await_sync()

    def test_7b_an_agent_that_cannot_start_fills_no_journal_and_starts_as_soon_as_somebody_says_so(self):
        self.device.write("/etc/systemd/system/greenwaved.service.d/soon.conf", "[Service]\nRestartSec=100ms\n")
        self.device.write("/etc/greenwave/agent.yaml", "devic: sf-0042\n")
        self.device.run("systemctl", "daemon-reload")
        refused = self.device.run("systemctl", "restart", "greenwaved.service", check=False)
        self.assertNotEqual(0, refused.returncode)  # at once, for who asked
        self.device.wait_until("it waits before it tries again",
                               lambda: "cannot start; tries again in 10s" in self.show("greenwaved.service", "StatusText"))
        self.assertEqual("6", self.show("greenwaved.service", "NRestarts"))
        self.device.write("/etc/greenwave/agent.yaml", CONFIGURATION)
        self.device.shell("rm /etc/systemd/system/greenwaved.service.d/soon.conf; systemctl daemon-reload")
        self.device.run("systemctl", "restart", "greenwaved.service", timeout=8)
        self.await_sync()

    def test_8_the_operators_command_and_the_agent_take_each_others_place(self):
        self.install(debs.of("greenwave-cli"))
        self.assertFalse(self.there("/usr/sbin/greenwaved"))
        self.device.run("greenwave", "--version")
        self.install(debs.agent())
        self.await_sync()


@unittest.skipIf(postgres.missing(), postgres.missing())
class Server(unittest.TestCase):
    """The city's hub on a server with systemd; PostgreSQL is this machine's."""

    def setUp(self):
        if "greenwave-hub" not in debs.names():
            self.skipTest("this build has no hub")
        scratch = self.enterContext(Scratch())
        scratch.chmod(0o755)
        database = self.enterContext(postgres.Postgres(scratch / "database"))
        self.server = self.enterContext(machine.Machine(binds={debs.directory: "/srv/debs", database.directory: "/srv/database"}))

    def dpkg(self, *words):
        done = self.server.run("env", "DEBIAN_FRONTEND=noninteractive", "dpkg", *words)
        return done.stdout + done.stderr

    def show(self, name):
        return self.server.run("systemctl", "show", "--value", f"--property={name}", "greenwave-hub.service").stdout.strip()

    def answer(self, path):
        connection = UnixConnection(str(self.server.root / "run/greenwave-hub/hub.sock"))
        with contextlib.closing(connection):
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def test_a_hub_is_installed_set_up_served_replaced_removed_and_purged(self):
        deb = f"/srv/debs/{debs.of('greenwave-hub').name}"
        self.dpkg("--install", deb)
        self.assertEqual(("inactive", "disabled"), (self.show("ActiveState"), self.show("UnitFileState")))
        refused = self.server.run("greenwave-hub", "check", check=False)
        self.assertEqual(2, refused.returncode)
        self.assertIn("/etc/greenwave/hub.yaml", refused.stdout + refused.stderr)

        self.server.write("/etc/greenwave/hub.yaml", "city: springfield\ndatabase: host=/srv/database dbname=greenwave user=hub\n")
        self.server.run("greenwave-hub", "check")
        self.server.run("greenwave-hub", "init", "--host", "hub.example")
        started = self.server.run("systemctl", "enable", "--now", "greenwave-hub.service", check=False)
        self.assertEqual(0, started.returncode, self.server.journal("greenwave-hub.service"))
        self.server.wait_until("it has its database", lambda: self.answer("/healthz")[0] == 200)
        if debs.has_page():
            self.assertIn(b"<!doctype html>", self.answer("/")[1].lower())

        program = self.show("MainPID")
        self.dpkg("--install", deb)
        self.assertEqual("active", self.show("ActiveState"))
        self.assertNotEqual(program, self.show("MainPID"))
        self.server.wait_until("it has its database", lambda: self.answer("/healthz")[0] == 200)

        self.dpkg("--remove", "greenwave-hub")
        self.assertEqual("inactive", self.show("ActiveState"))
        said = self.dpkg("--purge", "greenwave-hub")
        self.assertIn("/var/lib/greenwave-hub with the city's certificate authority", said)
        self.server.run("test", "-e", "/var/lib/greenwave-hub/ca/ca.key", "-a", "-e", "/etc/greenwave/hub.yaml", "-a", "!", "-e", "/usr/sbin/greenwave-hub")


class Contents(unittest.TestCase):
    """What needs no device."""

    def test_the_configuration_file_is_the_same_in_all_versions_so_that_no_upgrade_asks(self):
        text = (SOURCE / "debian/agent.yaml").read_bytes()
        self.assertEqual("24258d155c317fcb13685acf5892a2670aba4c78e538a7b16585f0211407e499", hashlib.sha256(text).hexdigest(),
                         "dpkg asks on each device whether to take another one: change packaging/agent.yaml instead")

    def test_the_laptops_package_is_smaller_and_has_no_daemon(self):
        agent, cli = (debs.of(name) for name in ("greenwave", "greenwave-cli"))
        self.assertLess(cli.stat().st_size, 0.6 * agent.stat().st_size)
        files = packages.files(cli)
        self.assertIn("./usr/bin/greenwave", files)
        self.assertFalse([file for file in files if re.search("greenwaved|/systemd/|sysusers|/etc/", file)])

    def test_each_packages_bill_of_materials_names_what_its_programs_are_linked_with(self):
        for name in debs.names():
            with self.subTest(package=name):
                bill = json.loads(packages.read(debs.of(name), f"./usr/share/doc/{name}/sbom.spdx.json"))
                self.assertEqual("SPDX-2.3", bill["spdxVersion"])
                known = {package["SPDXID"]: package for package in bill["packages"]}
                self.assertEqual(len(known), len(bill["packages"]))
                for relation in bill["relationships"]:
                    for end in ("spdxElementId", "relatedSpdxElement"):
                        self.assertIn(relation[end], known.keys() | {"SPDXRef-DOCUMENT"})
                versions = {package["name"]: package["versionInfo"] for package in bill["packages"]}
                depends = packages.field(debs.of(name), "Depends")
                for library in re.findall(r"\b(?:lib|zlib)[a-z0-9.+-]+", depends):
                    here = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", library], stdout=subprocess.PIPE, text=True, check=True)
                    self.assertEqual(here.stdout, versions.get(library), library)
                if name == "greenwave-hub" and debs.has_page():
                    self.assertIn("maplibre-gl", versions)

    def test_the_hubs_copyright_has_the_licence_of_all_that_is_in_its_page(self):
        if not debs.has_page():
            self.skipTest("this build has no hub with a page")
        copyright = packages.read(debs.of("greenwave-hub"), "./usr/share/doc/greenwave-hub/copyright")
        lock = json.loads((SOURCE / "tools/greenwave-hub/page/package-lock.json").read_text())
        for path, about in lock["packages"].items():
            if path and not about.get("dev") and "@types/" not in path:
                self.assertIn(f"Files: {path}/*\n", copyright)
        self.assertIn("BSD-3-Clause", copyright)

    @unittest.skipIf(shutil.which("lintian") is None, "lintian is missing: apt-get install lintian")
    def test_lintian_has_nothing_to_say(self):
        said = subprocess.run(["lintian", "--fail-on", "error,warning", "--allow-root", "--tag-display-limit", "0", *map(str, debs.all())],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        self.assertEqual("", "".join(line for line in said.stdout.splitlines(True) if line[:3] in ("E: ", "W: ")))
        self.assertEqual(0, said.returncode, said.stdout)


def with_schema(file, steps, made):
    """Makes the state file `made` with what is in `file`, as far as a version with these steps alone knew it."""
    with contextlib.closing(sqlite3.connect(file)) as now, contextlib.closing(sqlite3.connect(made)) as earlier:
        for step in steps:
            earlier.executescript(step)
        for (table,) in earlier.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            columns = [row[1] for row in earlier.execute(f"PRAGMA table_info({table})")]
            for row in now.execute(f"SELECT {', '.join(columns)} FROM {table}"):
                earlier.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
        earlier.execute(f"PRAGMA user_version = {len(steps)}")
        earlier.commit()


if __name__ == "__main__":
    if machine.why_not() or packages.why_not():
        print(f"SKIPPED: {machine.why_not() or packages.why_not()}")
        sys.exit(77)
    unittest.main()
