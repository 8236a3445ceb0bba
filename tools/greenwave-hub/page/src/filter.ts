import { isState, stateOfWord } from "./states.ts";
import type { City } from "./city.ts";

/** Which devices are shown. The address bar has it. */
export interface Filter {
  states: ReadonlySet<number>; // empty: all
  reason: string | null;
  wave: string | null; // "": those that follow the branch
  commit: string; // the beginning of its id
  text: string;
  labels: readonly string[]; // "model=atc": all of them
  ids: readonly string[] | null; // those at one place
}

export const everything: Filter = { states: new Set(), reason: null, wave: null, commit: "", text: "", labels: [], ids: null };

export function isEverything(filter: Filter): boolean {
  return (
    filter.states.size === 0 && filter.reason === null && filter.wave === null && filter.commit === "" &&
    filter.text.trim() === "" && filter.labels.length === 0 && filter.ids === null
  );
}

export const most_ids = 200; // that an address has
const most_labels = 20;

export function readFilter(query: URLSearchParams): Filter {
  return {
    states: new Set(query.getAll("state").filter(isState).map(stateOfWord)),
    reason: query.get("reason"),
    wave: query.get("wave"),
    commit: query.get("commit") ?? "",
    text: query.get("q") ?? "",
    // As /v1/devices has it: KEY:VALUE.
    labels: query.getAll("label").slice(0, most_labels).map((label) => label.replace(":", "=")),
    ids: query.has("id") ? query.getAll("id").slice(0, most_ids) : null,
  };
}

export function writeFilter(filter: Filter, words: readonly string[], query: URLSearchParams): void {
  for (const state of [...filter.states].sort((a, b) => a - b)) query.append("state", words[state]!);
  if (filter.reason !== null) query.set("reason", filter.reason);
  if (filter.wave !== null) query.set("wave", filter.wave);
  if (filter.commit) query.set("commit", filter.commit);
  if (filter.text.trim()) query.set("q", filter.text.trim());
  for (const label of filter.labels) query.append("label", label.replace("=", ":"));
  for (const id of (filter.ids ?? []).slice(0, most_ids)) query.append("id", id);
}

/** The rows of the city that the filter lets through, but for one of its parts: counts show what that would give. */
export function rowsOf(city: City, filter: Filter, without?: "states" | "reason"): number[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const ids = filter.ids ? new Set(filter.ids) : null;
  const states = without === "states" || filter.states.size === 0 ? null : filter.states;
  const reason = without === "reason" ? null : filter.reason;
  const labels = filter.labels.map((label) => city.labelNumber(label));
  const rows: number[] = [];
  if (labels.includes(undefined)) return rows;
  for (let row = 0; row < city.size; ++row) {
    if (city.retired[row]) continue;
    if (states && !states.has(city.state[row]!)) continue;
    if (reason !== null && city.troubleOf(row) !== reason) continue;
    if (filter.wave !== null && city.waveOf(row) !== filter.wave) continue;
    if (filter.commit && !city.commitOf(row).startsWith(filter.commit)) continue;
    if (!labels.every((label) => city.hasLabel(row, label!))) continue;
    if (ids && !ids.has(city.ids[row]!)) continue;
    if (words.length > 0 && !words.every((word) => city.searched[row]!.includes(word))) continue;
    rows.push(row);
  }
  return rows;
}
