import type { Api } from "../api.ts";
import { type Content, h, show } from "../dom.ts";
import { effectOf, headline, type Impact, type ImpactGroup, inventoryNotes, type Question } from "../impact.ts";
import { devices, number, short } from "../words.ts";

const pause = 1200;
const most_shown = 10;

type Answer = Impact | { failure: string; remedy: string };

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
    const path = `/v1/impact?commit=${commit}${base ? `&base=${base}` : ""}`;
    let answer: Answer | undefined;
    while (answer === undefined && this.asking === key) {
      try {
        const said = await this.api.get<Impact>(path);
        if (said.state === "working") await new Promise((after) => setTimeout(after, pause));
        else answer = said;
      } catch (error) {
        answer = { failure: (error as Error).message, remedy: "" };
      }
    }
    if (answer === undefined || this.asking !== key) return;
    this.asking = "";
    // What failed may go another time.
    const lasts = "state" in answer && answer.state === "done";
    this.known.set(key, answer);
    done();
    if (lasts) return;
    setTimeout(() => {
      this.known.delete(key);
      if (this.element.isConnected) done();
    }, 60_000);
  }

  private found(answer: Answer, question: Question): Content {
    if ("failure" in answer) return h("p", { class: "why" }, `That cannot be said: ${answer.failure}.`);
    if (answer.state !== "done") {
      return h("p", { class: "why" }, `That cannot be said: ${answer.error ?? "the hub gives no reason"}.`,
        answer.remedy && h("span", { class: "muted" }, ` ${answer.remedy}.`));
    }
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
    const rest = group.changesTotal - group.changes.length;
    return h("li", { class: "group" },
      h("button", { class: "figure", onclick: () => this.only(group.some) }, h("b", {}, devices(group.devices))),
      h("span", { class: "muted" }, some < group.devices ? ` (${number(some)} of them are shown)` : ` ${group.some.slice(0, 3).join(", ")}${some > 3 ? " …" : ""}`),
      group.takesBack && h("p", { class: "why" }, group.devices === 1 ? "Refuses the commit, and applies nothing of it." : "Refuse the commit, and apply nothing of it."),
      h("ul", { class: "objects" },
        group.changes.map((change) => h("li", {},
          change.disruptive && h("span", { class: "badge disruptive" }, "disruptive"), change.disruptive && " ",
          change.verb, " ", h("code", {}, change.object),
          change.because && `, because ${change.because} changes`,
          change.caution && `, which ${change.caution}`,
          change.givesBack && ", which gives back what was there before",
          change.uncertain && ", if needed")),
        rest > 0 && h("li", { class: "muted" }, `and ${number(rest)} more`),
        group.refused.map((one) => h("li", { class: "why" }, "refused: ", h("code", {}, one), ", which stays as it is")),
        group.problems.map((one) => h("li", { class: "why" }, one))),
      effectOf(group.effect) && h("p", { class: "muted" }, "Each: ", effectOf(group.effect), "."),
      group.sample && group.sample.diffs.length > 0 && this.sample(group.sample, key));
  }

  private sample(sample: NonNullable<ImpactGroup["sample"]>, key: string): HTMLElement {
    const details = h("details", this.open.has(key) ? { open: true } : {},
      h("summary", {}, `Diff on ${sample.device}`),
      sample.diffs.map((one) => [
        h("h3", {}, `${one.verb} `, h("code", {}, one.object)),
        h("pre", { class: "diff", tabindex: 0, "aria-label": `Diff of ${one.object}` }, one.diff.split("\n").filter((line, i, lines) => line || i + 1 < lines.length).map(diffLine)),
        one.cut && h("p", { class: "muted" }, "It goes on: greenwave impact --device shows it whole."),
      ]));
    details.addEventListener("toggle", () => (details.open ? this.open.add(key) : this.open.delete(key)));
    return details;
  }
}

function diffLine(line: string): HTMLElement {
  const kind = /^(---|\+\+\+|@@)/.test(line) ? "place" : line.startsWith("+") ? "plus" : line.startsWith("-") ? "minus" : "";
  return h("span", { class: kind }, line, "\n");
}
