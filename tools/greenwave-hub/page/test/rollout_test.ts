import assert from "node:assert/strict";
import { test } from "node:test";

import { type Gate, inOrder, judge, type WaveFigures } from "../src/rollout.ts";

const minute = 60_000;
const now = Date.parse("2026-11-27T12:00:00Z");
const gate: Gate = {
  name: "canary", ref: "refs/heads/canary", soakMs: 30 * minute, healthyPercent: 95, failedPercent: 5, reportedPercent: 90,
  silentAfterMs: 60 * minute,
};

function wave(more: Partial<WaveFigures> = {}): WaveFigures {
  return {
    wave: "canary", ref: "refs/heads/canary", commit: "new", subject: "", author: "", signer: null, since: new Date(now - 45 * minute).toISOString(),
    devices: 20, has: 20, healthy: 20, failed: 0, reverted: 0, silent: 0, underway: 0, halted: null, reasons: [], tally: null, ...more,
  };
}
const next = wave({ wave: "", commit: "old" });
/** Of this many devices in all, what they are. */
const told = (healthy: number, failed = 0, silent = 0) => ({ healthy, failed, silent, tally: { reported: healthy + failed, healthy, failed, silent } });
const kind = (more: Partial<WaveFigures>, after = next) => judge(wave({ ...told(20), ...more }), after, gate, now);

test("a healthy wave that has soaked may go on", () => {
  assert.equal(kind({}).kind, "ready");
  assert.equal(kind({}, wave({ wave: "", commit: "new" })).kind, "done");
  assert.equal(judge(wave(), undefined, undefined, now).kind, "last");
});

test("a wave that soaks says until when", () => {
  const verdict = kind({ since: new Date(now - 10 * minute).toISOString() });
  assert.deepEqual([verdict.kind, verdict.until?.getTime()], ["waits", now + 20 * minute]);
});

test("what the hub says is halted is halted, whatever else there is", () => {
  assert.equal(kind(told(19, 1)).kind, "ready");
  const verdict = kind({ ...told(18, 2), halted: "2 of 20 devices in canary failed" });
  assert.deepEqual([verdict.kind, verdict.why], ["halted", "2 of 20 devices in canary failed"]);
  assert.equal(kind(told(18, 2)).kind, "waits");
});

test("too few reports wait, silence only for so long", () => {
  const verdict = kind(told(10, 0, 10));
  assert.deepEqual([verdict.kind, verdict.until?.getTime()], ["waits", now + 15 * minute]);
  assert.equal(kind({ ...told(10, 0, 10), since: new Date(now - 61 * minute).toISOString() }).kind, "ready");
});

test("what a silent device said before is counted as promote counts it", () => {
  // Five run it and are silent, one of them after it had failed.
  const verdict = kind({ has: 20, healthy: 15, silent: 5, tally: { reported: 16, healthy: 15, failed: 1, silent: 4 } });
  assert.deepEqual([verdict.kind, verdict.why], ["waits", "16 of 20 reported, 18 needed; 4 silent, which holds it"]);
  assert.equal(judge(wave({ devices: 0, tally: null }), next, gate, now).why, "no device is in this wave, so its health is unknown");
});

test("waves are in the order of greenwave.yaml, the branch last", () => {
  const waves = ["", "district", "canary"].map((name) => wave({ wave: name }));
  const gates = ["canary", "district"].map((name) => ({ ...gate, name }));
  assert.deepEqual(inOrder({ commit: "", repository: null, gates, waves }).map((one) => one.wave), ["canary", "district", ""]);
});
