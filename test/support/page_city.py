"""Cities for tests of the hub's page: rows in the hub's database."""

import json
import pathlib

CITY = pathlib.Path(__file__).parents[2] / "manifests/san-francisco/devices.geojson"
COMMIT, BEFORE = "4c1e" + "0" * 36, "a7b3" + "0" * 36


def sample_city():
    """The sample city's intersections: (id, name, longitude, latitude)."""
    features = json.loads(CITY.read_text())["features"]
    return [(one["id"], one["properties"]["name"], *one["geometry"]["coordinates"][:2]) for one in features]


def large_city(count):
    """A grid of streets as large as Chicago's."""
    side = int(count**0.5) + 1
    return [(f"chi-{n:05}", f"{n // side + 1}th St & {n % side + 1}th Ave", -87.9 + (n % side) * 0.0028, 41.7 + (n // side) * 0.002)
            for n in range(count)]


# Of a hundred devices, how many are what, and why.
SHARES = (("failed", 3, "SystemdUnit/spat-broadcaster: failed: exit 203"), ("failed", 1, "Package/chrony: apt lock held by unattended-upgr"),
          ("reverted", 1, "SystemdUnit/spat-broadcaster: not healthy within 5 min"), ("waiting", 4, "window night, 01:00 to 04:00"),
          ("applying", 3, ""), ("held", 2, ""), ("paused", 1, ""), ("not-reporting", 3, ""))


def state_of(number):
    place = number * 37 % 100
    for condition, share, reason in SHARES:
        if place < share:
            return condition, reason
        place -= share
    return "in-sync", ""


def model_of(number):
    return "2070lx" if number % 5 == 0 else "atc-5201"


def literal(text):
    return "'" + text.replace("'", "''") + "'"


def fill(postgres, city, devices, state=state_of, inventory=COMMIT):
    """The inventory, and what each device last said. `state` gives (condition, reason) by the device's number."""
    places, presence, states = [], [], []
    for number, (device, name, longitude, latitude) in enumerate(devices):
        condition, reason = state(number)
        wave = "canary" if number % 12 == 0 else ""
        silent = condition == "not-reporting"
        condition = "in-sync" if silent else condition
        health = {"failed": "failed", "reverted": "reverted", "applying": "progressing"}.get(condition, "healthy")
        commit = BEFORE if condition in ("held", "reverted", "waiting") else COMMIT
        detail = {"labels": {"corridor": "castro"}, "objects": 29, "inSync": 29, "commit": {"oid": commit, "subject": "Longer walk at 19th"}}
        if condition == "failed":
            where, why = reason.split(": ", 1)
            detail.update(inSync=28, failed=[{"object": where, "reason": f"base/controller.yaml:31:3: {why}"}], failedTotal=1)
        key = f"{literal(city)}, {literal(device)}"
        places.append(f"({key}, {literal(name)}, {literal(json.dumps({'model': model_of(number)}))}, '{wave}', '{{base,models/atc}}', ST_SetSRID(ST_MakePoint({longitude}, {latitude}), 4326))")
        presence.append(f"({key}, 1, 1, now() - interval '{3600 if silent else 30} s', now(), {silent}, false)")
        states.append(f"({key}, 1, 1, now(), now() - interval '2 h', '{condition}', '{health}', '{commit}', '{COMMIT}', '{wave}', "
                      f"{literal(reason)}, '0.1.0', {number}, NULL, {literal(json.dumps(detail))})")
    gates = json.dumps([{"name": "canary", "ref": "refs/heads/canary", "soakMs": 1800000, "healthyPercent": 95, "failedPercent": 5,
                         "reportedPercent": 90, "silentAfterMs": 3600000}])
    c = literal(city)
    postgres.script(f"""
INSERT INTO greenwave.devices (city, device, name, labels, wave, layers, position) VALUES {','.join(places)};
INSERT INTO greenwave.presence VALUES {','.join(presence)};
INSERT INTO greenwave.states VALUES {','.join(states)};
INSERT INTO greenwave.inventories (city, commit, read_at, waves, attribution)
  VALUES ({c}, '{inventory}', now(), '{gates}', '© OpenStreetMap contributors, ODbL 1.0');
INSERT INTO greenwave.refs VALUES ({c}, 'canary', 'refs/heads/canary', '{COMMIT}', now() - interval '12 min', 'Longer walk at 19th', 'Olga Operator'),
  ({c}, '', 'refs/heads/main', '{BEFORE}', now() - interval '2 days', 'Quieter logs', 'Olga Operator');
ANALYZE;""")
