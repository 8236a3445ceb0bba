#include "database/schema.h"

namespace greenwave::hub {

// Each key begins with the city, and no statement touches two cities: test/bench/spread.py tries it.
const std::array<const char*, 5> schema_steps{R"sql(
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE SCHEMA IF NOT EXISTS greenwave;
CREATE TABLE greenwave.schema_version (version integer NOT NULL);
INSERT INTO greenwave.schema_version VALUES (0);

-- What the repository says.
CREATE TABLE greenwave.inventories (
  city text PRIMARY KEY, commit text NOT NULL, read_at timestamptz NOT NULL,
  problems jsonb NOT NULL DEFAULT '[]', waves jsonb NOT NULL DEFAULT '[]', windows jsonb NOT NULL DEFAULT '[]'
);
CREATE TABLE greenwave.devices (
  city text NOT NULL, device text NOT NULL, name text NOT NULL, retired boolean NOT NULL DEFAULT false,
  labels jsonb NOT NULL DEFAULT '{}', wave text NOT NULL DEFAULT '', layers text[] NOT NULL DEFAULT '{}',
  position geometry(Point, 4326),
  PRIMARY KEY (city, device)
);
CREATE INDEX devices_position ON greenwave.devices USING gist (position);
-- The refs that devices follow: the branch (wave '') and one for each wave.
CREATE TABLE greenwave.refs (
  city text NOT NULL, wave text NOT NULL, ref text NOT NULL, commit text NOT NULL, since timestamptz NOT NULL,
  subject text NOT NULL DEFAULT '', author text NOT NULL DEFAULT '',
  PRIMARY KEY (city, wave)
);

-- When each device was last heard of: updated with every report, and kept narrow and without an index of what
-- changes, so that an update stays within its page (HOT).
CREATE TABLE greenwave.presence (
  city text NOT NULL, device text NOT NULL, boot bigint NOT NULL, sequence bigint NOT NULL,
  seen timestamptz NOT NULL, clock timestamptz NOT NULL, silent boolean NOT NULL, woke boolean NOT NULL,
  PRIMARY KEY (city, device)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

-- The last state that each device told. `previous` is the fingerprint before, by which the statement that
-- updates a row knows whether the state is another.
CREATE TABLE greenwave.states (
  city text NOT NULL, device text NOT NULL, boot bigint NOT NULL, sequence bigint NOT NULL,
  received timestamptz NOT NULL, since timestamptz NOT NULL, condition text NOT NULL, health text NOT NULL,
  commit text NOT NULL, target text NOT NULL, wave text NOT NULL, reason text NOT NULL, version text NOT NULL,
  fingerprint bigint NOT NULL, previous bigint, detail jsonb NOT NULL,
  PRIMARY KEY (city, device)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

CREATE TABLE greenwave.history (
  city text NOT NULL, device text NOT NULL, at timestamptz NOT NULL, boot bigint NOT NULL, sequence bigint NOT NULL,
  condition text NOT NULL, health text NOT NULL, commit text NOT NULL, target text NOT NULL, reason text NOT NULL,
  PRIMARY KEY (city, device, at, boot, sequence, condition)
) PARTITION BY RANGE (at);
CREATE TABLE greenwave.history_other PARTITION OF greenwave.history DEFAULT;

-- Records of syncs, as devices have them in their own history.
CREATE TABLE greenwave.syncs (
  city text NOT NULL, device text NOT NULL, started timestamptz NOT NULL, number bigint NOT NULL,
  result text NOT NULL, commit text NOT NULL, body jsonb NOT NULL,
  PRIMARY KEY (city, device, started, number)
) PARTITION BY RANGE (started);
CREATE TABLE greenwave.syncs_other PARTITION OF greenwave.syncs DEFAULT;

-- Who may speak and read.
CREATE TABLE greenwave.certificates (
  city text NOT NULL, serial text NOT NULL, device text NOT NULL, key text NOT NULL, recipient text NOT NULL,
  issued timestamptz NOT NULL, not_after timestamptz NOT NULL, revoked timestamptz,
  PRIMARY KEY (city, serial)
);
CREATE INDEX certificates_device ON greenwave.certificates (city, device);
CREATE TABLE greenwave.enrolments (
  city text NOT NULL, device text NOT NULL, key text NOT NULL, csr text NOT NULL, recipient text NOT NULL,
  address text NOT NULL, asked timestamptz NOT NULL, decision text NOT NULL DEFAULT 'waiting',
  PRIMARY KEY (city, device, key)
);
CREATE TABLE greenwave.codes (
  city text NOT NULL, hash text NOT NULL, device text NOT NULL, made_by text NOT NULL, expires timestamptz NOT NULL,
  used timestamptz,
  PRIMARY KEY (city, hash)
);
CREATE TABLE greenwave.tokens (
  city text NOT NULL, name text NOT NULL, hash text NOT NULL, level text NOT NULL, made timestamptz NOT NULL,
  expires timestamptz,
  PRIMARY KEY (city, name)
);
CREATE UNIQUE INDEX tokens_hash ON greenwave.tokens (city, hash);
CREATE TABLE greenwave.audit (
  city text NOT NULL, at timestamptz NOT NULL, id uuid NOT NULL DEFAULT gen_random_uuid(), who text NOT NULL,
  address text NOT NULL, action text NOT NULL, subject text NOT NULL, detail jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (city, at, id)
);

-- What an operator asks of a device, until it was told so.
CREATE TABLE greenwave.requests (
  city text NOT NULL, device text NOT NULL, at timestamptz NOT NULL, who text NOT NULL, reason text NOT NULL,
  told timestamptz,
  PRIMARY KEY (city, device, at)
);
CREATE INDEX requests_open ON greenwave.requests (city, device) WHERE told IS NULL;
-- What somebody was told of already: a rollout that halted.
CREATE TABLE greenwave.notices (
  city text NOT NULL, kind text NOT NULL, subject text NOT NULL, at timestamptz NOT NULL, body jsonb NOT NULL,
  PRIMARY KEY (city, kind, subject)
);

-- A row for each device that the inventory lists or that ever reported, with the status that everything shows.
CREATE VIEW greenwave.device_states AS
SELECT d.city, d.device, true AS listed, d.retired, d.name,
       CASE WHEN s.detail ? 'labels' THEN d.labels || (s.detail->'labels') ELSE d.labels END AS labels,
       d.wave, d.layers, d.position,
       CASE WHEN s.device IS NULL OR p.silent IS NOT FALSE THEN 'not-reporting' ELSE s.condition END AS condition,
       coalesce(s.condition, '') AS last_condition, CASE WHEN p.silent THEN p.seen ELSE s.since END AS since,
       coalesce(s.health, '') AS health, coalesce(s.commit, '') AS commit, coalesce(s.target, '') AS target,
       coalesce(s.reason, '') AS reason, coalesce(s.version, '') AS version, p.seen, p.clock, s.received, s.detail
FROM greenwave.devices d
LEFT JOIN greenwave.presence p ON p.city = d.city AND p.device = d.device
LEFT JOIN greenwave.states s ON s.city = d.city AND s.device = d.device
UNION ALL
SELECT p.city, p.device, false, false, '', coalesce(s.detail->'labels', '{}'), coalesce(s.wave, ''), '{}', NULL,
       CASE WHEN s.device IS NULL OR p.silent THEN 'not-reporting' ELSE s.condition END,
       coalesce(s.condition, ''), CASE WHEN p.silent THEN p.seen ELSE s.since END,
       coalesce(s.health, ''), coalesce(s.commit, ''), coalesce(s.target, ''), coalesce(s.reason, ''),
       coalesce(s.version, ''), p.seen, p.clock, s.received, s.detail
FROM greenwave.presence p
LEFT JOIN greenwave.states s ON s.city = p.city AND s.device = p.device
WHERE NOT EXISTS (SELECT FROM greenwave.devices d WHERE d.city = p.city AND d.device = p.device);

-- Layers for QGIS.
CREATE VIEW greenwave.map AS
SELECT city || '/' || device AS id, city, device, name, condition, last_condition, since, seen, commit, wave, reason,
       version, position
FROM greenwave.device_states WHERE position IS NOT NULL;
)sql",
                                              R"sql(
-- notices/queue.h says what its kinds are.
ALTER TABLE greenwave.notices ADD due timestamptz, ADD tries integer NOT NULL DEFAULT 0, ADD told timestamptz;
CREATE INDEX notices_due ON greenwave.notices (city, kind, at) WHERE told IS NULL;
)sql",
                                              R"sql(
-- As CV Manager's table of that name. Its rsu_id is a number: the same for a device everywhere and always, and below
-- 2^53, so that a page's script can hold it.
CREATE VIEW greenwave.rsus AS
SELECT city, device, ('x' || substr(md5(device), 1, 13))::bit(52)::bigint AS rsu_id, position::geography AS geography,
       CASE WHEN labels->>'milepost' ~ '^[0-9]{1,9}([.][0-9]{1,9})?$' THEN (labels->>'milepost')::float8 END AS milepost,
       coalesce(labels->>'ipv4', device) AS ipv4_address, labels->>'serial' AS serial_number,
       coalesce(labels->>'route', nullif(name, '')) AS primary_route, labels->>'model' AS model_name,
       labels->>'manufacturer' AS manufacturer_name, condition, seen
FROM greenwave.device_states WHERE position IS NOT NULL AND NOT retired;
)sql",
                                              R"sql(
-- What devices were, as a layer for QGIS, whose temporal controller goes by `at`.
CREATE VIEW greenwave.map_history AS
SELECT concat_ws('/', h.city, h.device, h.boot, h.sequence, h.at, h.condition) AS id, h.city, h.device, d.name, h.at,
       h.condition, h.commit, h.reason, d.position
FROM greenwave.history h JOIN greenwave.devices d ON d.city = h.city AND d.device = h.device
WHERE d.position IS NOT NULL;
)sql",
                                              R"sql(
-- Whom the map names for where the devices' places are from, as the inventory says.
ALTER TABLE greenwave.inventories ADD attribution text NOT NULL DEFAULT '';
)sql"};

}  // namespace greenwave::hub
