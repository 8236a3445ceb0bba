import { now as hubTime } from "./clock.ts";
import { ago, moment, short, span, timeOf } from "./words.ts";

type Json = Record<string, unknown>;

export const text = (value: unknown) => (typeof value === "string" || typeof value === "number" ? String(value) : "");
export const object = (value: unknown): Json => (value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Json) : {});

/** /v1/devices/{device}. What it tells of itself is in `detail`, of any form. */
export interface Device extends Json {
  id: string;
  name: string;
  state: string;
}

/** A device, and the commit that it should run. */
export interface Standing {
  runs: string; // empty: it has not said
  wanted: string; // empty: it is not known
  /** In plain words, each a sentence. */
  lines: string[];
}

/** What a device says beside its status. A word that is not here is one of a newer agent, and shown as it is. */
const remarks: Record<string, string> = {
  "not running": "greenwaved is not running",
  unlisted: "the inventory of its commit does not list it",
  error: "the last sync could not be done",
  refused: "it refuses a commit, or parts of one",
  unhealthy: "its commit is not healthy, and there is none to go back to",
  incomplete: "no commit is applied to its end yet",
  retrying: "what failed is tried again by itself",
  offline: "it cannot reach the repository, and keeps what it has",
  stale: "it has not reached the repository for three polls",
  "state lost": "its state file was damaged, and begun again",
  empty: "nothing was ever applied",
  renewing: "its commit changes the agent itself: the next start decides",
  "on trial": "its commit is on trial",
};

export const remarksOf = (device: Device): string[] => {
  const told = object(device["detail"])["statuses"];
  return (Array.isArray(told) ? told.map(text) : [])
    .filter((word) => word !== "" && word !== device.state && word !== "in sync" && word !== text(device["lastState"]))
    .map((word) => remarks[word.replaceAll("_", " ")] ?? word);
};

/** What the last sync came to. */
export function resultInWords(result: string): string {
  if (result === "held") return "kept what it has: the newer commit stays refused";
  if (result === "refused") return "refused the commit, and changed nothing";
  if (result === "not healthy") return "the commit is not healthy: it goes back";
  return result;
}

const quoted = (commit: string, subject: string) => short(commit) + (subject && ` “${subject}”`);

/** Why a device that should run another commit does not. */
function whyBehind(device: Device, wanted: string, now: number): string {
  const detail = object(device["detail"]);
  const rejected = text(object(detail["rejected"])["commit"]);
  const pause = object(detail["pause"]);
  if (device.state === "not-reporting") return "it has not been heard of since";
  if (rejected === wanted) return device.state === "reverted" ? "it went back from that, which was not healthy here" : "it refuses that, and changes nothing";
  if (device.state === "reverted") return "it went back from a commit that was not healthy here";
  if (device.state === "paused") {
    const until = timeOf(pause["until"]);
    return `it is paused${text(pause["who"]) && ` by ${text(pause["who"])}`}${until ? ` until ${moment(until)}` : ""}${text(pause["reason"]) && `: ${text(pause["reason"])}`}`;
  }
  if (device.state === "held") return "it waits until the ref of its wave has caught up with what it has";
  if (device.state === "applying") return "it is on its way";
  if (timeOf(detail["unreachableSince"])) return "it cannot reach the repository";
  const since = timeOf(object(device["wanted"])["since"]);
  return since && now - since.getTime() < 10 * 60_000 ? "it has not asked for it yet" : "it has not taken it, and does not say why: look at its last sync";
}

/** Where a device is beside its commit, and for how long it is silent. */
export function standingOf(device: Device, now = hubTime()): Standing {
  const detail = object(device["detail"]);
  const target = object(device["wanted"]);
  const [runs, wanted] = [text(device["commit"]), text(target["commit"])];
  const lines: string[] = [];
  const seen = timeOf(device["seen"]);
  if (device.state === "not-reporting") {
    if (!seen) lines.push("It was never heard of.");
    else lines.push(`Silent for ${span(now - seen.getTime())}, since ${moment(seen)}. It last said: ${text(device["lastState"]).replaceAll("-", " ") || "nothing"}.`);
  } else if (seen) {
    lines.push(`Heard of ${ago(device["seen"], now)}.`);
  }
  const subject = text(object(detail["commit"])["subject"]);
  if (!runs) {
    lines.push("It has not said which commit it has.");
    if (wanted) lines.push(`It should run ${quoted(wanted, text(target["subject"]))}.`);
  } else if (!wanted || runs === wanted) {
    lines.push(`Runs ${quoted(runs, subject)}${wanted ? ", as it should" : ""}.`);
  } else {
    lines.push(`Runs ${quoted(runs, subject)}.`, `Should run ${quoted(wanted, text(target["subject"]))}, but ${whyBehind(device, wanted, now)}.`);
  }
  const [all, good] = [detail["objects"], detail["inSync"]];
  if (typeof all === "number" && typeof good === "number") {
    const drifted = typeof detail["drifted"] === "number" ? detail["drifted"] : 0;
    const said = device.state === "not-reporting" ? "were" : "are";
    lines.push(`${good} of ${all} objects ${said} as ${runs ? short(runs) : "its commit"} wants them`
      + (drifted > 0 ? `; ${drifted} had been changed on the device, and ${drifted === 1 ? "was" : "were"} put right.` : "."));
  }
  return { runs, wanted, lines };
}
