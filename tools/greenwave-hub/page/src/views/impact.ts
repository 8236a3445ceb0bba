import { type Api, devicePath } from "../api.ts";
import { type Content, h, show } from "../dom.ts";
import { effectOf, headline, type Impact, type ImpactGroup, inventoryNotes, type Question } from "../impact.ts";
import { devices, number, short } from "../words.ts";
import { type Answer as Found, ask, isFound, notFound, remembered } from "./found.ts";

const most_shown = 10;

type Answer = Found<Impact>;

/** What a commit of the rollout changes. */
export class ImpactView {
  readonly element = h("section", { class: "impact", "aria-label": "What this commit changes" });
  private readonly known = new Map<string, Answer>();
  private readonly open = new Set<string>();
  private shown = "";
  private asking = "";

  constructor(
    private readonly api: Api,
    private readonly only: (ids: string[]) => void,
  ) {}

  /** `question` is one of `all`. */
  show(question: Question, all: readonly Question[], choose: (commit: string) => void): void {
    const key = `${question.commit} ${question.base ?? ""}`;
    const answer = this.known.get(key);
    const now = JSON.stringify([key, all.map((one) => one.commit), answer !== undefined]);
    if (now === this.shown) return; // what somebody reads and has opened stays as it is
    this.shown = now;
    show(this.element,
      h("h2", {}, "What this commit changes"),
      all.length > 1 && h("div", { class: "choice", role: "group", "aria-label": "Commit" }, all.map((one) =>
        h("button", { class: "chip", "data-key": `impact ${one.commit}`, "aria-pressed": String(one === question), onclick: () => choose(one.commit) },
          short(one.commit)))),
      h("p", { class: "commit" }, h("code", {}, short(question.commit)), " ", question.subject),
      h("div", { "aria-live": "polite" }, answer === undefined ? h("p", { class: "muted" }, "Being worked out…") : this.found(answer, question)));
    if (answer === undefined && this.asking !== key) void this.ask(key, question, () => this.show(question, all, choose));
  }

  private async ask(key: string, { commit, base }: Question, done: () => void): Promise<void> {
    this.asking = key;
    const answer = await ask<Impact>(this.api, `/v1/impact?commit=${commit}${base ? `&base=${base}` : ""}`, () => this.asking === key);
    if (answer === undefined || this.asking !== key) return;
    this.asking = "";
    this.known.set(key, answer);
    done();
    if ("state" in answer && answer.state === "done") return;
    // What failed may go another time.
    setTimeout(() => {
      this.known.delete(key);
      if (this.element.isConnected) done();
    }, 60_000);
  }

  private found(answer: Answer, question: Question): Content {
    if (!isFound(answer)) return notFound(answer);
    const groups = answer.groups.slice(0, most_shown);
    const rest = answer.groupsTotal - groups.length;
    return [
      h("p", { class: "muted" }, "Compared with ", question.against, ", ", h("code", {}, short(answer.base.commit)), ` “${answer.base.subject}”.`),
      h("p", { class: "headline" }, headline(answer)),
      inventoryNotes(answer).map((note) => h("p", {}, note, ".")),
      answer.unjudged.map((gap) => h("p", { class: "why" }, `${devices(gap.devices)} cannot be judged (${gap.some.slice(0, 3).join(", ")}): ${gap.reason}`)),
      h("ol", { class: "groups" }, groups.map((group, i) => this.group(group, `${answer.commit} ${i}`))),
      rest > 0 && h("p", { class: "muted" }, `and ${number(rest)} smaller group${rest === 1 ? "" : "s"}: greenwave impact has them all`),
    ];
  }

  private group(group: ImpactGroup, key: string): HTMLElement {
    const some = group.some.length;
    return h("li", { class: "group" },
      h("button", { class: "figure", onclick: () => this.only(group.some) }, h("b", {}, devices(group.devices))),
      h("span", { class: "muted" }, some < group.devices ? ` (a click shows ${number(some)} of them)` : ` ${group.some.slice(0, 3).join(", ")}${some > 3 ? " …" : ""}`),
      group.takesBack && h("p", { class: "why" }, group.devices === 1 ? "Refuses the commit, and applies nothing of it." : "Refuse the commit, and apply nothing of it."),
      steps(group),
      effectOf(group.effect) && h("p", { class: "muted" }, "Each: ", effectOf(group.effect), "."),
      group.sample && group.sample.diffs.length > 0 && this.sample(group.sample, key));
  }

  private sample(sample: NonNullable<ImpactGroup["sample"]>, key: string): HTMLElement {
    return remembered(this.open, key, h("details", {}, h("summary", {}, `Diff on ${sample.device}`), diffs(sample)));
  }
}

/** What one device would do for the commit that it should run: asked for when somebody opens it. */
export class DeviceDiff {
  private readonly known = new Map<string, Answer>();
  private readonly open = new Set<string>();

  constructor(private readonly api: Api) {}

  show(device: string, runs: string, wanted: string): HTMLElement {
    const key = `${device} ${runs} ${wanted}`;
    const place = h("div", { "aria-live": "polite" });
    const details = h("details", { class: "impact-one" }, h("summary", {}, `What ${short(wanted)} changes here`), place);
    const fill = () => {
      const answer = this.known.get(key);
      show(place, answer === undefined ? h("p", { class: "muted" }, "Being worked out…") : this.found(answer));
      if (answer === undefined) void this.ask(key, device, details, fill);
    };
    details.addEventListener("toggle", () => details.open && fill());
    return remembered(this.open, key, details);
  }

  private async ask(key: string, device: string, details: HTMLDetailsElement, done: () => void): Promise<void> {
    const answer = await ask<Impact>(this.api, devicePath(device, "/impact"), () => details.isConnected && details.open);
    if (answer === undefined) return;
    this.known.set(key, answer);
    done();
    if (!isFound(answer)) this.known.delete(key);
    if (this.known.size > 50) this.known.clear();
  }

  private found(answer: Answer): Content {
    if (!isFound(answer)) return notFound(answer);
    const group = answer.groups[0];
    if (!group || (group.changesTotal === 0 && group.problems.length === 0)) return h("p", {}, "Nothing: both commits want the same of it.");
    return [steps(group), group.sample && diffs(group.sample)];
  }
}

function steps(group: ImpactGroup): HTMLElement {
  const rest = group.changesTotal - group.changes.length;
  return h("ul", { class: "objects" },
    group.changes.map((change) => h("li", {},
      change.disruptive && h("span", { class: "badge disruptive" }, "disruptive"), change.disruptive && " ",
      change.verb, " ", h("code", {}, change.object),
      change.because && `, because ${change.because} changes`,
      change.caution && `, which ${change.caution}`,
      change.givesBack && ", which gives back what was there before",
      change.uncertain && ", if needed")),
    rest > 0 && h("li", { class: "muted" }, `and ${number(rest)} more`),
    group.refused.map((one) => h("li", { class: "why" }, "refused: ", h("code", {}, one), ", which stays as it is")),
    group.problems.map((one) => h("li", { class: "why" }, one)));
}

const diffs = (sample: NonNullable<ImpactGroup["sample"]>): Content => sample.diffs.map((one) => [
  h("h3", {}, `${one.verb} `, h("code", {}, one.object)),
  h("pre", { class: "diff", tabindex: 0, "aria-label": `Diff of ${one.object}` },
    one.diff.split("\n").filter((line, i, lines) => line || i + 1 < lines.length).map(diffLine)),
  one.cut && h("p", { class: "muted" }, "It goes on: greenwave impact --device shows it whole."),
]);

function diffLine(line: string): HTMLElement {
  const kind = /^(---|\+\+\+|@@)/.test(line) ? "place" : line.startsWith("+") ? "plus" : line.startsWith("-") ? "minus" : "";
  return h("span", { class: kind }, line, "\n");
}
