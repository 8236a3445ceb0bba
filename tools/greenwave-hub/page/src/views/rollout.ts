import type { Api } from "../api.ts";
import { h, show } from "../dom.ts";
import { now } from "../clock.ts";
import { everything, type Filter } from "../filter.ts";
import { questionsOf } from "../impact.ts";
import { inOrder, judge, type Rollout, type Verdict, type WaveFigures } from "../rollout.ts";
import { stateOfWord } from "../states.ts";
import { ago, moment, number, short } from "../words.ts";
import { stateIcon } from "./icon.ts";
import { ImpactView } from "./impact.ts";

const failed = stateOfWord("failed");
const reverted = stateOfWord("reverted");
const silent = stateOfWord("not-reporting");
/** On the way to a commit, or held up there. */
const underway = ["applying", "waiting", "paused", "held"].map(stateOfWord);
const healthy = stateOfWord("in-sync");

const words: Record<Verdict["kind"], string> = {
  done: "Passed on", waits: "Waits", halted: "Halted", ready: "Ready", last: "Last",
};

/** How far each commit is, what it waits for, and what it changes. */
export class RolloutView {
  readonly element = h("main", { class: "page rollout", "aria-label": "Rollout" });

  private readonly head = h("div", {});
  private readonly waves = h("ol", { class: "waves" });
  private readonly impact: ImpactView;
  private last: Rollout | null = null;

  /** `choose` puts the commit whose changes are shown into the address bar. */
  constructor(
    api: Api,
    private readonly filter: (filter: Partial<Filter>) => void,
    private readonly choose: (commit: string) => void,
  ) {
    this.impact = new ImpactView(api, (ids) => filter({ ...everything, ids }));
    this.element.append(h("h1", {}, "Rollout"), this.head, h("div", { class: "beside" }, this.waves, this.impact.element));
    this.impact.element.hidden = true;
    show(this.head, h("p", { class: "muted" }, "Asking…"));
  }

  /** What is shown stays. */
  fail(message: string): void {
    if (!this.last) show(this.head, h("p", { role: "alert" }, message));
  }

  /** `of` is the beginning of the id of the commit whose changes are shown; else those of the newest are. */
  show(rollout: Rollout | null, of: string): void {
    this.last = rollout ?? this.last;
    if (!this.last) return;
    rollout = this.last;
    const waves = inOrder(rollout);
    const gates = new Map((rollout.gates ?? []).map((gate) => [gate.name, gate]));
    const judged = waves.map((wave, i) => ({ wave, verdict: judge(wave, waves[i + 1], gates.get(wave.wave), now()) }));
    const halted = judged.filter(({ verdict }) => verdict.kind === "halted");
    show(this.head,
      waves.length === 0 && h("p", {}, "No repository is followed yet: hub.yaml names one with ", h("code", {}, "follow"), "."),
      rollout.repository && h("p", { class: "why", role: "alert" },
        `The hub cannot read the city's repository since ${moment(rollout.repository.since)}, so newer commits are not shown: ${rollout.repository.error}`),
      halted.map(({ wave, verdict }) => h("div", { class: "halted", role: "alert" },
        h("h2", {}, stateIcon(failed), ` Halted in ${wave.wave || "the branch"}`),
        h("p", {}, verdict.why, wave.wave ? ": no wave after it gets " : ": all who follow the branch get ", h("code", {}, short(wave.commit)), ` “${wave.subject}” by ${wave.author}.`),
        wave.reasons.length > 0 && h("ul", {}, wave.reasons.slice(0, 5).map((one) => h("li", {},
          h("b", {}, number(one.devices), " × "), one.reason || "no reason was told", h("span", { class: "muted" }, ` (${one.examples.join(", ")})`)))))));
    show(this.waves, judged.map(({ wave, verdict }) => this.wave(wave, verdict)));
    this.impact.element.hidden = waves.length === 0;
    const questions = questionsOf(waves);
    const question = questions.find((one) => of !== "" && one.commit.startsWith(of)) ?? questions[0];
    if (question) this.impact.show(question, questions, this.choose);
  }

  private wave(wave: WaveFigures, verdict: Verdict): HTMLElement {
    const elsewhere = wave.devices - wave.healthy - wave.underway - wave.failed - wave.reverted - wave.silent;
    const parts: [string, number, number[], string][] = [
      ["healthy", wave.healthy, [healthy], "healthy"], ["under way", wave.underway, underway, "applying"], ["failed", wave.failed, [failed], "failed"],
      ["reverted", wave.reverted, [reverted], "reverted"], ["silent", wave.silent, [silent], "not-reporting"], ["at another commit", elsewhere, [], "elsewhere"],
    ];
    const show_these = (states: number[]) => this.filter({ ...everything, states: new Set(states), wave: wave.wave });
    return h("li", { class: `wave ${verdict.kind}` },
      h("div", { class: "wave-head" },
        h("h2", {}, wave.wave || "Branch", h("span", { class: "muted" }, " ", wave.ref.replace("refs/heads/", ""))),
        h("span", { class: `badge ${verdict.kind}` }, words[verdict.kind])),
      h("p", { class: "commit" }, h("code", {}, short(wave.commit)), " ", wave.subject,
        h("span", { class: "muted" }, ` by ${wave.author}`, wave.signer ? `, signed by ${wave.signer} as its devices say` : ", not known to be signed", `, here ${ago(wave.since)}`)),
      h("div", { class: "bar", role: "img", "aria-label": parts.filter(([, n]) => n > 0).map(([name, n]) => `${n} ${name}`).join(", ") || "no devices" },
        parts.filter(([, n]) => n > 0).map(([, n, , kind]) => {
          const part = h("span", { class: `part ${kind}` });
          part.style.flexGrow = String(n);
          return part;
        })),
      h("p", { class: "figures" },
        h("span", {}, h("b", {}, number(wave.has)), ` of ${number(wave.devices)} have it`),
        parts.filter(([, n]) => n > 0).map(([name, n, states]) => states.length === 0
          ? h("span", {}, h("b", {}, number(n)), ` ${name}`)
          : h("button", { class: "figure", "data-key": `${wave.wave} ${name}`, onclick: () => show_these(states) }, stateIcon(states[0]!), h("b", {}, number(n)), ` ${name}`))),
      h("p", { class: "verdict" }, verdict.why, verdict.until && h("b", {}, ` until ${moment(verdict.until)}`)),
      verdict.kind !== "halted" && wave.reasons.length > 0 && h("ul", {}, wave.reasons.slice(0, 5).map((one) =>
        h("li", {}, h("b", {}, number(one.devices), " × "), one.reason || "no reason was told"))));
  }
}
