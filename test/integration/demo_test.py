#!/usr/bin/env python3
"""The demo shows what it claims, and leaves nothing behind."""

import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from greenwave import BIN, Scratch, run  # noqa: E402

DEMO = pathlib.Path(__file__).parents[2] / "packaging/demo"


class Demo(unittest.TestCase):
    def test_every_claim_of_the_demo_is_true_and_nothing_is_left(self):
        with Scratch() as scratch:
            shown = run(DEMO, "--bin", BIN, env={**os.environ, "TMPDIR": str(scratch)})
            for heading in ("The first sync", "edits a file", "retimes", "is removed from the repository", "A mistake"):
                self.assertIn(heading, shown.stdout)
            self.assertIn("All checks passed", shown.stdout)
            self.assertEqual(list(scratch.iterdir()), [])

    def test_a_claim_that_is_not_true_ends_it_with_a_failure(self):
        with Scratch() as scratch:
            programs = scratch / "bin"
            programs.mkdir()
            for name in ("greenwaved", "greenwave"):
                (programs / name).symlink_to("/bin/true")
            shown = run(DEMO, "--bin", programs, check=False)
            self.assertEqual(shown.returncode, 1)
            self.assertIn("NOT TRUE  the daemon runs", shown.stdout)


if __name__ == "__main__":
    unittest.main()
