"""Lint says what the device will say of a commit, and no more: over random commits with mistakes in them, the errors of
`greenwave lint` are those in the status of a new device that has synced, word for word and place for place; and it says
the same of the commit and of the files on disk.

GREENWAVE_SEEDS=N plays N chains of commits; `lint_truth_test.py --seed N` plays one, and prints it.
"""

import copy
import json
import os
import pathlib
import random
import shutil
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from greenwave import BIN, City, Device, Scratch, run  # noqa: E402
from random_city import CLUSTER, DEVICE, PODS, SOURCES, Story, follow, manifest, play_alone, pod, spoiled  # noqa: E402

SEEDS = int(os.environ.get("GREENWAVE_SEEDS", 4))
FOR_PEOPLE = {"content", "secret"}  # what a device takes as it is


def a_file(name, text="x"):
    return json.dumps(manifest("File", name, {"path": f"/etc/field/{name}", "content": text}), indent=1)


ODDITIES = {
    "base/crlf.yaml": a_file("crlf", "${device.nothing}").replace("\n", "\r\n").encode(),
    "base/mark.yaml": b"\xef\xbb\xbf" + a_file("mark", "${device.nothing}").encode(),
    "base/latin.yaml": a_file("latin", "caf\xe9").encode("latin-1"),
    "base/nul.yaml": b"a: \x00\n",
    "base/empty.yaml": b"",
    "base/tab.yaml": b"a:\n\tb: 1\n",
    "base/LOUD.YAML": a_file("loud", "${device.nothing}").encode(),
    "base/.hidden.yaml": b"a: [",
    "base/local.yaml": b"a: [",  # ignored
    "base/scratch/deep/local.yaml": b"a: [",  # ignored
    "base/block.yaml": b"apiVersion: greenwave.dev/v1\nkind: File\nmetadata: {name: block}\nspec:\n  path: /etc/field/block\n"
    b"  content: |\n    one\n    two ${device.nothing} ${cluster.vars.nothing}\n",
    "base/two.yaml": b"apiVersion: greenwave.dev/v1\nkind: File\nmetadata: {name: Two Words, nmae: x}\n"
    b"spec: {path: /etc/field/two, content: '${device.nothing}', mode: 1}\n",
    "files/one": b"large\n",  # kept by Git LFS
}
ATTRIBUTES = {
    ".gitignore": b"local.yaml\nbase/scratch/\n",
    ".gitattributes": b"files/one filter=lfs\nbase/crlf.yaml -text\n",
}


class Chain:
    """A city whose commits have mistakes in them, and a new device for each."""

    def __init__(self, scratch, seed):
        self.random = random.Random(seed)
        self.runtime = self.random.choice(["", "none", "podman"])
        self.story = Story(seed)
        self.city = City(scratch)
        pointer = "printf 'version https://git-lfs.github.com/spec/v1\\noid sha256:00\\nsize 1\\n'"
        self.city.git("config", "filter.lfs.clean", pointer)
        cluster = CLUSTER["greenwave.yaml"].replace("spec:\n", f"spec:\n  runtime: {self.runtime}\n" if self.runtime else "spec:\n")
        self.city.commit({**CLUSTER, **SOURCES, "greenwave.yaml": cluster, **self.story.files()})
        for path, content in ATTRIBUTES.items():
            self.put(path, content)
        self.scratch = scratch
        self.told = []
        self.compared = self.wrong = 0

    def put(self, path, content):
        file = self.city.work / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def add_oddities(self):
        """Files as they are on disks; those of the last time go."""
        for path in [*ODDITIES, "base/link.yaml"]:
            (self.city.work / path).unlink(missing_ok=True)
        self.put("files/one", SOURCES["files/one"].encode())
        shutil.rmtree(self.city.work / "base/nested", ignore_errors=True)
        for path in self.random.sample(sorted(ODDITIES), self.random.choice([0, 0, 1, 2])):
            self.put(path, ODDITIES[path])
        if self.random.random() < 0.1:
            (self.city.work / "base/link.yaml").symlink_to("all.yaml")
        if self.random.random() < 0.1:
            nested = self.city.work / "base/nested"
            nested.mkdir()
            (nested / "a.yaml").write_text("a: [")
            for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "Nested"]):
                self.city.git(*words, cwd=nested)

    def lint(self, where):
        """The errors that a device has too, and whether there are others: where the device finds out by itself that a content
        cannot be, it looks no further at that object."""
        found = run(BIN / "greenwave", "lint", "-o", "json", where, cwd=self.city.work, check=False)
        errors, others = set(), set()
        for one in json.loads(found.stdout)["findings"]:
            remedy = "; " + one["remedy"] if one["remedy"] else ""
            if one["severity"] == "error":
                place = f"{one['file']}:{one['line']}:{one['column']}" if one["line"] else one["file"] or "(no file)"
                text = f"{place}: error: {one['message']}{remedy}"
                (others if one["rule"] in FOR_PEOPLE else errors).add(text)
            elif one["rule"] in FOR_PEOPLE:
                others.add(one["message"])
        return errors, others

    def commit(self):
        """One commit more, with mistakes in it."""
        self.story.change()
        objects = self.story.objects
        self.story.objects = spoiled(self.random, objects, self.random.choice([0, 1, 1, 2]))
        if self.random.random() < 0.1:
            self.story.objects["twice"] = manifest("File", "always", {"path": "/etc/field/twice", "content": "x"})
        if self.runtime and self.random.random() < 0.5:
            self.story.objects["pod"] = pod(copy.deepcopy(self.random.choice(PODS)))
        self.add_oddities()
        self.city.commit(self.story.files())
        self.story.objects = objects

    def advance(self):
        """One commit more; what differs, or nothing."""
        self.commit()
        linted, others = self.lint("@HEAD")
        on_disk = self.lint(".")
        device = Device(
            self.scratch / f"device-{self.compared}", self.city.url, DEVICE, more=f"runtime: {self.runtime or 'none'}\n"
        )
        result = device.once()
        status = device.json("status")
        shutil.rmtree(device.directory)
        said = {problem for problem in status["problems"] if ": error: " in problem}
        self.told.append(
            f"{self.city.git('show', '--format=', '-U1', 'HEAD')}\nlint:\n  " + "\n  ".join(sorted(linted))
            + "\ndevice:\n  " + "\n  ".join(sorted(said)) + f"\n{result.stdout}"
        )
        self.compared += 1
        self.wrong += bool(linted)
        if on_disk != (linted, others):
            alone = on_disk[0] - linted | on_disk[1] - others
            return f"on disk alone: {alone}\nin the commit alone: {linted - on_disk[0] | others - on_disk[1]}"
        if said - linted or (linted != said and not others):
            return f"lint alone: {sorted(linted - said)}\ndevice alone: {sorted(said - linted)}"
        return "the device failed on nothing" if linted and result.returncode == 0 else None


def play(seed):
    """The chain, and what differed."""
    with Scratch() as scratch:
        return follow(Chain(scratch, seed))


class LintSaysWhatTheDeviceSays(unittest.TestCase):
    def test_the_errors_of_lint_are_those_of_the_device(self):
        compared = wrong = 0
        for seed in range(SEEDS):
            chain, difference = play(seed)
            compared += chain.compared
            wrong += chain.wrong
            with self.subTest(seed=seed):
                self.assertIsNone(difference, f"\n--seed {seed}:\n{chain.told[-1]}")
        print(f"{compared} commits compared, {wrong} with errors", file=sys.stderr)
        self.assertGreater(wrong, SEEDS)


if __name__ == "__main__":
    if "--seed" in sys.argv:
        sys.exit(play_alone(play))
    unittest.main()
