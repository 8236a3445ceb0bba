import { type Api, Refusal } from "../api.ts";
import { now } from "../clock.ts";
import { h, show } from "../dom.ts";
import { moment } from "../words.ts";
import { type Cities, CitiesView } from "./cities.ts";

/** A city's hub is asked about so often by the roll-up. */
const pause = 10_000;

/** The page of several cities together: their figures, each with the way to its own hub. */
export class RollUpDesk {
  private readonly cities = new CitiesView();
  private readonly status = h("span", { class: "live", role: "status" }, "connecting");
  private readonly stale = h("div", { class: "stale", role: "alert", hidden: true });
  private since: Date | null = null;

  constructor(
    private readonly api: Api,
    private readonly leave: (why: string) => void,
  ) {
    document.title = "Cities · Greenwave";
    show(document.body,
      h("header", { class: "bar" },
        h("span", { class: "brand" }, "Greenwave ", h("b", {}, "Cities")),
        this.status,
        api.token && h("span", { class: "me" }, h("button", { class: "tiny", onclick: () => {
          api.token = null;
          leave("");
        } }, "Sign out"))),
      this.stale, this.cities.element);
    void this.run();
  }

  private async run(): Promise<void> {
    for (;;) {
      try {
        this.cities.show(await this.api.get<Cities>("/v1/cities"));
        this.since = null;
      } catch (error) {
        if (error instanceof Refusal && (error.status === 401 || error.status === 403)) return this.leave(error.message);
        this.since ??= new Date(now());
        if (!this.cities.isShown) this.cities.fail((error as Error).message);
      }
      this.status.textContent = this.since ? "not live" : "live";
      this.status.classList.toggle("off", this.since !== null);
      this.stale.hidden = this.since === null;
      if (this.since) this.stale.textContent = `Not live since ${moment(this.since)}: the hub does not answer. What you see is as of then; it goes on by itself.`;
      await new Promise((after) => setTimeout(after, pause));
    }
  }
}
