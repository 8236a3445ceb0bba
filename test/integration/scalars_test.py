"""What a scalar says in a manifest is what kubectl and kustomize make of it.

test/golden/spellings.jsonl holds what they make of some 2,000 spellings; unit_yaml compares our reader with it. Here the
references themselves say whether it is still right, and read what `greenwave render` writes of each.
GREENWAVE_REWRITE_GOLDEN=1 writes the file anew.
"""

import json
import os
import pathlib
import subprocess
import sys
import unittest

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import kubectl  # noqa: E402
import kustomize  # noqa: E402
import spellings  # noqa: E402
from greenwave import BIN, Scratch  # noqa: E402

GOLDEN = pathlib.Path(__file__).parents[1] / "golden" / "spellings.jsonl"
HEAD = "apiVersion: example.com/v1\nkind: Spelling\nmetadata: {name: %s}\n"


def as_value(spelling):
    return f"v: {spelling}\n"


def as_key(spelling):
    return f"v:\n  {spelling}: 1\n"


def answers(paths):
    """For each path [what v is], or None where it is refused."""
    return [None if reading.get("error") or len(reading["documents"]) != 1 else [reading["documents"][0].get("v")]
            for reading in kubectl.read(paths)]


def rendered(root):
    """What `greenwave render` prints: without what is refused, which it reports besides."""
    command = [BIN / "greenwave", "render", root, "--device", "any"]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


@unittest.skipIf(kubectl.why_not(), f"{kubectl.why_not()}")
class Scalars(unittest.TestCase):
    def test_the_golden_file_is_what_kubectl_and_kustomize_say(self):
        every = spellings.all_spellings()
        columns = []
        with Scratch() as root:
            for reader in ("kubectl", "kustomize"):
                for number, form in enumerate((as_value, as_key)):
                    paths = []
                    for i, spelling in enumerate(every):
                        directory = root / f"{reader}-{number}" / str(i)
                        kustomize.write(directory, {"r.yaml": HEAD % "x" + form(spelling),
                                                    "kustomization.yaml": "resources: [r.yaml]\n"})
                        paths.append(directory / "r.yaml" if reader == "kubectl" else directory)
                    columns.append(answers(paths))
        lines = [json.dumps(list(row)) for row in zip(every, *columns)]
        if os.environ.get("GREENWAVE_REWRITE_GOLDEN") == "1":
            GOLDEN.write_text("\n".join(lines) + "\n")
        kept = GOLDEN.read_text().splitlines()
        self.assertEqual([line for line in lines if line not in set(kept)], [])
        self.assertEqual(len(lines), len(kept))

    def test_what_is_rendered_is_read_by_kubectl_as_the_manifests_were(self):
        with Scratch() as root:
            for i, spelling in enumerate(spellings.all_spellings()):
                (root / f"{i:04}-value.yaml").write_text(HEAD % f"value-{i:04}" + as_value(spelling))
                (root / f"{i:04}-key.yaml").write_text(HEAD % f"key-{i:04}" + as_key(spelling))
            (root / "rendered").write_bytes(rendered(root))
            (written,) = kubectl.read([root / "rendered"])
            self.assertNotIn("error", written)
            paths = sorted(root.glob("*.yaml"))
            theirs = {document["metadata"]["name"]: document for reading in kubectl.read(paths) if not reading.get("error")
                      for document in reading["documents"]}
        self.assertGreater(len(written["documents"]), 3000)
        for document in written["documents"]:
            self.assertEqual(document, theirs.pop(document["metadata"]["name"]))
        # What only we refuse: bytes that are no text.
        self.assertEqual([name for name, document in theirs.items() if "\ufffd" not in json.dumps(document, ensure_ascii=False)], [])

    def test_a_plain_repository_is_delivered_byte_for_byte(self):
        text = "a $${1} ${device.id} ${HOME} ${cluster.vars.none}\n"
        manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "signals"}, "data": {"t": text}}
        with Scratch() as root:
            (root / "x.yaml").write_text(yaml.safe_dump(manifest))
            self.assertEqual(yaml.safe_load(rendered(root)), manifest)


if __name__ == "__main__":
    unittest.main()
