import { span } from "./words.ts";

/** /v1/rollout. */
export interface Rollout {
  commit: string | null;
  repository: { error: string; since: string } | null; // why the hub cannot read it; null: it can
  gates: Gate[] | null;
  waves: WaveFigures[];
}

/** What a promotion asks of a wave, in the order of greenwave.yaml. */
export interface Gate {
  name: string;
  ref: string;
  soakMs: number;
  healthyPercent: number;
  failedPercent: number;
  reportedPercent: number;
  silentAfterMs: number;
}

export interface WaveFigures {
  wave: string; // "": the branch
  ref: string;
  commit: string;
  subject: string;
  author: string;
  signer: string | null; // as devices that verified it say
  since: string;
  devices: number;
  has: number;
  healthy: number;
  failed: number;
  reverted: number;
  silent: number;
  underway: number; // each device is one of these five, or at another commit
  tally: { reported: number; healthy: number; failed: number; silent: number } | null; // as promote counts; null: no device
  halted: string | null; // why no wave after it gets the commit
  reasons: { reason: string; devices: number; examples: string[] }[];
}

export interface Verdict {
  kind: "done" | "waits" | "halted" | "ready" | "last";
  why: string;
  until: Date | null;
}

/** The waves as commits go through them, the branch last. */
export function inOrder(rollout: Rollout): WaveFigures[] {
  const order = new Map((rollout.gates ?? []).map((gate, i) => [gate.name, i]));
  const place = (wave: WaveFigures) => (wave.wave === "" ? Infinity : (order.get(wave.wave) ?? 1e6));
  return [...rollout.waves].sort((a, b) => place(a) - place(b) || (a.wave < b.wave ? -1 : 1));
}

const reaches = (part: number, percent: number, whole: number) => part * 100 >= percent * whole;
const needed = (percent: number, whole: number) => Math.ceil((percent * whole) / 100);

/** Whether a wave's commit may go on to `next`. That it is halted, the hub decides; what it waits for is said in the
 * words of `greenwave promote`. */
export function judge(wave: WaveFigures, next: WaveFigures | undefined, gate: Gate | undefined, now: number): Verdict {
  const verdict = (kind: Verdict["kind"], why: string, until: Date | null = null): Verdict => ({ kind, why, until });
  if (wave.halted) return verdict("halted", wave.halted);
  if (!next || !gate) return verdict("last", "This is where commits end: everyone else follows it.");
  const since = new Date(wave.since).getTime();
  const passes_silence = now - since >= gate.silentAfterMs;
  const { reported, healthy, silent } = wave.tally ?? { reported: 0, healthy: 0, silent: 0 };
  const expected = wave.devices - (passes_silence ? silent : 0);
  const enough = reported > 0 && reaches(reported, gate.reportedPercent, expected);
  if (next.commit === wave.commit) return verdict("done", `${next.wave || "The branch"} has this commit, too.`);
  const soaked = new Date(since + gate.soakMs);
  if (now < soaked.getTime()) return verdict("waits", `soaks for ${span(soaked.getTime() - now)} more`, soaked);
  if (wave.devices === 0) return verdict("waits", "no device is in this wave, so its health is unknown");
  if (!enough) {
    const until = new Date(since + gate.silentAfterMs);
    const holds = !passes_silence && silent > 0;
    return verdict("waits",
      `${reported} of ${expected} reported, ${Math.max(1, needed(gate.reportedPercent, expected))} needed` + (holds ? `; ${silent} silent, which holds it` : ""),
      holds ? until : null);
  }
  if (!reaches(healthy, gate.healthyPercent, reported)) {
    return verdict("waits", `${healthy} of ${reported} that reported are healthy, ${needed(gate.healthyPercent, reported)} needed`);
  }
  return verdict("ready", "is healthy: the next greenwave promote takes it on");
}
