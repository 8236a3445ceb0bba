#!/usr/bin/env python3
"""The workflows that `greenwave init` writes run: each of their commands, in a city's repository with a change."""

import json
import os
import pathlib
import subprocess
import sys
import unittest

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from greenwave import BIN, City, Scratch, file_manifest, run  # noqa: E402


class Workflows(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        run(BIN / "greenwave", "init", self.city.work, "--name", "springfield", "--ci", "both")
        self.base = self.city.commit({}, "The city")
        self.head = self.city.commit({"base/extra.yaml": file_manifest("extra", "/etc/extra", "new\n")}, "A file")
        self.programs = self.scratch / "programs"
        self.programs.mkdir()
        (self.programs / "greenwave").symlink_to(BIN / "greenwave")

    def runs(self, script, path=os.environ["PATH"], **environment):
        result = subprocess.run(["/bin/bash", "-e", "-c", script], cwd=self.city.work, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                env={**os.environ, "PATH": f"{self.programs}:{path}", **environment})
        self.assertEqual(result.returncode, 0, f"{script}\n{result.stdout}")
        return result.stdout

    def github(self, **environment):
        """Runs all steps, as a pull request does; returns the job's summary."""
        workflow = yaml.safe_load((self.city.work / ".github/workflows/greenwave.yaml").read_text())
        summary = self.scratch / "summary.md"
        for step in workflow["jobs"]["lint"]["steps"]:
            if "run" in step:
                self.runs(step["run"], BASE=self.base, HEAD=self.head, NUMBER="7", GITHUB_STEP_SUMMARY=str(summary),
                          **environment)
        return summary.read_text()

    def without_gh(self):
        """A PATH with the programs that each machine has, and no others."""
        bare = self.scratch / "bare"
        bare.mkdir()
        for program in ("cat", "git"):
            (bare / program).symlink_to(f"/usr/bin/{program}")
        return str(bare)

    def test_githubs_shows_the_impact_and_comments_on_the_pull_request(self):
        comments = self.scratch / "comments"
        gh = self.programs / "gh"
        gh.write_text(f'#!/bin/sh\n[ "$6" = --edit-last ] && exit 1\necho "$@" >> {comments}\n')
        gh.chmod(0o755)
        summary = self.github()
        self.assertIn("1 device", summary)
        self.assertEqual(comments.read_text(), "pr comment 7 --body-file impact.md\n")

    def test_githubs_needs_no_gh(self):
        self.assertIn("1 device", self.github(path=self.without_gh()))

    def test_gitlabs_makes_the_files_that_it_keeps(self):
        workflow = yaml.safe_load((self.city.work / ".gitlab-ci.yml").read_text())
        for job in workflow.values():
            for line in job["script"] + job.get("after_script", []):
                self.runs(line, CI_MERGE_REQUEST_DIFF_BASE_SHA=self.base, CI_COMMIT_SHA=self.head)
            for kept in job["artifacts"]["paths"]:
                self.assertTrue((self.city.work / kept).stat().st_size > 0, kept)
        self.assertEqual(json.loads((self.city.work / "greenwave.sarif").read_text())["version"], "2.1.0")
        self.assertEqual(len(json.loads((self.city.work / "impact.geojson").read_text())["features"]), 1)


if __name__ == "__main__":
    unittest.main()
