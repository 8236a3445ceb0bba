import { h, show } from "../dom.ts";
import { kinds } from "../states.ts";
import { number, short, span } from "../words.ts";
import { stateIcon } from "./icon.ts";

/** /v1/cities. */
export interface Cities {
  cities: {
    city: string;
    url: string | null;
    state: "current" | "away" | "unknown";
    error: string | null;
    age: number | null;
    figures: { total: number; retired: number; counts: Record<string, number>; commit: { oid: string; subject: string } | null } | null;
  }[];
  total: number;
  counts: Record<string, number>;
  away: number;
}

/** An address that a link may lead to. */
const safe = (url: string | null) => (url !== null && /^https?:\/\//.test(url) ? url : null);

export class CitiesView {
  readonly element = h("main", { class: "page", "aria-label": "Cities" });
  isShown = false; // figures, and not why there are none

  fail(message: string): void {
    show(this.element, h("h1", {}, "Cities"), h("p", { role: "alert" }, message));
  }

  show(all: Cities): void {
    this.isShown = true;
    const used = kinds.map((kind, state) => ({ kind, state })).filter(({ kind }) => (all.counts[kind.word] ?? 0) > 0);
    const retired = all.cities.reduce((sum, city) => sum + (city.figures?.retired ?? 0), 0);
    const row = (name: Node | string, counts: Record<string, number> | undefined, total: number, more: (Node | string)[]) =>
      h("tr", {}, h("th", { scope: "row" }, name), h("td", { class: "figure" }, counts ? number(total) : "–"),
        used.map(({ kind }) => h("td", { class: counts?.[kind.word] ? "figure" : "figure none" }, counts ? number(counts[kind.word] ?? 0) : "–")),
        more.map((one) => h("td", {}, one)));
    show(this.element,
      h("h1", {}, "Cities"),
      h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Cities" }, h("table", { class: "cities" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "City"), h("th", { scope: "col" }, "Devices"),
          used.map(({ kind, state }) => h("th", { scope: "col" }, stateIcon(state), " ", kind.label)),
          h("th", { scope: "col" }, "Newest commit"), h("th", { scope: "col" }, "As of"))),
        h("tbody", {},
          all.cities.map((city) => {
            const link = safe(city.url);
            const commit = city.figures?.commit;
            return row(link ? h("a", { href: link }, city.city) : city.city, city.figures?.counts, (city.figures?.total ?? 0) - (city.figures?.retired ?? 0), [
              commit ? h("span", {}, h("code", {}, short(commit.oid)), " ", commit.subject) : "–",
              city.state === "current" ? `${span((city.age ?? 0) * 1000)} ago`
                : h("span", { class: "why" }, city.age === null ? "never answered" : `${span(city.age * 1000)} ago`, city.error && `: ${city.error}`),
            ]);
          }),
          row("All", all.counts, all.total - retired, ["", all.away > 0 ? `with the last figures of ${number(all.away)} that ${all.away === 1 ? "does" : "do"} not answer` : ""])))));
  }
}
