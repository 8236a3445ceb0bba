"""What secrets cost a device: 100 manifests that SOPS encrypted, against the same 100 in clear text.

The peer is sops itself, decrypting one of them. Needs Go, for sops:  test/bench/run secrets
"""

import pathlib
import statistics
import sys

sys.path[0] = str(pathlib.Path(__file__).parents[1] / "support")
from greenwave import BIN, City, Device, Scratch, file_manifest, print_table, timed  # noqa: E402
from go_program import Missing  # noqa: E402
from secret_tools import new_identity, sops, sops_encrypted, sops_program  # noqa: E402

MANIFESTS = 100
ROUNDS = 15
MOST = 0.050


def worked(pid):
    """CPU seconds used by the thread that syncs, independent of the machine's other load."""
    return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def cost(device, action):
    began = worked(device.daemon.pid)
    action()
    return worked(device.daemon.pid) - began


def milliseconds(seconds):
    return f"{seconds * 1000:.1f} ms"


def main():
    try:
        sops_program()
    except Missing as missing:
        print(f"skipped: {missing}")
        return 0
    with Scratch() as scratch:
        plain = {f"{n}.yaml": file_manifest(f"f{n}", f"/etc/f{n}", f"community-{n}\n" * 20, mode="0600") for n in range(MANIFESTS)}
        identity = scratch / "encrypted" / "device" / "identity"
        recipient = new_identity(identity)
        encrypted = {path: sops_encrypted(text, recipient) for path, text in plain.items()}
        devices = {}
        for name, files in (("plain", plain), ("encrypted", encrypted)):
            (scratch / name).mkdir(exist_ok=True)
            city = City(scratch / name)
            city.commit(files)
            devices[name] = Device(scratch / name / "device", city.url)
        took = {name: [] for name in devices}
        try:
            for name, device in devices.items():
                device.start()
                if device.sync()["exitCode"] != 0:
                    raise AssertionError(device.log.read_text())
            # A diff renders all, and finds that nothing is to be done.
            for _ in range(ROUNDS):
                for name, device in devices.items():
                    took[name].append(cost(device, lambda: device.request("GET", "/v1/diff")))
        finally:
            for device in devices.values():
                device.stop()
        peer = min(timed(lambda: sops("decrypt", "--input-type", "yaml", "--output-type", "yaml", "/dev/stdin",
                                      text=encrypted["0.yaml"], identity=identity)) for _ in range(3))
        trace = scratch / "trace"
        devices["encrypted"].once(check=0)
        devices["encrypted"].once(check=0, prefix=("strace", "-f", "-o", trace, "-e", "trace=openat,openat2"))
        opened = sum(str(identity) in line for line in trace.read_text().splitlines())

    clear, sealed = (statistics.median(took[name]) for name in ("plain", "encrypted"))
    rows = [
        (f"render of {MANIFESTS} manifests in clear text, CPU time", milliseconds(clear), "-", "-"),
        ("the same, encrypted by SOPS", milliseconds(sealed), "-", "-"),
        ("opening them, and guarding the memory", milliseconds(sealed - clear), f"<= {milliseconds(MOST)}", "reached" if sealed - clear <= MOST else "MISSED"),
        ("sops decrypt, one of them, elapsed", milliseconds(peer), "-", "-"),
        ("identities read by a sync that changes nothing", str(opened), "0", "reached" if opened == 0 else "MISSED"),
    ]
    print_table(rows)
    print(f"(programs from {BIN})")
    return 1 if any(row[3] == "MISSED" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
