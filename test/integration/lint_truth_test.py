"""Lint says what the device will say of a commit, and no more: over random commits with mistakes in them, the errors of
`greenwave lint` are those in the status of a new device that has synced, word for word and place for place.

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
from random_city import CLUSTER, DEVICE, SOURCES, Story, follow, manifest, play_alone  # noqa: E402

SEEDS = int(os.environ.get("GREENWAVE_SEEDS", 4))
FOR_PEOPLE = {"content", "secret"}  # what a device takes as it is


def misspelt(choice, word):
    at = choice.randrange(len(word))
    return choice.choice([word[:at] + word[at + 1:], word[:at] + word[at] + word[at:], word[:at] + "q" + word[at + 1:]])


def spoil_field(choice, one):
    key = choice.choice(sorted(one["spec"]))
    one["spec"] = {misspelt(choice, name) if name == key else name: value for name, value in one["spec"].items()}


def spoil_value(choice, one):
    one["spec"][choice.choice(sorted(one["spec"]))] = choice.choice([17, -1, None, [], {}, True, "", "x", "../up", "a b", "9999"])


def spoil_identity(choice, one):
    key = choice.choice(["apiVersion", "kind"])
    one[key] = misspelt(choice, one[key])


def spoil_metadata(choice, one):
    one["metadata"][choice.choice(["annotation", "annotations", "labels", "nmae"])] = choice.choice(
        [{"greenwave.dev/prune": "off"}, {"greenwave.dev/depends-on": "File/nowhere"}, {"greenwave.dev/on-remval": "keep"}, {"x": 1}, "text"]
    )


def spoil_content(choice, one):
    one["spec"]["content"] = choice.choice(["${devcie.id}", "${device.name}", "${device.id}\n", "\n", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"])


def spoil_reference(choice, one):
    one["spec"]["restartOn"] = choice.choice([["File/nowhere"], ["file-1"], "File/file-1", ["Fiel/file-1"]])


def spoil_name(choice, one):
    one["metadata"]["name"] = choice.choice(["file-1", "always", "", "Upper Case", 5])


MISTAKES = [spoil_field, spoil_value, spoil_identity, spoil_metadata, spoil_content, spoil_reference, spoil_name]


class Chain:
    """A city whose commits have mistakes in them, and a new device for each."""

    def __init__(self, scratch, seed):
        self.random = random.Random(seed)
        self.story = Story(seed)
        self.city = City(scratch)
        self.city.commit({**CLUSTER, **SOURCES, **self.story.files()})
        self.scratch = scratch
        self.told = []
        self.compared = self.wrong = 0

    def lint(self):
        """The errors that a device has too, and whether there are others: where the device finds out by itself that a content
        cannot be, it looks no further at that object."""
        found = run(BIN / "greenwave", "lint", "-o", "json", ".", cwd=self.city.work, check=False)
        errors, others = set(), False
        for one in json.loads(found.stdout)["findings"]:
            remedy = "; " + one["remedy"] if one["remedy"] else ""
            others = others or one["rule"] in FOR_PEOPLE
            if one["severity"] == "error" and one["rule"] not in FOR_PEOPLE:
                errors.add(f"{one['file']}:{one['line']}:{one['column']}: error: {one['message']}{remedy}")
        return errors, others

    def advance(self):
        """One commit more; what differs, or nothing."""
        self.story.change()
        objects = self.story.objects
        self.story.objects = copy.deepcopy(objects)
        for name in self.random.sample(sorted(objects), min(len(objects), self.random.choice([0, 1, 1, 2]))):
            self.random.choice(MISTAKES)(self.random, self.story.objects[name])
        if self.random.random() < 0.1:
            self.story.objects["twice"] = manifest("File", "always", {"path": "/etc/field/twice", "content": "x"})
        self.city.commit(self.story.files())
        self.story.objects = objects
        linted, others = self.lint()
        device = Device(self.scratch / f"device-{self.compared}", self.city.url, DEVICE)
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
