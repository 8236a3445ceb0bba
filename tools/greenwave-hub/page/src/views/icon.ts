import { svg } from "../dom.ts";
import { kinds } from "../states.ts";

/** A state's shape, beside its word. */
export function stateIcon(state: number): SVGElement {
  const kind = kinds[state]!;
  return svg("svg", { viewBox: "0 0 16 16", class: `icon ${kind.word}`, "aria-hidden": "true" }, svg("path", { d: kind.path }));
}
