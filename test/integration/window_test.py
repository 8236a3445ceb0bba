"""Windows on a device with a real systemd: disruptive steps wait, stay due, and are done when the window opens."""

import datetime
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import field  # noqa: E402
import machine  # noqa: E402
from field import BEACON, CANARY, FieldDevice, cluster, in_wave, manifest, status, utc_now, window  # noqa: E402
from greenwave import City, Scratch  # noqa: E402


def far_away():
    return window((utc_now() + datetime.timedelta(hours=6)).replace(second=0, microsecond=0))


class Windows(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.city.commit({**BEACON, "greenwave.yaml": cluster()}, "The first signals")
        self.device = FieldDevice(self.enterContext(machine.Machine(binds=FieldDevice.binds(self.city))))
        self.device.once(0)
        self.pid = self.device.show("beacon.service", "MainPID")

    def restarted(self):
        return self.device.show("beacon.service", "MainPID") != self.pid

    def test_outside_of_a_window_files_are_written_and_the_restart_is_owed_through_later_commits(self):
        device = self.device
        self.city.commit({"greenwave.yaml": cluster(far_away()), "status.yaml": status("201 New")}, "By day")
        device.once(0)
        self.assertEqual("201 New\n", device.read("/etc/beacon/status"))
        self.assertFalse(self.restarted())
        self.assertIn("restart for File/status", device.cli("status"))
        self.assertEqual("waiting", device.history()[0]["result"])
        self.city.commit({"status.yaml": status("202 Newer")}, "By day, again")
        device.once(0)
        device.once(0)
        self.assertFalse(self.restarted())
        self.city.commit({"greenwave.yaml": cluster()}, "No windows any more")
        device.once(0)
        self.assertTrue(self.restarted())
        self.assertNotIn("waiting", device.json("status"))

    def test_an_owed_restart_is_not_needed_after_the_unit_was_restarted(self):
        device = self.device
        self.city.commit({"greenwave.yaml": cluster(far_away()), "status.yaml": status("201 New")}, "By day")
        device.once(0)
        device.machine.run("systemctl", "restart", "beacon.service")
        pid = device.show("beacon.service", "MainPID")
        device.once(0)
        self.assertNotIn("waiting", device.json("status"))
        self.city.commit({"greenwave.yaml": cluster()}, "No windows any more")
        device.once(0)
        self.assertEqual(pid, device.show("beacon.service", "MainPID"))

    def test_a_command_and_the_files_that_belong_to_it_wait_together(self):
        device = self.device
        unit = field.unit("beacon", "/usr/bin/perl /opt/beacon/server.pl", ["File/status", "Command/flash"])
        changes = {
            "greenwave.yaml": cluster(far_away()),
            "status.yaml": status("201 New"),
            "unit.yaml": unit,
            "flash.yaml": manifest("Command", "flash", {"command": ["touch", "/var/lib/flashed"]}),
            "quiet.yaml": manifest("Command", "quiet", {"command": ["touch", "/var/lib/quiet"], "disruptive": False}),
        }
        self.city.commit(changes, "Flash it")
        device.once(0)
        self.assertEqual("200 OK\n", device.read("/etc/beacon/status"))
        self.assertFalse(device.path("/var/lib/flashed").exists())
        self.assertTrue(device.path("/var/lib/quiet").exists())
        self.assertFalse(self.restarted())

    def test_an_operator_need_not_wait_and_a_busy_program_is_waited_for(self):
        device = self.device
        device.start()
        self.city.commit({"greenwave.yaml": cluster(far_away()), "status.yaml": status("201 New")}, "By day")
        foreseen = device.json("diff")
        self.assertEqual(["restart for File/status"], [c["waits"] for c in foreseen["changes"] if "waits" in c])
        self.assertIn("waitingUntil", foreseen)
        self.assertIn("of these would wait: outside of the window", device.cli("diff"))
        device.cli("sync", "--wait")
        self.assertFalse(self.restarted())
        shown = device.json("status")
        self.assertIn("outside of the window", shown["waitingWhy"])
        self.assertIn("waitingUntil", shown)

        device.machine.run("systemd-run", "--unit=preemption", "flock", "/run/greenwave/busy.d/preemption", "sleep", "1000")
        device.machine.wait_until("it is locked", lambda: device.machine.run(
            "flock", "--nonblock", "/run/greenwave/busy.d/preemption", "true", check=False).returncode != 0)
        self.assertNotEqual(0, device.machine.run("/greenwave/greenwave", "sync", "--now", check=False).returncode)
        device.cli("sync", "--wait", "--now", "--reason", "agreed with the traffic desk")
        self.assertFalse(self.restarted())
        self.assertIn("preemption is locked", device.json("status")["waitingWhy"])

        device.machine.run("systemctl", "stop", "preemption.service")
        told = device.cli("sync", "--wait", "--now", "--reason", "agreed with the traffic desk")
        self.assertTrue(self.restarted(), told)
        newest = device.history()[0]
        self.assertEqual("agreed with the traffic desk", newest["reason"])
        self.assertTrue(newest["who"])

    def test_an_opening_window_wakes_the_agent_whatever_its_interval_is(self):
        device = self.device
        opens = (utc_now() + datetime.timedelta(seconds=75)).replace(second=0, microsecond=0)
        if (opens - utc_now()).total_seconds() < 15:
            opens += datetime.timedelta(minutes=1)
        self.city.commit({"greenwave.yaml": cluster(window(opens)), "status.yaml": status("201 New")}, "Soon")
        device.start()
        device.cli("sync", "--wait")
        self.assertFalse(self.restarted())
        device.machine.wait_until("the window has opened", self.restarted)
        began = device.show("beacon.service", "ExecMainStartTimestamp")
        stamp = device.machine.run("date", "+%s", f"--date={began}").stdout.strip()
        self.assertLessEqual(abs(int(stamp) - opens.timestamp()), 1)
        device.machine.wait_until("it is told", lambda: "window" in [sync["trigger"] for sync in device.history()])

    def test_a_commit_that_waits_for_its_window_is_followed_by_the_one_of_the_wave_that_it_names(self):
        device = self.device
        self.city.git("push", "-q", "origin", f"HEAD:{CANARY}")
        self.city.commit({**in_wave("canary", far_away()), "status.yaml": status("201 New")}, "Into the wave")
        for _ in range(2):  # on trial still, because the restart waits; held, because the wave's ref is behind
            device.once(0)
            self.assertEqual("201 New\n", device.read("/etc/beacon/status"))
            self.assertFalse(self.restarted())
        self.city.commit({**in_wave("canary"), "status.yaml": status("202 Newer")}, "No windows any more")
        device.once(0)
        self.assertFalse(self.restarted(), "the branch is not what it follows")
        self.city.git("push", "-q", "origin", f"HEAD:{CANARY}")
        device.once(0)
        self.assertEqual("202 Newer\n", device.read("/etc/beacon/status"))
        self.assertTrue(self.restarted())
        self.assertNotIn("waiting", device.json("status"))

    def test_a_commit_that_breaks_at_the_restart_is_taken_back_then_and_not_before(self):
        device = self.device
        self.city.commit({"greenwave.yaml": cluster(far_away()), "status.yaml": status("503 Sorry")}, "A bad night")
        device.once(0)
        self.assertEqual("503 Sorry\n", device.read("/etc/beacon/status"))
        device.start()
        told = device.cli("sync", "--wait", "--now", "--reason", "let us see")
        self.assertIn("is taken back", told)
        self.assertEqual("200 OK\n", device.read("/etc/beacon/status"))
        device.machine.wait_until("it answers again", lambda: device.show("beacon.service", "ActiveState") == "active")


if __name__ == "__main__":
    if field.skip_reason():
        print(f"SKIPPED: {field.skip_reason()}")
        sys.exit(77)
    unittest.main()
