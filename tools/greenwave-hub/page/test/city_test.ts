import assert from "node:assert/strict";
import { test } from "node:test";

import { City, countStates, groupReasons, type Places, type States, toCsv } from "../src/city.ts";
import { everything, type Filter, readFilter, rowsOf, writeFilter } from "../src/filter.ts";
import { kinds, stateOfWord } from "../src/states.ts";

const words = kinds.map((kind) => kind.word);

function city(more: Partial<States> = {}): City {
  const places: Places = {
    inventory: "abc", ids: ["a", "b", "c", "d"], names: ["19th St & Castro St", "18th St & Castro St", "Main St", ""],
    x: [-122_000_000, -122_001_000, null, -122_002_000], y: [37_000_000, 37_001_000, null, 37_002_000],
    waves: ["", "canary"], waveOf: [1, 0, 0, 0], retired: ["d"],
    labels: ["model=atc", "zone=a=b"], labelsOf: [[0, 1], [0], [], [0]],
  };
  return new City(places, {
    event: "x-1", inventory: "abc", states: "finf", commits: ["c0ffee", ""], commitOf: [0, 0, 1, 0],
    reasons: ["", "apt lock held"], reasonOf: [1, 0, 0, 1], sinceOf: [29_000_000, 0, 29_000_060, 0], unlisted: [["z", "f", 0, 1, 29_000_000]], ...more,
  });
}

const rows = (filter: Partial<Filter>) => rowsOf(city(), { ...everything, ...filter }).map((row) => city().ids[row]);

test("the devices are those that the inventory lists and others that report, without the retired ones", () => {
  assert.deepEqual(rows({}), ["a", "b", "c", "z"]);
  const counts = countStates(city(), rowsOf(city(), everything));
  assert.equal(counts[stateOfWord("failed")], 2);
  assert.equal(counts[stateOfWord("not-reporting")], 1);
});

test("each part of a filter leaves fewer", () => {
  assert.deepEqual(rows({ states: new Set([stateOfWord("failed")]) }), ["a", "z"]);
  assert.deepEqual(rows({ reason: "apt lock held", wave: "canary" }), ["a"]);
  assert.deepEqual(rows({ text: "castro 19" }), ["a"]);
  assert.deepEqual(rows({ text: "  CASTRO " }), ["a", "b"]);
  assert.deepEqual(rows({ commit: "c0f" }), ["a", "b", "z"]);
  assert.deepEqual(rows({ labels: ["model=atc"] }), ["a", "b"]);
  assert.deepEqual(rows({ labels: ["model=atc", "zone=a=b"] }), ["a"]);
  assert.deepEqual(rows({ labels: ["model=unknown"] }), []);
  assert.deepEqual(rows({ ids: ["b", "nobody"] }), ["b"]);
});

test("a filter is in the address as it was", () => {
  const filters: Partial<Filter>[] = [
    {}, { states: new Set([0, 3]) }, { reason: "100% <b>&=?#\"'" }, { wave: "" }, { wave: "canary", commit: "abc" }, { text: "a b" }, { labels: ["model=atc", "zone=a:b=c"] }, { ids: ["x/y", "z"] },
  ];
  for (const part of filters) {
    const filter = { ...everything, ...part };
    const query = new URLSearchParams();
    writeFilter(filter, words, query);
    assert.deepEqual(readFilter(new URLSearchParams(query.toString())), filter);
  }
  assert.deepEqual(readFilter(new URLSearchParams("state=fine&state=failed&colour=red")), { ...everything, states: new Set([0]) });
});

test("since when is told for what is not in order, and begins again with another status", () => {
  const here = city();
  const since = (row: number) => here.sinceOf(row)?.getTime();
  assert.deepEqual([since(0), since(1), since(4)], [29_000_000 * 60_000, undefined, 29_000_000 * 60_000]);
  here.apply({ device: "a", condition: "failed", reason: "another", at: 1_800_000_000 });
  assert.equal(since(0), 29_000_000 * 60_000);
  here.apply({ device: "a", condition: "waiting", at: 1_800_000_000 });
  assert.equal(since(0), 1_800_000_000_000);
  here.apply({ device: "a", condition: "in-sync", at: 1_800_000_001 });
  assert.equal(since(0), undefined);
});

test("what a cache has of an older hub is enough", () => {
  const old = new City({ inventory: "a", ids: ["x"], names: [""], x: [1], y: [1], waves: [""], waveOf: [0], retired: [] },
    { event: "", inventory: "a", states: "f", commits: [""], commitOf: [0], reasons: [""], reasonOf: [0], unlisted: [["y", "f", 0, 0]] });
  assert.deepEqual([old.labels, old.sinceOf(0), old.sinceOf(1), old.attribution], [[], null, null, ""]);
  assert.deepEqual(rowsOf(old, { ...everything, labels: ["a=b"] }), []);
});

test("a change is that of its device, and one that is not known is said", () => {
  const here = city();
  assert.equal(here.apply({ device: "b", condition: "failed", commit: "beef", reason: "disk full" }), true);
  assert.deepEqual([here.state[1], here.commitOf(1), here.reasonOf(1), here.commitOf(0)], [0, "beef", "disk full", "c0ffee"]);
  here.apply({ device: "a", condition: "not-reporting" });
  assert.equal(here.reasonOf(0), "apt lock held");
  assert.equal(here.apply({ device: "new", condition: "failed" }), false);
  here.apply({ device: "b", condition: "a word of a newer hub" });
  assert.equal(kinds[here.state[1]!]!.word, "not-reporting");
});

test("reasons are grouped, those of the worst state first", () => {
  const here = city();
  here.apply({ device: "b", condition: "waiting", reason: "window night" });
  const groups = groupReasons(here, rowsOf(here, everything));
  assert.deepEqual(groups.map((group) => [group.reason, group.rows.length]), [["apt lock held", 2], ["window night", 1]]);
});

test("a reason has as many devices as its group says, whatever becomes of them", () => {
  const here = city();
  for (const condition of words) {
    for (const device of ["a", "b", "z"]) here.apply({ device, condition, reason: device === "b" ? "disk full" : "apt lock held" });
    here.apply({ device: "z", condition: "waiting", reason: "apt lock held" });
    for (const { reason, rows: grouped } of groupReasons(here, rowsOf(here, everything))) {
      assert.deepEqual(rowsOf(here, { ...everything, reason }), grouped, `${condition}: ${reason}`);
    }
  }
  here.apply({ device: "a", condition: "not-reporting" });
  assert.equal(here.troubleOf(0), "", "what it said before it went silent may be over");
});

test("CSV keeps commas, quotes and lines, and lets no spreadsheet compute", () => {
  const here = city();
  here.apply({ device: "a", condition: "failed", reason: '=HYPERLINK("http://x"), "y"\nz' });
  const lines = toCsv(here, [0], words).split("\r\n");
  assert.equal(lines[1], `a,19th St & Castro St,failed,2025-02-19T21:20:00.000Z,"'=HYPERLINK(""http://x""), ""y""\nz",canary,c0ffee,-122,37`);
});
