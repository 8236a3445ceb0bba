import assert from "node:assert/strict";
import { test } from "node:test";

import { cluster } from "../src/map/clusters.ts";
import { makeStreets, streetsOf } from "../src/map/streets.ts";

/** Numbers that look random, and are the same each time. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648;
}

test("each row is in exactly one cluster, near the first of it", () => {
  for (let seed = 1; seed <= 20; ++seed) {
    const next = numbers(seed);
    const size = 300;
    const x = Float64Array.from({ length: size }, () => Math.round(next() * 50) / 50);
    const y = Float64Array.from({ length: size }, () => next());
    const radius = 0.002 + next() * 0.1;
    const clusters = cluster([...x.keys()], x, y, radius);
    const seen = clusters.flatMap((one) => one.rows).sort((a, b) => a - b);
    assert.deepEqual(seen, [...x.keys()]);
    for (const { rows } of clusters) {
      for (const row of rows) assert.ok(Math.hypot(x[row]! - x[rows[0]!]!, y[row]! - y[rows[0]!]!) < radius + 1e-12);
    }
    const firsts = clusters.map((one) => one.rows[0]!);
    for (const a of firsts) for (const b of firsts) if (a !== b) assert.ok(Math.hypot(x[a]! - x[b]!, y[a]! - y[b]!) >= radius);
  }
});

test("the middle of a cluster is that of its rows", () => {
  const [one] = cluster([0, 1, 2], Float64Array.of(0.1, 0.2, 0.3), Float64Array.of(0.5, 0.5, 0.8), 1);
  assert.deepEqual([one!.x.toFixed(6), one!.y.toFixed(6)], ["0.200000", "0.600000"]);
});

test("an intersection is on the streets that its name says", () => {
  assert.deepEqual(streetsOf("19th St & Castro St"), ["19th St", "Castro St"]);
  assert.deepEqual(streetsOf("Main St / 2nd Ave"), ["Main St", "2nd Ave"]);
  assert.deepEqual(streetsOf("Broadway at 4th St"), ["Broadway", "4th St"]);
  assert.deepEqual(streetsOf("Portland Ave"), []);
  assert.deepEqual(streetsOf(""), []);
});

test("a street is one line along its intersections, and does not bridge a gap", () => {
  const longitude = Float64Array.of(-122.4, -122.398, -122.399, -122.397, -122.35);
  const latitude = Float64Array.from(longitude, () => 37.76);
  const names = [1, 2, 3, 4, 5].map((n) => `Castro St & ${n}th St`);
  const castro = makeStreets(names, longitude, latitude).find((street) => street.name === "Castro St")!;
  assert.deepEqual(castro.lines.length, 1);
  const along = castro.lines[0]!.map(([x]) => x);
  const sorted = [-122.4, -122.399, -122.398, -122.397];
  assert.ok(JSON.stringify(along) === JSON.stringify(sorted) || JSON.stringify(along) === JSON.stringify(sorted.reverse()));
});

test("intersections at one place, without a place or without streets make no line", () => {
  const nowhere = Float64Array.of(NaN, -122, -122, -122);
  assert.deepEqual(makeStreets(["A & B", "A & C", "A & C", "Depot"], nowhere, nowhere), []);
});
