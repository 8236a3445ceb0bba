import { type Api, may, type Me } from "../api.ts";
import { h, show } from "../dom.ts";
import { ago } from "../words.ts";
import { confirm } from "./dialog.ts";

interface Enrolment {
  device: string;
  key: string;
  address: string;
  asked: string;
}

/** Keys that wait for an operator. */
export class EnrolmentsView {
  readonly element = h("main", { class: "page", "aria-label": "Enrolment" });

  constructor(
    private readonly api: Api,
    private readonly me: Me,
  ) {}

  async load(): Promise<void> {
    try {
      this.show((await this.api.get<{ enrolments: Enrolment[] }>("/v1/enrolments")).enrolments);
    } catch (error) {
      show(this.element, h("h1", {}, "Enrolment"), h("p", { role: "alert" }, (error as Error).message));
    }
  }

  private show(enrolments: Enrolment[]): void {
    const allowed = may(this.me, "approve");
    show(this.element,
      h("h1", {}, "Enrolment"),
      enrolments.length === 0 && h("p", { class: "muted" }, "No device waits for an operator."),
      enrolments.length > 0 && h("p", {}, "Compare the key with the one that the device shows before you approve it. ",
        !allowed && "Approving needs the level approve."),
      enrolments.length > 0 && h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Keys that wait" }, h("table", {},
        h("thead", {}, h("tr", {}, ["Device", "Key", "From", "Asked"].map((name) => h("th", { scope: "col" }, name)), allowed && h("th", { scope: "col" }, "Decide"))),
        h("tbody", {}, enrolments.map((one) => h("tr", {},
          h("td", {}, one.device), h("td", { class: "code" }, one.key), h("td", {}, one.address), h("td", {}, ago(one.asked)),
          allowed && h("td", {}, h("button", { class: "plain", "data-key": `approve ${one.device} ${one.key}`, onclick: () => this.decide(one, "approve") }, "Approve…"), " ",
            h("button", { class: "plain", "data-key": `refuse ${one.device} ${one.key}`, onclick: () => this.decide(one, "refuse") }, "Refuse…"))))))));
  }

  private decide(one: Enrolment, decision: "approve" | "refuse"): void {
    const verb = decision === "approve" ? "Approve" : "Refuse";
    confirm(`${verb} 1 device: ${one.device}?`,
      [h("p", {}, "Its key is ", h("code", {}, one.key), "."),
        decision === "approve" && h("p", {}, "It gets a certificate with which it reports as this device, and as no other.")],
      `${verb} 1 device`, async () => {
        await this.api.post(`/v1/enrolments/${one.device.split("/").map(encodeURIComponent).join("/")}`, { key: one.key, decision });
        void this.load();
        return decision === "approve" ? "Approved: it fetches its certificate within seconds." : "Refused.";
      });
  }
}
