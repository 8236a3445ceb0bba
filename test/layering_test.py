#!/usr/bin/env python3
"""test/layering on small trees that are made for it."""

import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

LAYERING = pathlib.Path(__file__).resolve().parent / "layering"


class Layering(unittest.TestCase):
    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.tree = self.made = pathlib.Path(made.name)
        self.include("agent/git/store.cpp", "base/error.h")

    def write(self, path, text=""):
        file = self.tree / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a") as out:
            out.write(text)

    def include(self, path, *headers, house="agent"):
        for header in headers:
            self.write(f"{house}/{header}")
            self.write(path, f'#include "{header}"\n')

    def complaints(self):
        ended = subprocess.run([sys.executable, "-B", LAYERING, self.tree], stdout=subprocess.PIPE, text=True)
        lines = ended.stdout.splitlines()
        self.assertEqual(1 if len(lines) > 1 else 0, ended.returncode, ended.stdout)
        return "\n".join(lines[:-1])

    def test_includes_that_point_down_are_right(self):
        self.include("agent/main.cpp", "sync/pass.h")
        self.include("agent/sync/pass.cpp", "sync/intake/intake.h", "git/store.h")
        self.include("tools/greenwave/show.cpp", "git/store.h")
        self.write("agent/git/store.cpp", "#include <systemd/sd-bus.h>\n")
        self.assertEqual("", self.complaints())

    def test_an_include_that_points_up_is_named_with_its_line(self):
        self.include("agent/git/store.cpp", "sync/pass.h")
        self.assertIn("agent/git/store.cpp:2: includes agent/sync/pass.h: agent/git/ lies below agent/sync/",
                      self.complaints())

    def test_the_order_within_a_folder_holds_as_well(self):
        self.include("agent/render/object/merge.cpp", "render/kustomize/build.h")
        self.assertIn("agent/render/object/ lies below agent/render/kustomize/", self.complaints())

    def test_one_driver_does_not_know_another_but_what_they_share(self):
        self.include("agent/drivers/host/file.cpp", "drivers/driver.h", "drivers/workload/probe.h")
        self.assertEqual("", self.complaints())
        self.include("agent/drivers/host/file.cpp", "drivers/podman/view.h")
        self.assertIn("agent/drivers/host/ may not know agent/drivers/podman/", self.complaints())

    def test_the_agent_knows_neither_tools_nor_tests(self):
        self.include("agent/git/store.cpp", "test/support/clock.h", house=".")
        self.assertIn("agent/ may not use test/", self.complaints())

    def test_a_folder_without_a_place_and_a_header_without_its_folder_are_told(self):
        self.include("agent/news/feed.cpp", "base/error.h")
        self.write("agent/git/store.cpp", '#include "store.h"\n')
        said = self.complaints()
        self.assertIn("agent/news has no place in the order of agent/", said)
        self.assertIn("agent/git/store.cpp:2: includes store.h: name the folder", said)

    def test_two_folders_that_know_each_other_are_found_at_any_depth(self):
        self.include("agent/drivers/host/units/a.cpp", "drivers/host/files/deep/b.h")
        self.include("agent/drivers/host/files/deep/b.h", "drivers/host/units/a.h")
        self.assertIn("agent/drivers/host/files/deep/ -> agent/drivers/host/units/ -> agent/drivers/host/files/deep/",
                      self.complaints())

    def test_a_folder_of_the_command_and_the_files_above_it_do_not_know_each_other(self):
        self.include("tools/greenwave/lint.cpp", "lint/lint.h", house="tools/greenwave")
        self.include("tools/greenwave/lint/text.cpp", "style.h", house="tools/greenwave")
        self.assertIn("tools/greenwave/ -> tools/greenwave/lint/ -> tools/greenwave/", self.complaints())

    def test_a_list_of_folders_that_is_not_the_order_is_told(self):
        self.write("agent/README.md", "| `git/` | objects |\n| `base/` | errors |\n")
        self.assertIn("agent/README.md lists git base, but the order is base", self.complaints())

    def test_there_is_a_complaint_exactly_where_there_is_a_way_round(self):
        for seed in range(40):
            rand = random.Random(seed)
            folders = [f"drivers/workload/{'in/' * rand.randrange(3)}f{i}" for i in range(rand.randrange(2, 8))]
            self.tree = self.made / str(seed)
            for _ in range(rand.randrange(1, 12)):
                below, above = sorted(rand.sample(range(len(folders)), 2))
                self.include(f"agent/{folders[above]}/file{rand.randrange(3)}.cpp", f"{folders[below]}/own.h")
            self.assertEqual("", self.complaints(), f"seed {seed}")
            way = rand.sample(folders, rand.randrange(2, len(folders) + 1))
            for one, other in zip(way, [*way[1:], way[0]]):
                self.include(f"agent/{one}/round.cpp", f"{other}/own.h")
            self.assertIn("know each other", self.complaints(), f"seed {seed}: {way}")


if __name__ == "__main__":
    unittest.main()
