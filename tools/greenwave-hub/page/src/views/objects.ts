import { type Api, devicePath } from "../api.ts";
import { type Content, h, show } from "../dom.ts";
import { number, short } from "../words.ts";
import { type Answer, ask, type Finding, isFound, notFound, remembered } from "./found.ts";

/** /v1/devices/{device}/objects. */
export interface Objects extends Finding {
  commit: string;
  objects: { object: string; places: string[]; refused?: boolean }[];
  total: number;
  complete: boolean;
}

const most_known = 50;

/** The places of one device's objects in the repository, for the commit that it has. */
export class Places {
  private answer: Answer<Objects> | undefined;
  private readonly spans: { object: string; span: HTMLElement }[] = [];
  private found: (() => void)[] = [];
  private by_object = new Map<string, string[]>();
  private asking = false;

  constructor(
    private readonly api: Api,
    private readonly wanted: () => boolean,
    readonly device: string,
    readonly commit: string,
  ) {}

  /** Where `object` is declared: empty until that is known, and where it is not declared. */
  of(object: string): HTMLElement {
    const span = h("span", { class: "place" });
    if (this.answer === undefined) this.spans.push({ object, span });
    this.fill(object, span);
    return span;
  }

  get known(): Answer<Objects> | undefined {
    return this.answer;
  }

  /** Asks once; `done` is called when there is an answer. */
  async ask(done: () => void = () => undefined): Promise<void> {
    if (this.answer !== undefined) return done();
    this.found.push(done);
    if (this.asking) return;
    this.asking = true;
    this.answer = await ask<Objects>(this.api, devicePath(this.device, "/objects"), this.wanted);
    this.asking = false;
    const waiting = this.found;
    this.found = [];
    if (this.answer === undefined) return;
    if (isFound(this.answer)) this.by_object = new Map(this.answer.objects.map((one) => [one.object, one.places]));
    for (const { object, span } of this.spans.splice(0)) this.fill(object, span);
    for (const tell of waiting) tell();
    if (!isFound(this.answer)) this.answer = undefined; // it is asked again the next time
  }

  private fill(object: string, span: HTMLElement): void {
    const places = this.by_object.get(object);
    if (places && places.length > 0) show(span, placesText(places));
  }
}

const placesText = (places: readonly string[]): Content => places.map((place, i) => [i > 0 && ", then ", h("code", {}, place)]);

/** Every object of a device, with file and line: found when somebody opens the list, or something is wrong with one. */
export class DeviceObjects {
  private readonly known = new Map<string, Places>();
  private readonly open = new Set<string>();

  /** `shown` is the device that somebody looks at. */
  constructor(
    private readonly api: Api,
    private readonly shown: () => string | null,
  ) {}

  places(device: string, commit: string): Places {
    const key = `${device} ${commit}`;
    const known = this.known.get(key);
    if (known) return known;
    if (this.known.size >= most_known) this.known.clear();
    const made = new Places(this.api, () => this.shown() === device, device, commit);
    this.known.set(key, made);
    return made;
  }

  list(places: Places): HTMLElement {
    const body = h("div", { "aria-live": "polite" });
    const details = h("details", { class: "all-objects" }, h("summary", {}, `All objects of ${short(places.commit)}, with file and line`), body);
    const fill = () => {
      const answer = places.known;
      show(body, answer === undefined ? h("p", { class: "muted" }, "Being looked up…") : this.found(answer));
    };
    details.addEventListener("toggle", () => {
      if (!details.open) return;
      fill();
      void places.ask(fill);
    });
    return remembered(this.open, `${places.device} ${places.commit}`, details);
  }

  private found(answer: Answer<Objects>): Content {
    if (!isFound(answer)) return notFound(answer);
    const rest = answer.total - answer.objects.length;
    return [
      !answer.complete && h("p", { class: "why" }, "A layer cannot be read: the device may have more objects."),
      answer.total === 0 && h("p", {}, "The commit declares nothing for it."),
      h("ul", { class: "objects" }, answer.objects.map((one) => h("li", {},
        h("code", {}, one.object), " ", h("span", { class: "place" }, placesText(one.places)),
        one.refused && h("span", { class: "why" }, " has an error: it stays as it is")))),
      rest > 0 && h("p", { class: "muted" }, `and ${number(rest)} more: greenwave render --device ID lists them all`),
    ];
  }
}
