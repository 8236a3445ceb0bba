"""Fleets on one machine: what tools/greenwave-sim does, and cities for it."""

import json

from greenwave import BIN, file_manifest, run
from line_program import LineProgram

WAVES = """  waves:
    - {name: canary, percent: 5, ref: refs/heads/wave/canary, soak: 1s, reportedPercent: 80, failedPercent: 5}
"""


def device_id(city, number):
    return f"{city}-{number:05}"


def cluster(name, more=""):
    return (f"apiVersion: greenwave.dev/v1\nkind: Cluster\nmetadata: {{name: {name}}}\nspec:\n"
            f"  devices: devices.geojson\n  layers: [{{path: base}}]\n{more}")


def inventory(name, devices):
    features = [{"type": "Feature", "id": device_id(name, number), "properties": {},
                 "geometry": {"type": "Point", "coordinates": [round(-122.5 + number % 100 * 0.001, 6),
                                                               round(37.7 + number // 100 * 0.001, 6)]}}
                for number in range(devices)]
    return json.dumps({"type": "FeatureCollection", "features": features})


def make_signer(directory):
    """A key that may sign the commits of a city; returns it and the allowed_signers file."""
    key, signers = directory / "signer", directory / "allowed_signers"
    if not key.exists():
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ana", "-f", key)
        public = key.with_suffix(".pub").read_text().split()
        signers.write_text(f"ana@city.example {public[0]} {public[1]}\n")
    return key, signers


def fill(city, name, devices, key, objects=30, waves=WAVES):
    """The first commit of a city: as many files as a real cabinet has."""
    files = {"greenwave.yaml": cluster(name, waves), "devices.geojson": inventory(name, devices)}
    for number in range(objects):
        files[f"base/part-{number}.yaml"] = file_manifest(f"part-{number}", f"/etc/signal/part-{number}.conf",
                                                          f"plan: {number}\n" * 20)
    return city.commit(files, "The first timing plans", key=key)


REFS = ("main", "wave/canary")


def change(city, number, key, message="Longer green on Market Street", refs=REFS):
    """Another commit, of which every device needs one file."""
    (city.work / "base/part-0.yaml").write_text(file_manifest("part-0", "/etc/signal/part-0.conf", f"plan: {number}\n" * 20))
    city.git("-c", "gpg.format=ssh", "-c", f"user.signingkey={key}", "commit", "-q", "-a", "-S", "-m", message)
    city.git("push", "-q", "origin", *(f"HEAD:refs/heads/{ref}" for ref in refs))
    return city.git("rev-parse", "HEAD")


class Simulation(LineProgram):
    """A running greenwave-sim, as a context manager. `cities` is what its scenario has."""

    def __init__(self, directory, cities, interval="60s"):
        self.directory = directory
        (directory / "stores").mkdir(parents=True)
        scenario = directory / "scenario.json"
        scenario.write_text(json.dumps({"interval": interval, "scratch": str(directory / "stores"), "cities": cities}))
        super().__init__(BIN / "greenwave-sim", scenario, log=directory / "sim.log")

    def __enter__(self):
        super().__enter__()
        self._answer("ready")
        return self

    def _answer(self, what):
        line = self.line()
        answer = json.loads(line) if line else {"failed": what, "why": (self.directory / "sim.log").read_text()}
        if answer.get("done") != what:
            raise AssertionError(f"the simulation says {answer}")
        return answer

    def do(self, what, **more):
        self.say(json.dumps({"do": what, **more}))
        return self._answer(what)

    def take(self):
        """What was counted since the last time."""
        return self.do("take")
