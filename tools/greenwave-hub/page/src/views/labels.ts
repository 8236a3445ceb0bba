import type { City } from "../city.ts";
import { h, show } from "../dom.ts";
import type { Filter } from "../filter.ts";

/** A label with more values is none to choose from a list: one of them is chosen at a device. */
const most_values = 60;
const most_keys = 30;

/** Adds a label to the filter. */
export class LabelChoice {
  readonly element = h("select", { class: "by-label", "aria-label": "Filter by label" });
  private shown = "";

  constructor(add: (label: string) => void) {
    this.element.addEventListener("change", () => {
      const label = this.element.value;
      this.element.value = "";
      if (label) add(label);
    });
  }

  show(city: City, filter: Filter): void {
    const now = JSON.stringify([city.inventory, city.labels.length, filter.labels]);
    if (now === this.shown) return; // a list that is open stays open
    this.shown = now;
    const keys = new Map<string, string[]>();
    for (const label of city.labels) {
      const key = label.slice(0, label.indexOf("="));
      keys.set(key, [...(keys.get(key) ?? []), label]);
    }
    const groups = [...keys].filter(([, labels]) => labels.length <= most_values).sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, most_keys);
    this.element.hidden = groups.length === 0;
    show(this.element,
      h("option", { value: "" }, "Filter by label…"),
      groups.map(([key, labels]) => h("optgroup", { label: key }, [...labels].sort().map((label) =>
        h("option", { value: label, disabled: filter.labels.includes(label) }, label.slice(key.length + 1))))));
  }
}
