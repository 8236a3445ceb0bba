"""A commit answers for what it did alone, on devices with a real systemd: what fails beside it is reported, what passes is waited for, and a way
back that cannot finish holds up nothing else.
"""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import field  # noqa: E402
import machine  # noqa: E402
from field import BEACON, FieldDevice, manifest, status, unit  # noqa: E402
from greenwave import City, Scratch, file_manifest  # noqa: E402

# A unit whose hardware is a file.
RADAR = unit("radar", "/bin/sh -c 'test -e /var/lib/radar && exec sleep 1000'")
MOTD = "/etc/motd"


def motd(text):
    return {"motd.yaml": file_manifest("motd", MOTD, text + "\n")}


class Blame(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)

    def device_with(self, files, before=""):
        self.city.commit(files, "The first signals")
        started = self.enterContext(machine.Machine(binds=FieldDevice.binds(self.city)))
        device = FieldDevice(started)
        if before:
            device.machine.shell(before)
        device.once(0)
        return device

    def with_radar(self, more=()):
        return self.device_with({"radar.yaml": RADAR, **motd("one"), **dict(more)}, before="touch /var/lib/radar")

    def break_radar(self, device):
        device.machine.shell("rm /var/lib/radar; systemctl kill --signal=KILL radar.service")
        device.machine.wait_until("the radar is down", lambda: device.show("radar.service", "ActiveState") == "failed")

    def results(self, device):
        return [sync["result"] for sync in device.history()]

    def test_hardware_that_fails_beside_a_commit_is_reported_and_holds_up_no_later_commit(self):
        device = self.with_radar()
        self.break_radar(device)
        for text in ("two", "three"):
            self.city.commit(motd(text), text)
            self.assertIn("SystemdUnit/radar", device.once(1))
            self.assertEqual(text + "\n", device.read(MOTD))
        self.assertNotIn("rejected", device.json("status"))
        self.assertNotIn("reverted", self.results(device))
        device.machine.write(MOTD, "by hand\n")
        device.once(1)
        self.assertEqual("three\n", device.read(MOTD), "drift is repaired as always")
        device.machine.shell("touch /var/lib/radar")
        device.once(0)
        self.assertEqual("active", device.show("radar.service", "ActiveState"))

    def test_a_bad_commit_is_taken_back_whole_although_hardware_fails_that_it_does_not_touch(self):
        device = self.with_radar(BEACON.items())
        self.break_radar(device)
        self.city.commit({"status.yaml": status("503 Sorry"), **motd("two")}, "A bad day")
        told = device.once(1)
        self.assertIn("is taken back", told)
        self.assertNotIn("could not be reverted", told)
        self.assertEqual("one\n", device.read(MOTD))
        self.assertEqual("200 OK\n", device.read("/etc/beacon/status"))
        self.assertIn("reverted", self.results(device))
        self.city.commit({"status.yaml": status("204 Fine")}, "Mended")
        device.once(1)
        self.assertEqual("204 Fine\n", device.read("/etc/beacon/status"))
        self.assertNotIn("rejected", device.json("status"))

    def test_a_command_whose_check_fails_on_this_device_alone_takes_back_no_other_commit(self):
        paint = {"command": ["sh", "-c", "test -e /var/lib/brush && touch /var/lib/painted"], "unless": ["test", "-e", "/var/lib/painted"]}
        device = self.device_with({"paint.yaml": manifest("Command", "paint", paint), **motd("one")}, before="touch /var/lib/brush")
        device.machine.shell("rm /var/lib/brush /var/lib/painted")
        self.city.commit(motd("two"), "Two")
        self.assertIn("Command/paint", device.once(1))
        self.assertEqual("two\n", device.read(MOTD))
        self.assertNotIn("rejected", device.json("status"))

    def test_a_health_check_that_failed_before_is_reported_until_it_passes_and_blames_no_commit(self):
        spat = manifest("HealthCheck", "spat", {"command": ["test", "-e", "/var/lib/spat"], "interval": "200ms", "timeout": "1s", "within": "2s"})
        device = self.device_with({"spat.yaml": spat, **motd("one")}, before="touch /var/lib/spat")
        device.machine.shell("rm /var/lib/spat")
        self.city.commit(motd("two"), "Two")
        self.assertIn("as it did before this commit", device.once(1))
        self.assertEqual("two\n", device.read(MOTD))
        self.assertNotIn("rejected", device.json("status"))
        self.assertIn("HealthCheck/spat", device.once(1))
        device.machine.shell("touch /var/lib/spat")
        device.once(0)
        self.city.commit({"break.yaml": manifest("Command", "break", {"command": ["rm", "/var/lib/spat"], "undo": ["touch", "/var/lib/spat"]})}, "Break it")
        self.assertIn("is taken back", device.once(1))

    def test_a_full_disk_keeps_the_commit_on_trial_and_with_room_again_it_is_kept(self):
        small = "mkdir -p /etc/small; mount -t tmpfs -o size=64k tmpfs /etc/small"
        device = self.device_with({"map.yaml": file_manifest("map", "/etc/small/map", "one\n"), **motd("one")}, before=small)
        device.machine.shell("head -c 60000 /dev/zero >/etc/small/filler || true")
        self.city.commit({"map.yaml": file_manifest("map", "/etc/small/map", "two " * 5000 + "\n"), **motd("two")}, "A longer map")
        for _ in range(4):
            self.assertIn("No space left", device.once(1))
        self.assertNotIn("rejected", device.json("status"))
        failed, = device.json("status")["failed"]
        self.assertTrue(failed["passes"], failed)
        self.assertEqual("two\n", device.read(MOTD))
        device.machine.shell("rm /etc/small/filler")
        device.once(0)
        self.assertTrue(device.read("/etc/small/map").startswith("two"))
        self.assertEqual([], device.json("status")["failed"])

    def test_the_daemon_tries_again_by_itself_soon_after_there_is_room(self):
        small = "mkdir -p /etc/small; mount -t tmpfs -o size=64k tmpfs /etc/small"
        device = self.device_with({"map.yaml": file_manifest("map", "/etc/small/map", "one\n")}, before=small)
        device.machine.shell("head -c 60000 /dev/zero >/etc/small/filler || true")
        self.city.commit({"map.yaml": file_manifest("map", "/etc/small/map", "two " * 5000 + "\n")}, "A longer map")
        device.start()
        device.cli("sync", "--wait")
        told = device.cli("status")
        self.assertIn("Waiting, and tried again", told)
        self.assertIn("No space left", told)
        device.machine.shell("rm /etc/small/filler")
        device.machine.wait_until("the commit is kept", lambda: device.json("status")["lastResult"] == "in sync")

    def test_a_start_is_waited_for_as_long_as_systemd_waits(self):
        device = self.device_with(motd("one"))
        slow = unit("slow", "/bin/sleep 1000", service="ExecStartPre=/bin/sleep 8\nTimeoutStartSec=30")
        self.city.commit({"slow.yaml": slow}, "A slow one")
        device.once(0)
        self.assertEqual("active", device.show("slow.service", "ActiveState"))
        never = unit("slow", "/bin/sleep 1000", service="ExecStartPre=/bin/sleep 500\nTimeoutStartSec=3")
        self.city.commit({"slow.yaml": never}, "Too slow")
        self.assertIn("SystemdUnit/slow", device.once(1))
        self.assertIn("TimeoutStartSec=30", device.read("/etc/systemd/system/slow.service"))
        self.assertIn("reverted", self.results(device))

    def test_a_manifest_may_give_a_start_less_time_than_systemd_does(self):
        device = self.device_with(motd("one"))
        slow = unit("slow", "/bin/sleep 1000", service="ExecStartPre=/bin/sleep 500\nTimeoutStartSec=400", **{"greenwave.dev/healthy-within": "3s"})
        self.city.commit({"slow.yaml": slow}, "A slow one")
        self.assertIn("within 3s", device.once(1))
        self.assertIsNone(device.read("/etc/systemd/system/slow.service"))

    def test_a_way_back_that_cannot_finish_goes_on_with_the_rest_and_a_next_commit_comes(self):
        device = self.device_with({**BEACON, **motd("one"), "more.yaml": file_manifest("more", "/etc/more/conf", "one\n")})
        # What the commit does cannot be undone: its Command puts a directory in a File's place.
        trap = {"command": ["sh", "-c", "rm -f /etc/more/conf; mkdir -p /etc/more/conf/full; touch /etc/more/conf/full/x"]}
        changes = {"status.yaml": status("503 Sorry"), "more.yaml": file_manifest("more", "/etc/more/conf", "two\n"), "trap.yaml": manifest("Command", "trap", trap)}
        self.city.commit(changes, "A trap")
        told = device.once(2)
        self.assertIn("could not be reverted completely", told)
        self.assertIn("undo Command/trap: it has no undo command", told)
        self.assertEqual("200 OK\n", device.read("/etc/beacon/status"))
        self.assertIn("could not be reverted completely", device.cli("status"))

        device.machine.write(MOTD, "by hand\n")
        device.once(1)
        self.assertEqual("one\n", device.read(MOTD), "drift is repaired meanwhile")
        self.city.commit({"trap.yaml": None, "more.yaml": file_manifest("more", "/etc/more/conf", "one\n"), "status.yaml": status("200 OK"), **motd("two")}, "On")
        device.once(1)
        self.assertEqual("two\n", device.read(MOTD))
        self.assertNotIn("rejected", device.json("status"))
        device.machine.shell("rm -r /etc/more/conf")
        device.once(0)
        self.assertEqual("one\n", device.read("/etc/more/conf"))


if __name__ == "__main__":
    if field.skip_reason():
        print(f"SKIPPED: {field.skip_reason()}")
        sys.exit(77)
    unittest.main()
