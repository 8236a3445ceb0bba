import { span } from "./words.ts";

/** /v1/rollout. */
export interface Rollout {
  commit: string | null;
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

const percent = (part: number, whole: number) => (whole === 0 ? 0 : (part * 100) / whole);

/** Whether a wave's commit may go on to `next`. That it is halted, the hub decides; what it waits for is said in the
 * words of `greenwave promote`. */
export function judge(wave: WaveFigures, next: WaveFigures | undefined, gate: Gate | undefined, now: number): Verdict {
  const verdict = (kind: Verdict["kind"], why: string, until: Date | null = null): Verdict => ({ kind, why, until });
  if (wave.halted) return verdict("halted", wave.halted);
  if (!next || !gate) return verdict("last", "This is where commits end: everyone else follows it.");
  const since = new Date(wave.since).getTime();
  const passes_silence = now - since >= gate.silentAfterMs;
  const expected = wave.devices - (passes_silence ? wave.silent : 0);
  const bad = wave.failed + wave.reverted;
  const reported = Math.min(wave.devices, Math.max(wave.has, wave.healthy + bad));
  const enough = reported > 0 && percent(reported, expected) >= gate.reportedPercent;
  if (next.commit === wave.commit) return verdict("done", `${next.wave || "The branch"} has this commit, too.`);
  const soaked = new Date(since + gate.soakMs);
  if (now < soaked.getTime()) return verdict("waits", `soaks for ${span(soaked.getTime() - now)} more`, soaked);
  if (wave.devices === 0) return verdict("waits", "no device is in this wave, so its health is unknown");
  if (!enough) {
    const needed = Math.max(1, Math.ceil((gate.reportedPercent * expected) / 100));
    const until = new Date(since + gate.silentAfterMs);
    const silence = !passes_silence && wave.silent > 0;
    return verdict("waits", `${reported} of ${expected} reported, ${needed} needed` + (silence ? `; ${wave.silent} silent` : ""),
      silence ? until : null);
  }
  if (percent(wave.healthy, reported) < gate.healthyPercent) {
    const needed = Math.ceil((gate.healthyPercent * reported) / 100);
    return verdict("waits", `${wave.healthy} of ${reported} that reported are healthy, ${needed} needed`);
  }
  return verdict("ready", "may go on at the next greenwave promote");
}
