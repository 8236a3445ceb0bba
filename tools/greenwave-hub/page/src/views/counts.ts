import { type City, countStates, groupReasons } from "../city.ts";
import { h, show } from "../dom.ts";
import { type Filter, rowsOf } from "../filter.ts";
import { inSync, kinds } from "../states.ts";
import { number } from "../words.ts";
import { stateIcon } from "./icon.ts";

const most_reasons = 40;

export type SetFilter = (change: Partial<Filter>) => void;

/** What is wrong in numbers. Each is a filter. */
export class Counts {
  readonly element = h("section", { class: "counts", "aria-label": "Devices by state" });
  readonly reasons = h("section", { class: "reasons", "aria-label": "Reasons" });

  constructor(private readonly set: SetFilter) {}

  show(city: City, filter: Filter): void {
    const counts = countStates(city, rowsOf(city, filter, "states"));
    const total = counts.reduce((a, b) => a + b, 0);
    const toggle = (state: number) => {
      const states = new Set(filter.states);
      if (!states.delete(state)) states.add(state);
      this.set({ states });
    };
    show(
      this.element,
      h("button", { class: "count", "data-key": "all", "aria-pressed": String(filter.states.size === 0),
                    onclick: () => this.set({ states: new Set() }) },
        h("span", { class: "all" }), h("span", { class: "label" }, "All"), h("b", {}, number(total))),
      kinds.map((kind, state) =>
        h("button", { class: counts[state] ? "count" : "count none", "data-key": kind.word, "data-state": kind.word,
                      "aria-pressed": String(filter.states.has(state)), onclick: () => toggle(state) },
          stateIcon(state), h("span", { class: "label" }, kind.label), h("b", {}, number(counts[state]!)))),
    );
    this.show_reasons(city, filter);
  }

  private show_reasons(city: City, filter: Filter): void {
    const rows = rowsOf(city, filter, "reason");
    const groups = groupReasons(city, rows);
    const is_well = rows.every((row) => city.state[row] === inSync);
    show(
      this.reasons,
      h("h2", {}, "Reasons"),
      groups.length === 0 && h("p", { class: "muted" }, is_well ? "None: nothing is wrong here." : "None of these devices says why."),
      h("ul", {}, groups.slice(0, most_reasons).map((group) =>
        h("li", {}, h("button",
          { class: "reason", "data-key": `reason ${group.reason}`, "aria-pressed": String(filter.reason === group.reason),
            onclick: () => this.set({ reason: filter.reason === group.reason ? null : group.reason }) },
          h("b", {}, number(group.rows.length), " ×"), stateIcon(group.state), h("span", { class: "text" }, group.reason))))),
      groups.length > most_reasons && h("p", { class: "muted" }, `and ${number(groups.length - most_reasons)} more`),
    );
  }
}
