-- For GIS people: the devices of several cities in one database, without a copy of anything. Each city's hub keeps its own
-- database; this one reads them (postgres_fdw). As a superuser, once:
--
--   psql -d cities -f cities.sql
--   CALL cities.add('springfield', 'db.springfield.example', 'greenwave', 'gis', 'PASSWORD');
--
-- where the role gis may read the city's schema: GRANT USAGE ON SCHEMA greenwave TO gis; GRANT SELECT ON
-- greenwave.device_states TO gis.
--
--   cities.device_states   asks the cities now, all at once. A query that names its cities (WHERE city = …) asks no other;
--                          one that needs a city that is away fails.
--   CALL cities.refresh()  keeps what each city says in cities.last_states; one that is away keeps its last figures.
--   cities.ages            how old they are, and why.
\set ON_ERROR_STOP on
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE EXTENSION IF NOT EXISTS postgres_fdw;
CREATE SCHEMA IF NOT EXISTS cities;

CREATE TABLE IF NOT EXISTS cities.device_states (
  city text NOT NULL, device text, listed boolean, retired boolean, name text, labels jsonb, wave text,
  position geometry(Point, 4326), condition text, last_condition text, since timestamptz, health text, commit text,
  target text, reason text, version text, seen timestamptz
) PARTITION BY LIST (city);
CREATE TABLE IF NOT EXISTS cities.last_states (LIKE cities.device_states, PRIMARY KEY (city, device));
CREATE INDEX IF NOT EXISTS last_states_position ON cities.last_states USING gist (position);
CREATE TABLE IF NOT EXISTS cities.ages (city text PRIMARY KEY, as_of timestamptz, tried timestamptz, trouble text);

CREATE OR REPLACE PROCEDURE cities.add(city text, host text, dbname text, username text, secret text, port integer DEFAULT 5432)
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE SERVER %I FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host %L, port %L, dbname %L, '
                 'async_capable ''true'', fetch_size ''5000'', connect_timeout ''3'', extensions ''postgis'')',
                 'city_' || city, host, port, dbname);
  EXECUTE format('CREATE USER MAPPING FOR CURRENT_USER SERVER %I OPTIONS (user %L, password %L)', 'city_' || city, username, secret);
  EXECUTE format('CREATE FOREIGN TABLE cities.%I PARTITION OF cities.device_states FOR VALUES IN (%L) SERVER %I '
                 'OPTIONS (schema_name ''greenwave'', table_name ''device_states'')', 'states_' || city, city, 'city_' || city);
  INSERT INTO cities.ages VALUES (city, NULL, NULL, 'not asked yet');
END $$;

CREATE OR REPLACE PROCEDURE cities.refresh() LANGUAGE plpgsql AS $$
DECLARE one text;
BEGIN
  FOR one IN SELECT a.city FROM cities.ages a ORDER BY 1 LOOP
    BEGIN
      CREATE TEMP TABLE asked ON COMMIT DROP AS SELECT * FROM cities.device_states s WHERE s.city = one;
      DELETE FROM cities.last_states l WHERE l.city = one;
      INSERT INTO cities.last_states SELECT * FROM asked;
      DROP TABLE asked;
      UPDATE cities.ages a SET as_of = now(), tried = now(), trouble = NULL WHERE a.city = one;
    EXCEPTION WHEN OTHERS THEN
      UPDATE cities.ages a SET tried = now(), trouble = SQLERRM WHERE a.city = one;
    END;
  END LOOP;
END $$;
