"""The hub's database as earlier versions left it: a newer hub brings it to its own schema, and keeps what is in it."""

import concurrent.futures
import hashlib
import json
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import postgres  # noqa: E402
from greenwave import Scratch, run  # noqa: E402
from hub import Hub  # noqa: E402

SOURCE = pathlib.Path(__file__).parents[2] / "tools/greenwave-hub/database/schema.cpp"
STEPS = re.findall(r'R"sql\((.*?)\)sql"', SOURCE.read_text(), re.DOTALL)
# Databases exist that these steps made. A change of the schema is another step, and another line here.
RELEASED = {
    1: "af9181066903ff6803d9af709a23ec9d8b7c0d6a7766ca61447559c7b86fadb0",
    2: "5d61c53c7e2b790953ee7719ef98d9568ba0f6b46f7f2f098267e42a7de34eab",
    3: "8b5cd08b3e88227ded8e47b39f62348b905179fae24730a196fee371c7d112d2",
    4: "6facffe587ba5ff036bd4767414b5a2a0c04f9a04adbf7c6fb75e477b84551c0",
    5: "53327ad19eb0c0b40a30573a65b18c6236e3f5b556024ef2b590b94c3132a52f",
}
# A value of each type that a column has, another one for each number.
VALUES = {"text": "'{column} {i}'", "bigint": "{i}", "integer": "{i}", "boolean": "{i} % 2 = 0", "uuid": "gen_random_uuid()",
          "jsonb": "jsonb_build_object('a', {i}, 'labels', '{{\"model\": \"atc\"}}'::jsonb)", "ARRAY": "ARRAY['{column} {i}']",
          "timestamp with time zone": "'2026-11-27T12:00:00Z'::timestamptz + {i} * interval '40 days'",
          "USER-DEFINED": "ST_SetSRID(ST_MakePoint({i}, {i}), 4326)"}
ROWS = 5


class Database:
    """One of a server, with the schema that a hub of an earlier version made; version 0: with nothing in it."""

    def __init__(self, server, directory, version):
        self.server, self.name = server, f"from_{version}_{directory.name}"
        server.sql(f"CREATE DATABASE {self.name} OWNER hub", database="postgres")
        for number, step in enumerate(STEPS[:version], 1):
            self.sql(f"BEGIN; {step}; UPDATE greenwave.schema_version SET version = {number}; COMMIT")
        self.hub = Hub(directory, f"host={server.directory} dbname={self.name} user=hub")

    def sql(self, statement):
        return self.server.sql(statement, self.name)

    def migrate(self, check=True):
        return self.hub.command("migrate", check=check)

    def tables(self):
        """Their columns with the types."""
        rows = self.sql("""SELECT json_object_agg(relname, columns) FROM (
          SELECT c.relname, json_object_agg(i.column_name, i.data_type ORDER BY i.ordinal_position) AS columns
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          JOIN information_schema.columns i ON i.table_schema = n.nspname AND i.table_name = c.relname
          WHERE n.nspname = 'greenwave' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'schema_version'
          GROUP BY c.relname) t""")
        return json.loads(rows or "null") or {}

    def fill(self):
        def insert(table, columns, i):
            values = [VALUES[kind].format(column=column, i=i) for column, kind in columns.items()]
            return f"INSERT INTO greenwave.{table} ({', '.join(columns)}) VALUES ({', '.join(values)})"

        self.sql("; ".join(insert(table, columns, i) for table, columns in self.tables().items() for i in range(ROWS)))

    def content(self, tables):
        """Of these columns: the rows."""
        return sorted(self.sql("; ".join(f"SELECT '{table}', {', '.join(columns)} FROM greenwave.{table}"
                                         for table, columns in tables.items())).splitlines())

    def schema(self):
        """What pg_dump would make it of, without what differs from run to run."""
        dump = run(postgres.BINARIES[-1] / "pg_dump", "--schema-only", "-n", "greenwave", "-h", self.server.directory, "-U", "hub", self.name)
        return [line for line in dump.stdout.splitlines() if not line.startswith(("\\", "--"))]

    def version(self):
        return int(self.sql("SELECT version FROM greenwave.schema_version"))


class Earlier(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = cls.enterClassContext(Scratch())
        cls.scratch.chmod(0o755)
        cls.server = cls.enterClassContext(postgres.Postgres(cls.scratch / "postgres"))
        cls.made = 0

    def database(self, version):
        type(self).made += 1
        return Database(self.server, self.scratch / f"hub{self.made}", version)

    def test_a_step_that_is_out_never_changes(self):
        self.assertEqual(RELEASED, {number: hashlib.sha256(step.encode()).hexdigest() for number, step in enumerate(STEPS, 1)})

    def test_from_each_version_it_becomes_the_schema_of_a_fresh_one_and_keeps_what_is_in_it(self):
        fresh = self.database(0)
        fresh.migrate()
        self.assertEqual(len(STEPS), fresh.version())
        for version in range(1, len(STEPS) + 1):
            with self.subTest(version=version):
                old = self.database(version)
                old.fill()
                tables = old.tables()
                before = old.content(tables)
                self.assertEqual(ROWS * len(tables), len(before))
                old.migrate()
                self.assertEqual(len(STEPS), old.version())
                self.assertEqual(fresh.schema(), old.schema())
                self.assertEqual(before, old.content(tables))

    def test_a_hub_serves_what_the_first_version_left(self):
        old = self.database(1)
        old.sql("""
INSERT INTO greenwave.devices (city, device, name) VALUES ('springfield', 'one', 'Main St');
INSERT INTO greenwave.presence VALUES ('springfield', 'one', 1, 1, now(), now(), false, false);
INSERT INTO greenwave.states VALUES ('springfield', 'one', 1, 1, now(), now(), 'failed', 'failed', '', '', '', 'apt', '', 1, NULL, '{}');
INSERT INTO greenwave.history VALUES ('springfield', 'one', now(), 1, 1, 'failed', 'failed', '', '', 'apt')""")
        with old.hub as hub:
            shown = hub.get("/v1/devices/one", hub.token())
        self.assertEqual(("failed", "apt", ["failed"]), (shown["state"], shown["reason"], [row["state"] for row in shown["history"]]))

    def test_several_hubs_that_start_at_once_migrate_it_once(self):
        old = self.database(1)
        with concurrent.futures.ThreadPoolExecutor(4) as hubs:
            list(hubs.map(lambda _: old.migrate(), range(4)))
        self.assertEqual(len(STEPS), old.version())

    def test_a_schema_that_is_newer_than_the_program_is_left_alone(self):
        newer = self.database(len(STEPS))
        newer.sql(f"UPDATE greenwave.schema_version SET version = {len(STEPS) + 1}")
        result = newer.migrate(check=False)
        self.assertNotEqual(0, result.returncode)
        self.assertIn("run the newer greenwave-hub", result.stdout)
        self.assertEqual(len(STEPS) + 1, newer.version())


if __name__ == "__main__":
    postgres.main()
