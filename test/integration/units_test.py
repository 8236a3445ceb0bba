"""SystemdUnits on a real systemd: runs the hidden tests of test/unit/drivers/unit_live_test.cpp in a machine."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import machine  # noqa: E402
from greenwave import BIN  # noqa: E402


class Units(unittest.TestCase):
    def test_units_are_kept_as_declared_by_a_real_systemd(self):
        with machine.Machine(binds={BIN: "/greenwave"}) as device:
            tests = device.run("/greenwave/unit_drivers", "[.systemd]", check=False, timeout=800)
            self.assertEqual(0, tests.returncode, tests.stdout + tests.stderr)
            self.assertIn("All tests passed", tests.stdout)


if __name__ == "__main__":
    if machine.why_not():
        print(f"SKIPPED: {machine.why_not()}")
        sys.exit(77)
    unittest.main()
