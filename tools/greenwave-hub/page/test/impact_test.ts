import assert from "node:assert/strict";
import { test } from "node:test";

import { effectOf, headline, type Impact, type ImpactGroup, inventoryNotes, questionsOf } from "../src/impact.ts";
import type { WaveFigures } from "../src/rollout.ts";

const wave = (name: string, commit: string) => ({ wave: name, commit, subject: commit }) as WaveFigures;
const group = (devices: number, changesTotal: number) => ({ devices, changesTotal }) as ImpactGroup;
const impact = (more: Partial<Impact>) =>
  ({ devices: 485, changed: 0, refusing: 0, takingBack: 0, added: 0, gone: 0, retired: 0, groups: [], groupsTotal: 0, ...more }) as Impact;

test("a commit is compared with what the next wave has, and with the one before where all have it", () => {
  const ask = (...commits: string[]) =>
    questionsOf(commits.map((commit, i) => wave(["canary", "early", ""][i]!, commit))).map(({ commit, base, against }) => [commit, base, against]);
  assert.deepEqual(ask("new", "old", "old"), [["new", "old", "what early has"], ["old", null, "the commit before"]]);
  assert.deepEqual(ask("new", "new", "old"), [["new", "old", "what the branch has"], ["old", null, "the commit before"]]);
  assert.deepEqual(ask("one", "one", "one"), [["one", null, "the commit before"]]);
  assert.deepEqual(ask("c", "b", "a").map(([commit, base]) => [commit, base]), [["c", "b"], ["b", "a"], ["a", null]]);
  assert.deepEqual(questionsOf([]), []);
});

test("the headline is in the words of greenwave impact", () => {
  assert.equal(headline(impact({})), "None of 485 devices changes.");
  assert.equal(headline(impact({ changed: 1, groups: [group(1, 2)], groupsTotal: 1 })), "1 of 485 devices changes, in 1 way.");
  assert.equal(headline(impact({ changed: 12, refusing: 3, takingBack: 1, groups: [group(11, 1), group(1, 1), group(2, 0)], groupsTotal: 3 })),
    "12 of 485 devices change, in 2 ways. 1 refuses all of it. 2 refuse part of it.");
  assert.equal(headline(impact({ changed: 50, groups: [group(41, 1)], groupsTotal: 10 })), "50 of 485 devices change, in 10 ways.");
});

test("an effect names what there is of it", () => {
  assert.equal(effectOf({ files: 1, restarts: 2, pods: 0, pruned: 0, bytes: 1536 }), "1 file, 2 restarts, about 1.5 KiB over the air");
  assert.equal(effectOf({ files: 0, restarts: 0, pods: 0, pruned: 0, bytes: 0 }), "");
  assert.deepEqual(inventoryNotes(impact({ added: 1, gone: 2 })), ["1 device new in the inventory", "2 devices no longer in the inventory: they keep what they have"]);
});
