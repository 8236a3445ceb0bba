"""Can the hubs' database be spread over servers by city? Several hubs share one database whose tables are partitioned by
city, as they would be spread; devices report, operators read and ask; and PostgreSQL says of every statement which cities'
partitions it has touched (auto_explain). A statement that stays within one city can run on that city's server.

  test/bench/run spread
"""

import collections
import json
import pathlib
import re
import sys

sys.path[0] = str(pathlib.Path(__file__).parents[1] / "support")
from greenwave import Scratch, print_table, run  # noqa: E402
from hub import Hub, Speaker  # noqa: E402
from postgres import Postgres  # noqa: E402

CITIES = ("ashland", "brookfield", "clinton")
TABLE = re.compile(r"CREATE TABLE greenwave\.(\w+) \(\n    city text NOT NULL,.*?\n\)(?P<how>\nPARTITION BY.*?|\nWITH \(.*?\)|);", re.S)
BY_TIME = re.compile(r"_(other|\d{4}_\d\d)$")  # a month of a table that is spread by time
PATHS = ("summary", "rollout", "devices?limit=10", "devices?state=failed&counts=only", "devices/{}", "places", "states",
         "health", "audit", "enrolments", "cities", "me")


def partitioned(schema):
    """The schema, with each table that isn't spread by time already in a partition for each city, and how many those are."""
    tables = []

    def parent(match):
        if "PARTITION" in match["how"] or BY_TIME.search(match[1]):
            return match[0]
        tables.append(match[1])
        return match[0].removesuffix(match["how"] + ";") + "\nPARTITION BY LIST (city);"

    text = TABLE.sub(parent, schema)
    parts = [f"CREATE TABLE greenwave.{table}_of_{city} PARTITION OF greenwave.{table} FOR VALUES IN ('{city}');"
             for table in tables for city in CITIES]
    return text + "\n".join(parts), len(tables)


def spread(postgres, scratch):
    """Makes a database with the schema that a hub makes, spread; how many tables it has."""
    with Hub(scratch / "first", postgres.connection):
        schema = run("pg_dump", "-h", postgres.directory, "-U", "hub", "--schema-only", "--no-owner", "greenwave").stdout
        version = postgres.sql("SELECT version FROM greenwave.schema_version")
    text, tables = partitioned(schema)
    postgres.sql("DROP SCHEMA greenwave CASCADE; DROP EXTENSION postgis CASCADE")
    postgres.script(text)
    postgres.sql(f"INSERT INTO greenwave.schema_version VALUES ({version})")
    return tables


def use(hub):
    """What devices and people do with it; every answer is a good one."""
    view, operator = hub.token(), hub.token("configure")
    speaker = Speaker(hub, f"{hub.city}-1").enrol(operator)
    for state in ("in-sync", "failed", None):
        reply = speaker.report(state)
        assert reply.status == 200, reply.text
    asked = hub.request("POST", f"/v1/devices/{speaker.device}/sync", {"reason": "a look"}, token=operator)
    assert asked.status in (200, 202), asked.text
    failed = []
    for path in PATHS:
        reply = hub.request("GET", "/v1/" + path.format(speaker.device), token=operator if path in ("audit", "enrolments") else view)
        if reply.status != 200:
            failed.append(f"{path}: {reply.status}")
    return failed


def plans(log):
    """Of each statement that a hub has run: its text and its plan."""
    decoder = json.JSONDecoder()
    for match in re.finditer(r"duration: [\d.]+ ms  plan:\n\s*", log):
        plan, _ = decoder.raw_decode(log, match.end())
        if "greenwave." in plan["Query Text"]:
            yield plan["Query Text"], plan["Plan"]


def touched(plan):
    """The cities whose partitions it has read or changed."""
    cities = set()
    if plan.get("Actual Loops", 0) and "_of_" in plan.get("Relation Name", ""):
        cities.add(plan["Relation Name"].split("_of_")[1])
    for child in plan.get("Plans", []):
        cities |= touched(child)
    return cities


def kind(text):
    """The tables that a statement names, and whether it changes one."""
    tables = sorted(set(re.findall(r"greenwave\.(\w+)", text)))
    changes = re.search(r"\b(INSERT INTO|UPDATE|DELETE FROM)\b", text)
    return ("changes" if changes else "reads") + " " + ", ".join(tables[:4]) + (" …" if len(tables) > 4 else "")


def main():
    settings = {"session_preload_libraries": "auto_explain", "auto_explain.log_min_duration": 0, "auto_explain.log_analyze": "on",
                "auto_explain.log_timing": "off", "auto_explain.log_format": "json", "log_error_verbosity": "terse"}
    failed, kinds, most = [], collections.Counter(), collections.defaultdict(int)
    with Scratch() as scratch:
        scratch.chmod(0o755)
        with Postgres(scratch / "postgres", **settings) as postgres:
            tables = spread(postgres, scratch)
            begin = postgres.log.stat().st_size
            for city in CITIES:
                with Hub(scratch / city, postgres.connection, city) as hub:
                    failed += use(hub)
        for text, plan in plans(postgres.log.read_text()[begin:]):
            kinds[kind(text)] += 1
            most[kind(text)] = max(most[kind(text)], len(touched(plan)))
    print(f"{tables} tables in {len(CITIES)} partitions each")
    print_table([("statement", "times", "cities touched by one, at most"), *((name, str(count), str(most[name])) for name, count in kinds.most_common())])
    across = [name for name in kinds if most[name] > 1]
    print(f"{len(kinds)} kinds of statements, {sum(kinds.values())} in all; {len(across)} touch more than one city: {', '.join(across) or 'none'}")
    for failure in failed:
        print(f"failed: {failure}")
    return 1 if across or failed or not kinds else 0


if __name__ == "__main__":
    sys.exit(main())
