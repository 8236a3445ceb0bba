"""The agent upgrades itself from its own repository, on a device with a real systemd and its real package: a good version is kept, one that does not
come back is taken back by what was there before, also through power cuts.
"""

import hashlib
import json
import pathlib
import shutil
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import debs as debs_of_tests  # noqa: E402
import machine  # noqa: E402
import packages  # noqa: E402
from field import manifest  # noqa: E402
from greenwave import City, Scratch, file_manifest, run  # noqa: E402

CONFIGURATION = """device: sf-0042
repository: {url: file:///srv/city.git, interval: 1s}
health: {settle: 1s, reach: 3s, guard: 12s}
"""
GUARD = "var/lib/greenwave/guard"
# Begins once, and is cut off by the power.
CUT = "if [ ! -e /var/cut ]; then touch /var/cut; sync; sleep 1000; fi\n"

debs = None


def setUpModule():
    global debs
    if not why_not():
        debs = packages.Packages(unittest.enterModuleContext(Scratch()) / "debs")


def why_not():
    return machine.why_not() or packages.why_not()


def variant(version, change=lambda tree: None):
    """The agent's package as another version, changed by `change(its unpacked tree)`: its bytes."""
    tree = debs.directory / "variant"
    shutil.rmtree(tree, ignore_errors=True)
    run("dpkg-deb", "--raw-extract", debs.of("greenwave"), tree)
    packages.edit(tree / "DEBIAN/control", r"^Version: .*$", f"Version: {version}")
    change(tree)
    made = debs.directory / "variant.made"
    run("dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", tree, made)
    return made.read_bytes()


def newer_program(tree):
    program = tree / "usr/sbin/greenwaved"
    program.write_bytes(program.read_bytes() + b"newer")


def program_that_fails(tree):
    (tree / "usr/sbin/greenwaved").write_text("#!/bin/sh\necho this version cannot start >&2\nexit 1\n")


def migrate_and_fail(tree):
    """What a later schema is to an earlier agent: SQLite has user_version in four bytes at 60."""
    state = "/var/lib/greenwave/state.db"
    (tree / "usr/sbin/greenwaved").write_text(
        f"#!/bin/sh\n[ ! -s {state}-wal ] && printf '\\143' | dd of={state} bs=1 seek=63 conv=notrunc\n"
        "echo this version cannot start >&2\nexit 1\n")


def guard_that_fails(tree):
    program_that_fails(tree)
    (tree / "usr/lib/greenwave/greenwave-guard").write_text("#!/bin/sh\nexit 0\n")


def unit_that_never_syncs(tree):
    packages.edit(tree / "lib/systemd/system/greenwaved.service", r"^Type=notify$", "Type=simple")
    packages.edit(tree / "lib/systemd/system/greenwaved.service", r"^ExecStart=.*$", "ExecStart=/bin/sleep infinity")
    packages.edit(tree / "lib/systemd/system/greenwaved.service", r"^WatchdogSec=.*$", "")


def script(name, text):
    def change(tree):
        file = tree / "DEBIAN" / name
        head, _, body = (file.read_text() if file.exists() else "#!/bin/sh\n").partition("\n")
        file.write_text(f"{head}\n{text}{body}")
        file.chmod(0o755)

    return change


def both(*changes):
    def change(tree):
        for one in changes:
            one(tree)

    return change


@unittest.skipIf(why_not(), why_not())
class SelfUpgrade(unittest.TestCase):
    """Each has a device with version 1 installed by hand, which follows a city that says so."""

    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.device = self.enterContext(machine.Machine(binds={self.city.bare: "/srv/city.git"}))
        (self.device.root / "root/first.deb").write_bytes(variant("1"))
        self.device.run("dpkg", "--install", "/root/first.deb")
        self.device.write("/etc/greenwave/agent.yaml", CONFIGURATION)
        self.device.run("systemctl", "start", "greenwaved.service", "greenwave-guard.service")
        self.good = self.follows({"motd.yaml": file_manifest("motd", "/etc/motd", "one\n")})

    def version(self, version, change=lambda tree: None, **more):
        source = f"debs/greenwave_{version}.deb"
        return {source: variant(version, change), "agent.yaml": manifest("Package", "greenwave", {"version": version, "source": source}),
                "motd.yaml": file_manifest("motd", "/etc/motd", f"{version}\n"), **more}

    def follows(self, files):
        commit = self.city.commit(files)
        self.device.wait_until("it follows the city", lambda: self.device.is_at(commit))
        return commit

    def installed(self):
        return self.device.run("dpkg-query", "--show", "--showformat=${Version} ${Status}", "greenwave").stdout

    def read(self, path):
        file = self.device.root / path.lstrip("/")
        return file.read_text() if file.exists() else None

    def is_at_rest(self):
        directory = self.device.root / GUARD
        return not any((directory / name).exists() for name in ("armed", "firing", "restored", "state.db"))

    def await_rest(self):
        self.device.wait_until("the guard is at rest", self.is_at_rest)
        self.assertIsNone(self.read("/etc/systemd/system/greenwave-guard.service"))

    def await_taken_back(self, bad, version="1", motd="one\n"):
        self.device.wait_until("the commit is taken back", lambda: self.device.status().get("rejected", {}).get("commit") == bad, timeout=240)
        self.device.wait_until("the version before is installed", lambda: self.installed() == f"{version} install ok installed")
        self.assertEqual(motd, self.read("/etc/motd"))
        self.await_rest()

    def test_a_good_version_is_installed_and_kept_and_a_bad_one_after_it_taken_back(self):
        pid = self.pid()
        self.follows(self.version("2", newer_program))
        self.assertEqual("2 install ok installed", self.installed())
        self.assertNotEqual(pid, self.pid())
        self.assertTrue((self.device.root / "usr/sbin/greenwaved").read_bytes().endswith(b"newer"))
        self.await_rest()
        with self.subTest("also where the bad one has migrated the state to a later schema"):
            bad = self.city.commit(self.version("3", both(guard_that_fails, migrate_and_fail)))
            self.await_taken_back(bad, "2", "2\n")
            self.assertTrue((self.device.root / "usr/sbin/greenwaved").read_bytes().endswith(b"newer"))
            self.assertEqual(0o143, packages.user_version(self.device.root / "var/lib/greenwave/state.db.damaged"))
            known = [sync.get("commit") for sync in json.loads(self.device.run("greenwave", "history", "-o", "json").stdout)["syncs"]]
            self.assertLess(known.index(bad), known.index(self.good), "the history from before is there")
        # Nor is it tried again with another commit.
        again = self.city.commit({"motd.yaml": file_manifest("motd", "/etc/motd", "again\n")})
        self.device.wait_until("it is refused", lambda: self.device.status().get("rejected", {}).get("commit") == again)
        self.assertIn("greenwave 3 is not installed: the agent did not come back with it before", json.dumps(self.device.status()))
        self.follows(self.version("4"))
        self.assertEqual("4 install ok installed", self.installed())

    def test_a_version_that_starts_and_never_syncs_is_taken_back_to_what_was_installed_by_hand(self):
        bad = self.city.commit(self.version("2", unit_that_never_syncs))
        self.await_taken_back(bad)

    def test_a_version_whose_script_fails_is_taken_back_by_the_agent_that_runs(self):
        bad = self.city.commit(self.version("2", script("postinst", "echo no lamp here\nexit 1\n")))
        self.await_taken_back(bad)
        self.assertIn("no lamp here", json.dumps(self.device.status()["rejected"]))

    def test_a_power_cut_while_dpkg_works_does_not_keep_a_good_version_from_coming(self):
        for number, where in enumerate(("preinst", "postinst"), 2):
            with self.subTest(where):
                (self.device.root / "var/cut").unlink(missing_ok=True)
                commit = self.city.commit(self.version(str(number), script(where, CUT)))
                self.device.wait_until("dpkg is at work", lambda: (self.device.root / "var/cut").exists())
                self.device.cut_power()
                self.device.wait_until("it follows the city", lambda: self.device.is_at(commit), timeout=240)
                self.assertEqual(f"{number} install ok installed", self.installed())
                self.await_rest()

    def test_power_cuts_do_not_keep_a_bad_version_from_being_taken_back(self):
        bad = self.city.commit(self.version("2", both(guard_that_fails, script("postinst", CUT), script("prerm", CUT.replace("/var/cut", "/var/cut-again")))))
        self.device.wait_until("dpkg is at work", lambda: (self.device.root / "var/cut").exists())
        self.device.cut_power()  # while it is unpacked
        self.device.wait_until("the guard acts", lambda: "was not back" in self.device.journal("greenwave-guard.service"), timeout=180)
        self.device.cut_power()  # while its files are put back, or just after
        self.device.wait_until("dpkg takes it back", lambda: (self.device.root / "var/cut-again").exists(), timeout=240)
        self.device.cut_power()  # while the one before comes
        self.await_taken_back(bad)

    def offer_by_apt(self, *wanted):
        """The packages (name, version, more of their control data) are in a repository that the device's apt is configured for."""
        repository = self.device.root / "srv/apt"
        repository.mkdir(parents=True, exist_ok=True)
        index = ""
        for name, version, more in wanted:
            content = debs_of_tests.deb(self.scratch, name, version, {f"/usr/share/{name}": f"{version}\n"}, **more)
            file = f"{name}_{version}.deb"
            (repository / file).write_bytes(content)
            control = run("dpkg-deb", "--field", self.scratch / "made.deb").stdout
            index += f"{control}Filename: ./{file}\nSize: {len(content)}\nSHA256: {hashlib.sha256(content).hexdigest()}\n\n"
        (repository / "Packages").write_text(index)
        self.device.write("/etc/apt/sources.list", "deb [trusted=yes] file:/srv/apt ./\n")

    def packages(self):
        listed = self.device.run("dpkg-query", "--show", "--showformat=${Package} ${Version} ${Status}\n", "tool*", "lib-of-tools", check=False).stdout
        return {line.split(" ", 1)[0]: line.split(" ", 1)[1] for line in listed.splitlines() if " installed" in line}

    def test_apt_installs_what_it_offers_with_what_that_needs_and_the_version_before_comes_back_without_it(self):
        def declared(**spec):
            return {"tools.yaml": manifest("Package", "tools", spec)}

        self.offer_by_apt(("tools", "1", {"Depends": "lib-of-tools"}), ("lib-of-tools", "1", {}))
        self.follows(declared())
        self.assertEqual({"tools": "1 install ok installed", "lib-of-tools": "1 install ok installed"}, self.packages())
        self.offer_by_apt(("tools", "2", {"Depends": "lib-of-tools"}), ("tools", "3", {"Depends": "nothing-has-this"}), ("lib-of-tools", "1", {}))
        self.follows(declared(version="2", state="held"))
        self.assertEqual("2 hold ok installed", self.packages()["tools"])
        bad = self.city.commit({**declared(version="3"), "motd.yaml": file_manifest("motd", "/etc/motd", "three\n")})
        self.device.wait_until("it is taken back", lambda: self.device.status().get("rejected", {}).get("commit") == bad)
        self.assertIn("nothing-has-this", json.dumps(self.device.status()["rejected"]))
        self.assertEqual("2 hold ok installed", self.packages()["tools"])
        # The repository is away, and version 1 was kept.
        self.device.run("rm", "-r", "/srv/apt")
        self.follows(declared(version="1"))
        self.assertEqual("1 install ok installed", self.packages()["tools"])
        self.follows({"tools.yaml": None})
        self.assertEqual({"lib-of-tools": "1 install ok installed"}, self.packages())

    def pid(self):
        return self.device.run("systemctl", "show", "--value", "--property=MainPID", "greenwaved").stdout.strip()


if __name__ == "__main__":
    unittest.main()
