import { type Api, Refusal } from "./api.ts";
import { now } from "./clock.ts";
import { type Change, City, type Places, type States } from "./city.ts";

export interface Heard {
  loaded(city: City): void;
  changed(changes: Change[]): void;
  rollout(): void; // a ref or the inventory changed
  lively(since: Date | null, why: string): void; // since when nothing is heard, and why; null: it is live
  refused(refusal: Refusal): void; // the end: who is here may not read
}

const first_pause = 500;
const longest_pause = 10_000;

const sleep = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

/** Keeps a City as the hub has it, whatever happens to the hub and the way there: all states once, then each change
 * after them. */
export class Live {
  private city: City | null = null;
  private places: Places | null = null;
  private last = ""; // the event that the city is as of
  private must_load = true;
  private failures = 0;
  private since: Date | null = null;
  private stream = new AbortController();
  private reload: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly api: Api,
    private readonly heard: Heard,
    private asked: Promise<States> | null, // the first states, which somebody asks for already
  ) {}

  async run(): Promise<void> {
    for (;;) {
      try {
        if (this.must_load) await this.load();
        this.stream = new AbortController();
        await this.api.follow(this.last, (event) => this.take(event.kind, event.data, event.id), () => this.alive(),
          this.stream.signal);
        this.quiet(); // the hub stops, or starts again
      } catch (error) {
        if (error instanceof Refusal && (error.status === 401 || error.status === 403)) {
          this.heard.refused(error);
          return;
        }
        if (this.stream.signal.aborted && this.must_load) continue;
        ++this.failures;
        this.quiet(error instanceof Refusal ? error.message : undefined);
      }
      const pause = Math.min(longest_pause, first_pause * 2 ** Math.min(this.failures, 6));
      await sleep(pause * (0.5 + Math.random() / 2));
    }
  }

  private quiet(why = "the hub does not answer"): void {
    this.since ??= new Date(now());
    this.heard.lively(this.since, why);
  }
  private alive(): void {
    this.failures = 0;
    this.since = null;
    this.heard.lively(null, "");
  }

  private async load(): Promise<void> {
    const asked = this.asked ?? this.api.get<States>("/v1/states");
    this.asked = null;
    const states = await asked;
    const places = this.places;
    if (places === null || places.inventory === null || places.inventory !== states.inventory ||
        places.ids.length !== states.states.length) {
      this.places = await this.api.get<Places>(`/v1/places?inventory=${states.inventory ?? ""}&form=2`);
    }
    this.city = new City(this.places!, states);
    this.last = states.event;
    this.must_load = false;
    this.heard.loaded(this.city);
  }

  private take(kind: string, data: string, id: string): void {
    if (id) this.last = id;
    if (kind === "states") {
      const changes = JSON.parse(data) as Change[];
      const known = changes.filter((change) => this.city?.apply(change));
      if (known.length < changes.length) this.load_soon();
      this.heard.changed(known);
    } else if (kind === "rollout" || kind === "reset") {
      this.load_soon();
      if (kind === "rollout") this.heard.rollout();
    }
  }

  /** Not all open pages at once. The stream then begins where the states end. */
  private load_soon(): void {
    this.reload ??= setTimeout(() => {
      this.reload = undefined;
      this.must_load = true;
      this.stream.abort();
    }, 50 + Math.random() * 700);
  }
}
