"""The whole loop as a device's owner sees it: apply, repair, follow, prune, pause, report."""

import json
import os
import pathlib
import signal
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from greenwave import City, Device, Scratch, file_manifest, wait_until  # noqa: E402

MOTD = "/etc/motd.d/greenwave"


class Syncs(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)

    def device(self, name="device", **options):
        device = Device(self.scratch / name, self.city.url, **options)
        self.addCleanup(device.stop)
        return device

    def test_a_first_sync_writes_what_the_repository_declares_and_exits_0(self):
        self.city.commit({"motd.yaml": file_manifest("motd", MOTD, "hello\n", mode="0640")})
        device = self.device()
        device.once(check=0)
        self.assertEqual(device.path(MOTD).read_text(), "hello\n")
        self.assertEqual(device.path(MOTD).stat().st_mode & 0o7777, 0o640)

    def test_a_second_sync_without_a_change_writes_nothing(self):
        self.city.commit({"motd.yaml": file_manifest("motd", MOTD, "hello\n")})
        device = self.device()
        device.once(check=0)
        device.once(check=0)
        before = {path: path.stat().st_mtime_ns for path in self.scratch.rglob("device/**/*") if path.is_file()}
        device.once(check=0)
        after = {path: path.stat().st_mtime_ns for path in self.scratch.rglob("device/**/*") if path.is_file()}
        self.assertEqual(before, after)

    def test_drift_is_repaired_and_the_history_shows_what_was_there_before(self):
        self.city.commit({"motd.yaml": file_manifest("motd", MOTD, "hello\n")})
        device = self.device().start()
        self.assertEqual(device.sync()["exitCode"], 0)
        device.path(MOTD).write_text("tampered\n")
        self.assertEqual(device.sync()["exitCode"], 0)
        self.assertEqual(device.path(MOTD).read_text(), "hello\n")
        newest = device.json("history")["syncs"][0]
        self.assertEqual([action["verb"] for action in newest["actions"]], ["repair"])
        self.assertIn("tampered", newest["actions"][0]["was"])

    def test_a_mode_changed_by_hand_and_a_removed_file_are_put_back(self):
        self.city.commit(
            {"a.yaml": file_manifest("a", "/etc/a", "a\n", mode="0600"), "b.yaml": file_manifest("b", "/etc/b", "b\n")}
        )
        device = self.device()
        device.once(check=0)
        device.path("/etc/a").chmod(0o666)
        device.path("/etc/b").unlink()
        device.once(check=0)
        self.assertEqual(device.path("/etc/a").stat().st_mode & 0o7777, 0o600)
        self.assertEqual(device.path("/etc/b").read_text(), "b\n")

    def test_the_next_commit_is_followed_and_what_it_no_longer_declares_is_pruned(self):
        self.city.commit(
            {"motd.yaml": file_manifest("motd", MOTD, "one\n"), "old.yaml": file_manifest("old", "/etc/old", "old\n")}
        )
        device = self.device()
        device.once(check=0)
        device.path("/etc/bystander").write_text("not ours\n")
        self.city.commit({"motd.yaml": file_manifest("motd", MOTD, "two\n"), "old.yaml": None})
        device.once(check=0)
        self.assertEqual(device.path(MOTD).read_text(), "two\n")
        self.assertFalse(device.path("/etc/old").exists())
        self.assertTrue(device.path("/etc/bystander").exists())

    def test_an_object_marked_prune_disabled_stays(self):
        manifest = json.loads(file_manifest("kept", "/etc/kept", "kept\n"))
        manifest["metadata"]["annotations"] = {"greenwave.dev/prune": "disabled"}
        self.city.commit({"kept.yaml": json.dumps(manifest), "a.yaml": file_manifest("a", "/etc/a", "a\n")})
        device = self.device()
        device.once(check=0)
        self.city.commit({"kept.yaml": None})
        device.once(check=0)
        self.assertTrue(device.path("/etc/kept").exists())

    def test_an_empty_render_removes_nothing_unless_allowed(self):
        self.city.commit({"a.yaml": file_manifest("a", "/etc/a", "a\n")})
        device = self.device()
        device.once(check=0)
        self.city.commit({"a.yaml": None, "README.md": "nothing here\n"})
        refused = device.once()
        self.assertIn("allow-empty", refused.stdout)
        self.assertTrue(device.path("/etc/a").exists())
        device.once("--allow-empty", check=0)
        self.assertFalse(device.path("/etc/a").exists())

    def test_an_object_that_moves_to_another_name_keeps_its_file(self):
        self.city.commit({"a.yaml": file_manifest("a", "/etc/a", "a\n")})
        device = self.device()
        device.once(check=0)
        self.city.commit({"a.yaml": file_manifest("b", "/etc/a", "a\n")})
        inode = device.path("/etc/a").stat().st_ino
        device.once(check=0)
        self.assertEqual(device.path("/etc/a").stat().st_ino, inode)

    def test_an_existing_file_is_adopted_and_what_it_was_is_in_the_history(self):
        self.city.commit({"motd.yaml": file_manifest("motd", MOTD, "hello\n")})
        device = self.device()
        device.path(MOTD).parent.mkdir(parents=True)
        device.path(MOTD).write_text("from the distribution\n")
        device.once(check=0)
        action = device.json("history")["syncs"][0]["actions"][0]
        self.assertEqual(action["verb"], "adopt")
        self.assertIn("from the distribution", action["was"])

    def test_a_file_that_is_touched_but_not_changed_is_not_drift(self):
        self.city.commit({"motd.yaml": file_manifest("motd", MOTD, "hello\n")})
        device = self.device()
        device.once(check=0)
        os.utime(device.path(MOTD))
        device.once(check=0)
        self.assertEqual(len(device.json("history")["syncs"]), 1)

    def test_the_daemon_follows_at_its_interval_without_being_asked(self):
        self.city.commit({"motd.yaml": file_manifest("motd", MOTD, "one\n")})
        device = self.device(interval="1s").start()
        wait_until(lambda: device.path(MOTD).exists(), "the first sync")
        self.city.commit({"motd.yaml": file_manifest("motd", MOTD, "two\n")})
        wait_until(lambda: device.path(MOTD).read_text() == "two\n", "the second commit")

    def next_sync(self, device):
        return json.loads(device.request("GET", "/v1/status"))["nextSync"]

    def test_a_pause_holds_syncs_until_it_is_resumed_and_says_who_and_why(self):
        self.city.commit({"motd.yaml": file_manifest("motd", MOTD, "one\n")})
        device = self.device(interval="1s").start()
        wait_until(lambda: device.path(MOTD).exists(), "the first sync")
        device.cli("pause", "--for", "1h", "--reason", "relamping", check=0)
        self.city.commit({"motd.yaml": file_manifest("motd", MOTD, "two\n")})
        for _ in range(2):
            due = self.next_sync(device)
            wait_until(lambda: self.next_sync(device) > due, "a sync's time has passed")
        self.assertEqual(device.path(MOTD).read_text(), "one\n")
        self.assertIn("relamping", device.cli("status").stdout)
        self.assertEqual(device.sync()["exitCode"], 2)
        device.cli("resume", check=0)
        wait_until(lambda: device.path(MOTD).read_text() == "two\n", "the commit after the pause")
        told = " ".join(entry["result"] for entry in device.json("history")["syncs"])
        self.assertIn("paused", told)

    def test_diff_shows_what_a_sync_would_change_and_changes_nothing(self):
        self.city.commit({"motd.yaml": file_manifest("motd", MOTD, "one\n")})
        device = self.device().start()
        device.sync()
        self.assertEqual(device.cli("diff").returncode, 0)
        self.city.commit({"motd.yaml": file_manifest("motd", MOTD, "two\n")})
        shown = device.cli("diff", check=1).stdout
        self.assertIn("-one", shown)
        self.assertIn("+two", shown)
        self.assertEqual(device.path(MOTD).read_text(), "one\n")

    def test_a_sensitive_file_never_shows_its_content(self):
        secret = "community-s3cr3t"
        self.city.commit({"s.yaml": file_manifest("s", "/etc/snmp.key", secret, mode="0600", sensitive=True)})
        device = self.device().start()
        device.sync()
        self.city.commit({"s.yaml": file_manifest("s", "/etc/snmp.key", secret + "-2", mode="0600", sensitive=True)})
        told = device.cli("diff").stdout
        device.sync()
        device.path("/etc/snmp.key").write_text(secret + "-by-hand")
        device.sync()
        told += device.cli("history", "-o", "json").stdout + device.cli("show", "File/s", "-o", "json").stdout
        told += device.log.read_text()
        device.stop()
        told += (device.state / "state.db").read_bytes().decode(errors="replace")
        self.assertNotIn(secret, told)

    def test_sighup_reads_the_configuration_again(self):
        self.city.commit({"motd.yaml": file_manifest("motd", MOTD, "one\n")})
        device = self.device().start()
        device.config.write_text(device.config.read_text().replace("sf-0042", "sf-0043"))
        device.daemon.send_signal(1)
        wait_until(lambda: json.loads(device.request("GET", "/v1/status"))["device"] == "sf-0043", "the new device id")

    def test_a_signal_that_means_nothing_leaves_those_that_do_in_force(self):
        self.city.commit({"motd.yaml": file_manifest("motd", MOTD, "one\n")})
        device = self.device().start()
        device.daemon.send_signal(signal.SIGUSR1)
        self.assertTrue(device.answers())
        device.daemon.send_signal(signal.SIGTERM)
        self.assertEqual(device.daemon.wait(20), 0)

    def test_status_still_shows_the_last_state_when_no_daemon_runs(self):
        self.city.commit({"motd.yaml": file_manifest("motd", MOTD, "one\n")}, "Greet everyone")
        device = self.device().start()
        device.sync()
        device.stop()
        told = device.cli("status").stdout
        self.assertIn("not running", told)
        self.assertIn("Greet everyone", told)

    def test_the_last_state_is_of_the_applied_commit_also_when_that_changed_nothing(self):
        self.city.commit({"motd.yaml": file_manifest("motd", MOTD, "one\n")})
        device = self.device()
        device.once(check=0)
        newest = self.city.commit({"README": "for operators\n"})
        device.once(check=0)
        self.assertEqual(newest, device.json("status")["commit"]["oid"])

    def test_an_object_that_is_refused_is_not_in_sync(self):
        self.city.commit({"motd.yaml": file_manifest("motd", MOTD, "one\n"), "more.yaml": file_manifest("more", "/etc/more", "one\n")})
        device = self.device()
        device.once(check=0)
        device.path(MOTD).unlink()
        device.path(MOTD).mkdir()
        device.once(check=1)
        self.assertEqual(1, device.json("status")["inSync"])
        device.start()
        device.sync()
        self.assertEqual(1, device.json("status")["inSync"])
        self.assertIn("1 of 2 objects was refused and is as before", device.cli("status").stdout)


if __name__ == "__main__":
    unittest.main()
