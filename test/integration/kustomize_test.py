"""A kustomized directory renders as kustomize itself renders it: equal objects, in the same order.

The random kustomizations are the same at each run. KUSTOMIZE_SEED=random KUSTOMIZE_ROUNDS=2000 looks for more.
"""

import os
import pathlib
import random
import sys
import textwrap
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import kustomize  # noqa: E402
import kustomize_cases  # noqa: E402
import kustomize_forms  # noqa: E402
import random_kustomization  # noqa: E402
from greenwave import Scratch  # noqa: E402

ROUNDS = int(os.environ.get("KUSTOMIZE_ROUNDS", "60"))


def shown(files):
    return "\n".join(f"=== {name}\n{content}" for name, content in files.items())


@unittest.skipIf(kustomize.why_not(), f"{kustomize.why_not()}")
class Kustomize(unittest.TestCase):
    def compare(self, files, directory=""):
        files = {name: textwrap.dedent(text) if isinstance(text, str) else text for name, text in files.items()}
        with Scratch() as root:
            kustomize.write(root, files)
            theirs, ours = kustomize.theirs(root, directory), kustomize.ours(root, directory)
        if isinstance(theirs, str) and isinstance(ours, str):
            return "both refuse"
        if isinstance(theirs, str) or isinstance(ours, str):
            self.fail(f"theirs: {theirs}\n\nours: {ours}\n\n{shown(files)}")
        found = kustomize.difference(theirs, ours)
        self.assertIsNone(found, shown(files))
        return "equal"

    def test_written_cases_come_out_equal(self):
        for name, (files, directory) in {**kustomize_cases.equal(), **kustomize_forms.equal()}.items():
            with self.subTest(name):
                self.assertEqual(self.compare(files, directory), "equal")

    def test_both_refuse_the_same_mistakes(self):
        for name, (files, directory) in {**kustomize_cases.refused(), **kustomize_forms.refused()}.items():
            with self.subTest(name):
                self.assertEqual(self.compare(files, directory), "both refuse")

    def test_random_kustomizations_come_out_equal(self):
        wish = os.environ.get("KUSTOMIZE_SEED", "20261124")
        seed = random.SystemRandom().randrange(1 << 32) if wish == "random" else int(wish)
        print(f"KUSTOMIZE_SEED={seed} KUSTOMIZE_ROUNDS={ROUNDS}", file=sys.stderr)
        equal = 0
        for number in range(ROUNDS):
            with self.subTest(seed=seed, round=number):
                files = random_kustomization.make(random.Random(f"{seed}/{number}"))
                equal += self.compare(files, "overlay") == "equal"
        # Where most were refused by both, equality would say nothing.
        self.assertGreaterEqual(equal, ROUNDS * 3 // 4)


if __name__ == "__main__":
    unittest.main()
