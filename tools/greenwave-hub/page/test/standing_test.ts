import assert from "node:assert/strict";
import { test } from "node:test";

import { type Device, remarksOf, standingOf } from "../src/standing.ts";

const now = Date.parse("2026-11-27T12:00:00Z");
const [old, fresh] = ["a".repeat(40), "b".repeat(40)];
const device = (state: string, detail: object = {}, more: object = {}) => ({
  id: "sf-1", name: "", state, lastState: state, commit: old, seen: "2026-11-27T11:59:30Z",
  wanted: { commit: fresh, subject: "Longer walk", since: "2026-11-27T09:00:00Z" },
  detail: { commit: { oid: old, subject: "As it was" }, objects: 29, inSync: 29, statuses: [state], ...detail }, ...more,
}) as Device;
const said = (one: Device) => standingOf(one, now).lines.join(" ");

test("a device that refuses a commit says so, and not that all is in sync", () => {
  const text = said(device("failed", { rejected: { commit: fresh, reason: "no such unit" }, statuses: ["refused"] }));
  assert.match(text, /Runs aaaaaaaaaa “As it was”\. Should run bbbbbbbbbb “Longer walk”, but it refuses that, and changes nothing\./);
  assert.match(text, /29 of 29 objects are as aaaaaaaaaa wants them\./);
});

test("each state says why the device is behind", () => {
  const behind = (state: string, detail: object = {}, more: object = {}) => said(device(state, detail, more)).match(/, but (.*?)\.(?: |$)/)?.[1];
  assert.equal(behind("reverted", { rejected: { commit: fresh } }), "it went back from that, which was not healthy here");
  assert.match(behind("paused", { pause: { who: "ana", until: "2026-11-27T13:00:00Z", reason: "cabinet open" } })!, /^it is paused by ana until .*: cabinet open$/);
  assert.equal(behind("held"), "it waits until the ref of its wave has caught up with what it has");
  assert.equal(behind("applying"), "it is on its way");
  assert.equal(behind("not-reporting"), "it has not been heard of since");
  assert.equal(behind("in-sync", { unreachableSince: "2026-11-27T11:00:00Z" }), "it cannot reach the repository");
  assert.match(behind("in-sync")!, /does not say why/);
  assert.equal(behind("in-sync", {}, { wanted: { commit: fresh, since: "2026-11-27T11:59:00Z" } }), "it has not asked for it yet");
});

test("a silent device says for how long, and what it was", () => {
  const silent = device("not-reporting", {}, { lastState: "in-sync", seen: "2026-11-27T06:00:00Z", commit: fresh });
  assert.match(said(silent), /^Silent for 6 h, since .*\. It last said: in sync\. Runs bbbbbbbbbb “As it was”, as it should\. 29 of 29 objects were/);
  assert.equal(said(device("not-reporting", {}, { seen: null, commit: "", wanted: null, detail: null, lastState: "" })),
    "It was never heard of. It has not said which commit it has.");
});

test("whatever a device tells of itself, there is a sentence", () => {
  const values = [null, undefined, 7, "x", [], {}, [null], { commit: 3 }, "2026-13-40"];
  for (const state of ["failed", "reverted", "paused", "held", "waiting", "in-sync", "not-reporting", "of a newer hub"]) {
    for (const value of values) {
      for (const key of ["rejected", "pause", "statuses", "objects", "inSync", "unreachableSince", "commit"]) {
        const one = device(state, { [key]: value }, { seen: value, wanted: value });
        assert.ok(standingOf(one, now).lines.every((line) => !/undefined|null|NaN|\[object/.test(line)), JSON.stringify(one));
        assert.ok(Array.isArray(remarksOf(one)));
      }
    }
  }
});

test("remarks are words for people, and an unknown one stays", () => {
  assert.deepEqual(remarksOf(device("failed", { statuses: ["failed", "offline", "quantum"] })),
    ["it cannot reach the repository, and keeps what it has", "quantum"]);
});
