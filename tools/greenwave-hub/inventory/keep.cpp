#include "inventory/keep.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace greenwave::hub {

namespace {

constexpr const char* devices_statement = R"sql(
WITH new AS MATERIALIZED (
  SELECT device, name, retired, labels::jsonb AS labels, wave,
         ARRAY(SELECT jsonb_array_elements_text(layers::jsonb)) AS layers,
         ST_SetSRID(ST_MakePoint(longitude, latitude), 4326) AS position
  FROM unnest($2::text[], $3::text[], $4::boolean[], $5::text[], $6::text[], $7::text[], $8::float8[], $9::float8[])
    AS t(device, name, retired, labels, wave, layers, longitude, latitude)),
gone AS (
  DELETE FROM greenwave.devices d WHERE city = $1 AND NOT EXISTS (SELECT FROM new WHERE new.device = d.device)),
kept AS (
  INSERT INTO greenwave.devices AS d (city, device, name, retired, labels, wave, layers, position)
  SELECT $1, device, name, retired, labels, wave, layers, position FROM new
  ON CONFLICT (city, device) DO UPDATE SET name = EXCLUDED.name, retired = EXCLUDED.retired, labels = EXCLUDED.labels,
    wave = EXCLUDED.wave, layers = EXCLUDED.layers, position = EXCLUDED.position
  WHERE (d.name, d.retired, d.labels, d.wave, d.layers) IS DISTINCT FROM
        (EXCLUDED.name, EXCLUDED.retired, EXCLUDED.labels, EXCLUDED.wave, EXCLUDED.layers)
     OR NOT ST_Equals(d.position, EXCLUDED.position))
INSERT INTO greenwave.inventories AS i (city, commit, read_at, problems, waves, windows, attribution)
VALUES ($1, $10, now(), $11::jsonb, $12::jsonb, $13::jsonb, $14)
ON CONFLICT (city) DO UPDATE SET commit = EXCLUDED.commit, read_at = EXCLUDED.read_at,
  problems = EXCLUDED.problems, waves = EXCLUDED.waves, windows = EXCLUDED.windows, attribution = EXCLUDED.attribution
)sql";

// A ref's time is when its commit was first seen there.
constexpr const char* refs_statement = R"sql(
WITH new AS MATERIALIZED (
  SELECT * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) AS t(wave, ref, commit, subject, author)),
gone AS (DELETE FROM greenwave.refs r WHERE city = $1 AND NOT EXISTS (SELECT FROM new WHERE new.wave = r.wave)),
kept AS (
  INSERT INTO greenwave.refs AS r (city, wave, ref, commit, since, subject, author)
  SELECT $1, wave, ref, commit, now(), subject, author FROM new
  ON CONFLICT (city, wave) DO UPDATE SET ref = EXCLUDED.ref, commit = EXCLUDED.commit, subject = EXCLUDED.subject,
    author = EXCLUDED.author, since = CASE WHEN r.commit = EXCLUDED.commit THEN r.since ELSE EXCLUDED.since END
  RETURNING 1)
SELECT pg_notify('greenwave', '{"rollout": true}'), count(*) FROM kept
)sql";

}  // namespace

std::vector<Query> keep_inventory(const std::string& city, const Followed& followed) {
  ArrayText devices, names, retired, labels, waves, layers, longitudes, latitudes;
  for (const auto& device : followed.inventory.devices) {
    devices.add(device.id);
    names.add(device.name);
    retired.add_plain(device.retired ? "t" : "f");
    labels.add(nlohmann::json(device.labels).dump());
    waves.add(device.wave);
    layers.add(nlohmann::json(device.layers).dump());
    longitudes.add_plain(fmt::format("{}", device.position.longitude));
    latitudes.add_plain(fmt::format("{}", device.position.latitude));
  }
  Query inventory{
      .name = nullptr,
      .sql = devices_statement,
      .values = {city, devices.take(), names.take(), retired.take(), labels.take(), waves.take(),
                 layers.take(), longitudes.take(), latitudes.take(), followed.commit,
                 nlohmann::json(followed.inventory.problems).dump(), followed.inventory.waves_json,
                 followed.inventory.windows_json, followed.inventory.attribution}};
  ArrayText of_waves, refs, commits, subjects, authors;
  for (const auto& ref : followed.refs) {
    of_waves.add(ref.wave);
    refs.add(ref.ref);
    commits.add(ref.commit);
    subjects.add(ref.subject);
    authors.add(ref.author);
  }
  Query tips{.name = nullptr,
             .sql = refs_statement,
             .values = {city, of_waves.take(), refs.take(), commits.take(), subjects.take(), authors.take()}};
  return {std::move(inventory), std::move(tips)};
}

}  // namespace greenwave::hub
