"""How a path changes hands: files move, some of their commits are refused in part, and nobody loses a file."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from greenwave import City, Device, Scratch, file_manifest  # noqa: E402


class Places(unittest.TestCase):
    def setUp(self):
        scratch = self.enterContext(Scratch())
        self.city = City(scratch)
        self.device = self.enterContext(Device(scratch / "device", self.city.url))

    def commit(self, **paths):
        """File NAME at the path, holding its name; None removes the manifest."""
        self.city.commit(
            {f"{name}.yaml": path and file_manifest(name, path, name) for name, path in paths.items()}
        )

    def held(self):
        directory = self.device.path("/etc")
        return {f"/etc/{path.name}": path.read_text() for path in sorted(directory.iterdir())}

    def test_a_refused_move_keeps_its_file_and_whoever_wants_that_place_waits(self):
        device = self.device
        self.commit(a1="/etc/1", b1="/etc/2")
        device.once(check=0)

        self.commit(a1="/etc/2", b1="/etc/3", c1="/etc/3")
        told = device.once().stdout
        self.assertEqual({"/etc/1": "a1", "/etc/2": "b1"}, self.held())
        self.assertIn("both claim path /etc/3", told)
        self.assertIn("File/a1 claims path /etc/2, which File/b1 still has; fix why File/b1 was refused", told)

        self.commit(c1=None)
        device.once(check=0)
        self.assertEqual({"/etc/2": "a1", "/etc/3": "b1"}, self.held())

        before = {path: path.stat().st_mtime_ns for path in device.path("/etc").iterdir()}
        device.once(check=0)
        self.assertEqual(before, {path: path.stat().st_mtime_ns for path in device.path("/etc").iterdir()})


if __name__ == "__main__":
    unittest.main()
