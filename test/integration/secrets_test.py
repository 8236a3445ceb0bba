"""Secrets in the repository: what age encrypted for a device ends up in its file there, and nowhere else."""

import base64
import json
import os
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from greenwave import City, Device, Scratch, file_manifest, run  # noqa: E402
from secret_tools import age, new_identity  # noqa: E402

SECRET = "community-Tr4ff1c-L1ght"


def source_manifest(name, path, source, **spec):
    return json.dumps({"apiVersion": "greenwave.dev/v1", "kind": "File", "metadata": {"name": name},
                       "spec": {"path": path, "source": source, **spec}})


class Secrets(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)

    def device(self, name="device", identity="x25519", **options):
        device = Device(self.scratch / name, self.city.url, **options)
        device.identity = device.directory / "identity"
        if identity:
            device.recipient = new_identity(device.identity, identity)
        self.addCleanup(device.stop)
        return device

    def commit(self, files):
        for path, content in list(files.items()):
            if isinstance(content, bytes):
                file = self.city.work / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
                del files[path]
        self.city.commit(files)

    def test_a_file_that_age_encrypted_is_opened_for_root_alone(self):
        device = self.device()
        plain = os.urandom(100_000)
        self.commit({
            "a.yaml": source_manifest("a", "/etc/a", "keys/a.age"), "keys/a.age": age(plain, device.recipient),
            "b.yaml": source_manifest("b", "/etc/b", "keys/b.age", mode="0640"),
            "keys/b.age": age(b"armored\n", device.recipient, armor=True),
        })
        device.once(check=0)
        self.assertEqual(device.path("/etc/a").read_bytes(), plain)
        self.assertEqual(device.path("/etc/a").stat().st_mode & 0o7777, 0o600)
        self.assertEqual(device.path("/etc/b").read_text(), "armored\n")
        self.assertEqual(device.path("/etc/b").stat().st_mode & 0o7777, 0o640)

    def test_an_ssh_key_is_an_identity_too(self):
        device = self.device(identity="ssh")
        self.commit({"a.yaml": source_manifest("a", "/etc/a", "a.age"), "a.age": age(b"by ssh\n", device.recipient)})
        device.once(check=0)
        self.assertEqual(device.path("/etc/a").read_text(), "by ssh\n")

    def test_a_file_encrypted_for_others_is_refused_alone_and_the_message_names_the_recipient(self):
        device = self.device()
        stranger = new_identity(self.scratch / "stranger")
        self.commit({
            "a.yaml": source_manifest("a", "/etc/a", "a.age"), "a.age": age(b"not ours\n", stranger),
            "cut.yaml": source_manifest("cut", "/etc/cut", "cut.age"), "cut.age": age(b"ours\n" * 100, device.recipient)[:-20],
            "name.yaml": source_manifest("name", "/etc/name", "name.key"), "name.key": age(b"ours\n", device.recipient),
            "ok.yaml": file_manifest("ok", "/etc/ok", "plain\n"),
        })
        said = device.once(check=1).stdout
        self.assertIn(f"encrypt it for {device.recipient} too", said)
        self.assertIn("changed, or truncated", said)
        self.assertIn("let its name end in .age", said)
        self.assertEqual(device.path("/etc/ok").read_text(), "plain\n")
        for name in ("a", "cut", "name"):
            self.assertFalse(device.path(f"/etc/{name}").exists())

    def test_without_an_identity_a_device_says_how_to_make_one(self):
        device = self.device(identity=None)
        self.commit({"a.yaml": source_manifest("a", "/etc/a", "a.age"),
                     "a.age": age(b"x", new_identity(self.scratch / "other"))})
        self.assertIn("greenwave identity", device.once(check=1).stdout)

    def test_greenwave_identity_makes_prints_renews_and_retires(self):
        device = self.device(identity=None)
        first = device.json("identity")
        self.assertTrue(first["changed"])
        self.assertEqual(device.identity.stat().st_mode & 0o7777, 0o600)
        again = device.json("identity")
        self.assertEqual((again["changed"], again["recipients"]), (False, first["recipients"]))
        # What age says of the identity, and opens with it.
        self.assertEqual([run("age-keygen", "-y", device.identity).stdout.strip()], first["recipients"])
        sealed = self.scratch / "sealed"
        sealed.write_bytes(age(b"both ways\n", first["recipients"][0]))
        self.assertEqual(run("age", "-d", "-i", device.identity, sealed).stdout, "both ways\n")

        self.commit({"a.yaml": source_manifest("a", "/etc/a", "a.age"), "a.age": age(b"one\n", first["recipients"][0])})
        device.start()
        self.assertEqual(device.sync()["exitCode"], 0)
        both = device.json("identity", "--renew")["recipients"]
        self.assertEqual(len(both), 2)
        self.assertEqual(device.sync()["exitCode"], 0)
        self.commit({"a.age": age(b"two\n", both[1])})
        self.assertEqual(device.sync()["exitCode"], 0)
        self.assertEqual(device.path("/etc/a").read_text(), "two\n")
        device.cli("identity", "--renew", check=2)
        self.assertEqual(device.json("identity", "--retire")["recipients"], both[1:])
        device.cli("identity", "--retire", check=2)
        self.commit({"a.age": age(b"three\n", both[0])})
        self.assertEqual(device.sync()["exitCode"], 1)
        self.assertEqual(device.path("/etc/a").read_text(), "two\n")

    def test_recipients_are_those_of_the_devices_that_get_a_layer(self):
        recipients = [new_identity(self.scratch / f"key-{n}") for n in range(3)]

        def feature(name, role, recipient):
            properties = {"labels": {"role": role}, **({"recipient": recipient} if recipient else {})}
            return {"type": "Feature", "id": name, "geometry": {"type": "Point", "coordinates": [0, 0]},
                    "properties": properties}

        self.commit({
            "devices.geojson": json.dumps({"type": "FeatureCollection", "features": [
                feature("a", "signal", recipients[0]), feature("b", "signal", recipients[1:]), feature("c", "sign", None)]}),
            "greenwave.yaml": json.dumps({
                "apiVersion": "greenwave.dev/v1", "kind": "Cluster", "metadata": {"name": "t"},
                "spec": {"devices": "devices.geojson", "layers": [
                    {"path": "base"}, {"path": "signals", "selector": {"matchLabels": {"role": "signal"}}},
                    {"path": "devices/${device.id}", "optional": True}]}}),
            "base/x.yaml": file_manifest("x", "/etc/x", "x"), "signals/y.yaml": file_manifest("y", "/etc/y", "y"),
            "devices/a/z.yaml": file_manifest("z", "/etc/z", "z"),
        })
        device = self.device()
        ask = lambda layer, check: device.cli("recipients", "--layer", layer, self.city.work, check=check).stdout
        self.assertEqual(ask("signals", 0).split(), sorted(recipients))
        self.assertEqual(ask("devices/a", 0).split(), recipients[:1])
        self.assertIn("1 of 3 devices have no recipient in the inventory: c", ask("base", 1))
        self.assertIn("has no layer nowhere", ask("nowhere/", 2) + ask("nowhere", 2))
        told = device.json("recipients", "--layer", "base", self.city.work)
        self.assertEqual(told["missing"], ["c"])
        self.assertIn({"recipient": recipients[2], "devices": ["b"]}, told["recipients"])

    def everything_written(self, device):
        """All bytes that the agent left behind or answered, but for the secret's target."""
        told = device.log.read_bytes()
        for words in (("diff",), ("status",), ("history", "-n", "1000"), ("show",)):
            told += device.cli(*words).stdout.encode() + device.cli(*words, "-o", "json").stdout.encode()
        for path in ("status", "objects", "history", "diff", "version"):
            told += device.request("GET", f"/v1/{path}").encode()
        for file in self.scratch.rglob("device/**/*"):
            if file.is_file() and file.name not in ("identity", "target"):
                told += str(file).encode() + file.read_bytes()
        return told

    def assert_not_in(self, secret, told):
        self.assertNotIn(secret, told)
        for shift in range(3):  # base64 of a text that holds it, wherever it begins
            letters = base64.b64encode(b"x" * shift + secret)[(4 if shift else 0):-4]
            self.assertNotIn(letters, told)
        self.assertNotIn(secret.hex().encode(), told.lower())

    def test_a_secret_is_in_nothing_that_the_agent_wrote_or_said(self):
        device = self.device()
        first, second = SECRET.encode(), SECRET[::-1].encode()
        self.commit({"a.yaml": source_manifest("a", "/etc/target", "a.age"), "a.age": age(first, device.recipient)})
        device.start()
        self.assertEqual(device.sync()["exitCode"], 0)
        told = self.everything_written(device)
        self.commit({"a.age": age(second, device.recipient)})
        told += self.everything_written(device)
        self.assertEqual(device.sync()["exitCode"], 0)
        target = device.path("/etc/target")
        self.assertEqual(target.read_bytes(), second)
        target.write_bytes(first)  # by hand
        self.assertEqual(device.sync()["exitCode"], 0)
        self.assertEqual(target.read_bytes(), second)
        told += self.everything_written(device)
        self.city.git("rm", "-q", "a.yaml", "a.age")
        self.commit({"b.yaml": file_manifest("b", "/etc/b", "b\n")})
        self.assertEqual(device.sync()["exitCode"], 0)
        self.assertFalse(target.exists())
        told += self.everything_written(device)
        device.stop()
        told += (device.state / "state.db").read_bytes()
        for secret in (first, second, device.identity.read_bytes().split()[-1]):
            self.assert_not_in(secret, told)
        self.assertIn(b"changed (sensitive)", told)

    @unittest.skipUnless(os.geteuid() == 0, "only root may look into another process's memory")
    def test_between_two_syncs_the_daemon_holds_no_secret(self):
        device = self.device()
        self.commit({"a.yaml": source_manifest("a", "/etc/target", "a.age"),
                     "a.age": age(SECRET.encode() * 50, device.recipient)})
        device.start()
        self.assertEqual(device.sync()["exitCode"], 0)
        device.path("/etc/target").write_text("by hand")
        self.assertEqual(device.sync()["exitCode"], 0)
        self.assertEqual(device.sync(force=True)["exitCode"], 0)
        device.request("GET", "/v1/diff")
        process = pathlib.Path(f"/proc/{device.daemon.pid}")
        identity = device.identity.read_bytes().split()[-1]
        held = b""
        with open(process / "mem", "rb", 0) as memory:
            for line in (process / "maps").read_text().splitlines():
                found = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
                if found is None or "[vvar]" in line:
                    continue
                begin, end = (int(part, 16) for part in found.groups())
                memory.seek(begin)
                held += memory.read(end - begin)
        self.assertGreater(len(held), 100_000)
        self.assertIn(b"/etc/greenwave", held)  # so that looking finds what is there
        self.assertNotIn(SECRET.encode(), held)
        self.assertNotIn(identity, held)
        limits = (process / "limits").read_text()
        self.assertRegex(limits, r"Max core file size +0 +0")
        locked = re.search(r"VmLck:\s+(\d+)", (process / "status").read_text())
        self.assertGreater(int(locked[1]), 0)

    def test_a_sync_that_changes_nothing_opens_nothing(self):
        device = self.device()
        self.commit({"a.yaml": source_manifest("a", "/etc/a", "a.age"), "a.age": age(b"x\n", device.recipient)})
        device.once(check=0)
        trace = self.scratch / "trace"
        device.once(check=0, prefix=("strace", "-f", "-o", trace, "-e", "trace=openat,openat2"))
        self.assertNotIn(str(device.identity), trace.read_text())


if __name__ == "__main__":
    unittest.main()
