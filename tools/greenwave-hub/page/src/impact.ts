import type { WaveFigures } from "./rollout.ts";
import type { Finding } from "./views/found.ts";
import { bytes, devices, number } from "./words.ts";

/** /v1/impact. */
export interface Impact extends Finding {
  commit: string;
  base: { commit: string; subject: string };
  devices: number;
  changed: number;
  refusing: number;
  takingBack: number;
  added: number;
  gone: number;
  retired: number;
  groups: ImpactGroup[];
  groupsTotal: number;
  unjudged: { reason: string; devices: number; some: string[] }[];
}

export interface ImpactGroup {
  devices: number;
  some: string[];
  changes: { verb: string; object: string; because: string; disruptive: boolean; caution?: string; givesBack?: boolean; uncertain?: boolean }[];
  changesTotal: number;
  effect: { files: number; restarts: number; pods: number; pruned: number; bytes: number };
  refused: string[];
  problems: string[];
  takesBack: boolean;
  sample?: { device: string; diffs: { verb: string; object: string; diff: string; cut?: boolean }[] };
}

/** A commit of the rollout, and what it is compared with. */
export interface Question {
  commit: string;
  subject: string;
  base: string | null; // null: the commit before it
  against: string; // "what the branch has"
}

/** One for each commit of the waves, in their order: compared with what the next wave has, as long as that is another
 * commit. */
export function questionsOf(waves: readonly WaveFigures[]): Question[] {
  const questions: Question[] = [];
  waves.forEach((wave, i) => {
    if (questions.some((one) => one.commit === wave.commit)) return;
    const next = waves.slice(i + 1).find((one) => one.commit !== wave.commit);
    questions.push({
      commit: wave.commit, subject: wave.subject, base: next?.commit ?? null,
      against: next ? `what ${next.wave || "the branch"} has` : "the commit before",
    });
  });
  return questions;
}

/** In the words of `greenwave impact`. */
export function headline(impact: Impact): string {
  const back = impact.takingBack;
  const part = impact.refusing - back;
  const refusals = [
    back > 0 && `${number(back)} ${back === 1 ? "refuses" : "refuse"} all of it.`,
    part > 0 && `${number(part)} ${part === 1 ? "refuses" : "refuse"} part of it.`,
  ].filter(Boolean).map((text) => ` ${text}`).join("");
  if (impact.changed === 0) return `None of ${devices(impact.devices)} changes.${refusals}`;
  const ways = impact.groups.filter((group) => group.changesTotal > 0).length + Math.max(0, impact.groupsTotal - impact.groups.length);
  return `${number(impact.changed)} of ${devices(impact.devices)} change${impact.changed === 1 ? "s" : ""}, in ${ways} way${ways === 1 ? "" : "s"}.${refusals}`;
}

/** What one device of a group does, in figures. */
export function effectOf({ files, restarts, pods, pruned, bytes: size }: ImpactGroup["effect"]): string {
  const counted = (n: number, one: string, many = `${one}s`) => n > 0 && `${number(n)} ${n === 1 ? one : many}`;
  return [
    counted(files, "file"), counted(restarts, "restart"), counted(pods, "workload replaced", "workloads replaced"),
    counted(pruned, "object removed", "objects removed"), size > 0 && `about ${bytes(size)} over the air`,
  ].filter(Boolean).join(", ");
}

/** What is remarkable about the inventory. */
export function inventoryNotes(impact: Impact): string[] {
  return [
    impact.added > 0 && `${devices(impact.added)} new in the inventory`,
    impact.gone > 0 && `${devices(impact.gone)} no longer in the inventory: they keep what they have`,
    impact.retired > 0 && `${devices(impact.retired)} retired: everything is removed from them`,
  ].filter((text) => text !== false);
}
