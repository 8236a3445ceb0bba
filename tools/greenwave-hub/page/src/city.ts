import { count, inSync, silent, stateOfLetter, stateOfWord } from "./states.ts";

/** /v1/places: the same for ever for one commit of the inventory. */
export interface Places {
  inventory: string | null;
  ids: string[];
  names: string[];
  x: (number | null)[]; // millionths of a degree
  y: (number | null)[];
  waves: string[];
  waveOf: number[];
  retired: string[];
  labels?: string[]; // "model=atc"; absent in what a cache has from an older hub, as the next two
  labelsOf?: number[][];
  attribution?: string | null; // of the places
}

/** /v1/states, in the order of the places. */
export interface States {
  event: string;
  inventory: string | null;
  states: string;
  commits: string[];
  commitOf: number[];
  reasons: string[];
  reasonOf: number[];
  sinceOf?: number[]; // minutes since 1970; 0: it is in order, or not known. An older hub, of another version, lacks it
  unlisted: [id: string, letter: string, commit: number, reason: number, since?: number][];
}

/** What an event of /v1/events says of one device. */
export interface Change {
  device: string;
  condition: string;
  health?: string;
  commit?: string;
  reason?: string;
  at?: number;
}

/** Texts that many rows have, each under one number. */
class Texts {
  private readonly numbers: Map<string, number>;
  constructor(private readonly texts: string[]) {
    this.numbers = new Map(texts.map((text, i) => [text, i]));
  }
  at(number: number): string {
    return this.texts[number] ?? "";
  }
  numberOf(text: string): number {
    const known = this.numbers.get(text);
    if (known !== undefined) return known;
    this.numbers.set(text, this.texts.length);
    return this.texts.push(text) - 1;
  }
}

/** The devices of a city as rows: those that the inventory lists, by their ids, and then others that report. */
export class City {
  readonly inventory: string | null;
  readonly ids: string[];
  readonly names: string[];
  readonly searched: string[]; // id and name in lower case
  readonly longitude: Float64Array; // NaN: no place
  readonly latitude: Float64Array;
  readonly retired: Uint8Array;
  readonly state: Uint8Array;
  readonly listed: number; // how many rows the inventory lists
  readonly attribution: string;
  readonly labels: readonly string[]; // those that most have first
  private readonly labelNumbers: ReadonlyMap<string, number>;
  private readonly labelsOf: readonly (readonly number[])[];
  private readonly since: Float64Array; // seconds since 1970; 0: not known
  private readonly rows = new Map<string, number>();
  private readonly waves: string[];
  private readonly wave: number[];
  private readonly commits: Texts;
  private readonly commit: number[];
  private readonly reasons: Texts;
  private readonly reason: number[];

  constructor(places: Places, states: States) {
    this.inventory = places.inventory;
    this.listed = places.ids.length;
    this.ids = [...places.ids, ...states.unlisted.map(([id]) => id)];
    const size = this.ids.length;
    this.names = [...places.names, ...states.unlisted.map(() => "")];
    this.searched = this.ids.map((id, i) => `${id} ${this.names[i]}`.toLowerCase());
    this.longitude = Float64Array.from({ length: size }, (_, i) => degrees(places.x[i]));
    this.latitude = Float64Array.from({ length: size }, (_, i) => degrees(places.y[i]));
    this.waves = places.waves;
    this.wave = [...places.waveOf, ...states.unlisted.map(() => -1)];
    this.ids.forEach((id, i) => this.rows.set(id, i));
    this.retired = new Uint8Array(size);
    for (const id of places.retired) this.retired[this.rows.get(id)!] = 1;
    this.state = new Uint8Array(size);
    for (let i = 0; i < this.listed; ++i) this.state[i] = stateOfLetter(states.states[i] ?? "");
    states.unlisted.forEach(([, letter], i) => (this.state[this.listed + i] = stateOfLetter(letter)));
    this.commits = new Texts(states.commits);
    this.commit = [...states.commitOf, ...states.unlisted.map((one) => one[2])];
    this.attribution = places.attribution ?? "";
    this.labels = places.labels ?? [];
    this.labelNumbers = new Map(this.labels.map((label, i) => [label, i]));
    this.labelsOf = places.labelsOf ?? [];
    this.since = Float64Array.from({ length: size }, (_, i) => 60 * ((i < this.listed ? states.sinceOf?.[i] : states.unlisted[i - this.listed]?.[4]) ?? 0));
    this.reasons = new Texts(states.reasons);
    this.reason = [...states.reasonOf, ...states.unlisted.map((one) => one[3])];
  }

  get size(): number {
    return this.ids.length;
  }
  rowOf(id: string): number | undefined {
    return this.rows.get(id);
  }
  waveOf(row: number): string {
    return this.waves[this.wave[row]!] ?? "";
  }
  commitOf(row: number): string {
    return this.commits.at(this.commit[row]!);
  }
  reasonOf(row: number): string {
    return this.reasons.at(this.reason[row]!);
  }
  /** Why it is not in order; empty for one that is, and for one that is silent: what that last said may be over. */
  troubleOf(row: number): string {
    return this.state[row] === inSync || this.state[row] === silent ? "" : this.reasonOf(row);
  }
  /** By its number, which hasLabel() takes; nothing where no device has it. */
  labelNumber(label: string): number | undefined {
    return this.labelNumbers.get(label);
  }
  hasLabel(row: number, number: number): boolean {
    return this.labelsOf[row]?.includes(number) ?? false;
  }
  /** Since when it has its status; null where it is in order, or that is not known. */
  sinceOf(row: number): Date | null {
    return this.since[row]! > 0 ? new Date(this.since[row]! * 1000) : null;
  }
  hasPlace(row: number): boolean {
    return !Number.isNaN(this.longitude[row]);
  }

  /** Whether the device is one of the rows; for another the states must be asked again. */
  apply(change: Change): boolean {
    const row = this.rows.get(change.device);
    if (row === undefined) return false;
    const state = stateOfWord(change.condition);
    if (state !== this.state[row]) this.since[row] = state === inSync ? 0 : (change.at ?? 0);
    this.state[row] = state;
    if (change.commit !== undefined) this.commit[row] = this.commits.numberOf(change.commit);
    if (change.reason !== undefined) this.reason[row] = this.reasons.numberOf(change.reason);
    return true;
  }
}

const degrees = (millionths: number | null | undefined) => (millionths == null ? NaN : millionths / 1e6);

/** How many of the rows have which state. */
export function countStates(city: City, rows: readonly number[]): number[] {
  const counts = new Array<number>(count).fill(0);
  for (const row of rows) ++counts[city.state[row]!]!;
  return counts;
}

export interface ReasonGroup {
  reason: string;
  state: number; // the worst of its devices
  rows: number[];
}

/** The rows that have a reason, those that most have first, within the same state. */
export function groupReasons(city: City, rows: readonly number[]): ReasonGroup[] {
  const groups = new Map<string, ReasonGroup>();
  for (const row of rows) {
    const reason = city.troubleOf(row);
    const state = city.state[row]!;
    if (!reason) continue;
    const group = groups.get(reason) ?? { reason, state, rows: [] };
    group.state = Math.min(group.state, state);
    group.rows.push(row);
    groups.set(reason, group);
  }
  return [...groups.values()].sort((a, b) => a.state - b.state || b.rows.length - a.rows.length);
}

/** As spreadsheets read it (RFC 4180); what a spreadsheet would compute stays text. */
export function toCsv(city: City, rows: readonly number[], words: readonly string[]): string {
  const cell = (value: string | number) => {
    const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [["id", "name", "state", "since", "reason", "wave", "commit", "longitude", "latitude"]];
  for (const row of rows) {
    const place = city.hasPlace(row);
    lines.push([
      city.ids[row]!, city.names[row]!, words[city.state[row]!]!, city.sinceOf(row)?.toISOString() ?? "", city.reasonOf(row), city.waveOf(row), city.commitOf(row),
    ].map(cell).concat(place ? [String(city.longitude[row]), String(city.latitude[row])] : ["", ""]));
  }
  return lines.map((line) => line.join(",")).join("\r\n") + "\r\n";
}
