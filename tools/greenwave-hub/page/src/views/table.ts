import type { City } from "../city.ts";
import { h, show } from "../dom.ts";
import { now } from "../clock.ts";
import { kinds, silent } from "../states.ts";
import { moment, number, short, span } from "../words.ts";
import { stateIcon } from "./icon.ts";

const step = 200;
const columns = [["State", "state"], ["Id", "id"], ["Intersection", ""], ["Reason", "cause"], ["Since", "since"], ["Wave", "wave-of"], ["Commit", "code"]] as const;

export interface TableActions {
  open(row: number): void;
  address(row: number): string;
  csv(): void;
  sync: ((rows: readonly number[]) => void) | null; // null: who is here may not
}

/** The rows in the order of the table. */
export const worstFirst = (city: City, rows: readonly number[]): number[] => [...rows].sort((a, b) => city.state[a]! - city.state[b]! || a - b);

/** The devices that the filter lets through, the worst first. */
export class DeviceTable {
  readonly element = h("section", { class: "list", "aria-label": "Devices" });
  private readonly head = h("div", { class: "list-head" });
  private readonly body = h("tbody");
  private readonly more = h("p", { class: "more" });
  private shown = step;
  private key = "";

  constructor(private readonly actions: TableActions) {
    this.element.append(
      this.head,
      h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Table of devices" },
        h("table", {},
          h("thead", {}, h("tr", {}, columns.map(([name, kind]) => h("th", { scope: "col", class: kind }, name)))),
          this.body),
        this.more));
  }

  /** `key` is of the filter: with another the list begins again. */
  show(city: City, rows: readonly number[], key: string, chosen: number | null): void {
    if (key !== this.key) this.shown = step;
    this.key = key;
    const sorted = worstFirst(city, rows);
    const gone = city.retired.reduce((sum, one) => sum + one, 0);
    show(this.head,
      h("h2", {}, `${number(rows.length)} of ${number(city.size - gone)} devices`, gone > 0 && h("span", { class: "muted" }, ` and ${number(gone)} retired`)),
      h("button", { class: "plain", "data-key": "csv", onclick: () => this.actions.csv() }, "CSV"),
      this.actions.sync && rows.length > 0 &&
        h("button", { class: "plain", "data-key": "sync", onclick: () => this.actions.sync!(rows) }, "Sync now…"));
    show(this.body, sorted.slice(0, this.shown).map((row) => this.row(city, row, row === chosen)));
    show(this.more,
      rows.length === 0 && "No device is like that.",
      sorted.length > this.shown && h("button", { class: "plain", "data-key": "more", onclick: () => {
        this.shown += step;
        this.show(city, rows, key, chosen);
      } }, `Show ${number(Math.min(step, sorted.length - this.shown))} more`));
  }

  private since(since: Date | null): HTMLElement {
    return h("td", { class: "since" }, since && h("time", { datetime: since.toISOString(), title: moment(since) }, span(now() - since.getTime())));
  }

  private row(city: City, row: number, chosen: boolean): HTMLElement {
    const state = city.state[row]!;
    const open = (event: Event) => {
      event.preventDefault();
      event.stopPropagation();
      this.actions.open(row);
    };
    return h("tr", { class: chosen ? "chosen" : "", "data-id": city.ids[row], onclick: open },
      h("td", { class: "state" }, stateIcon(state), " ", kinds[state]!.label),
      h("td", { class: "id" }, h("a", { href: this.actions.address(row), "data-key": `row ${city.ids[row]}`, onclick: open }, city.ids[row])),
      h("td", {}, city.names[row]),
      h("td", { class: kinds[state]!.word === "failed" || kinds[state]!.word === "reverted" ? "cause bad" : "cause" }, state === silent ? city.reasonOf(row) && `last said: ${city.reasonOf(row)}` : city.troubleOf(row)),
      this.since(city.sinceOf(row)),
      h("td", { class: "wave-of" }, row < city.listed ? city.waveOf(row) || "branch" : "not listed"),
      h("td", { class: "code" }, short(city.commitOf(row)) || "–"));
  }
}
