import { Api, devicePath, may, type Me, Refusal } from "./api.ts";
import { type City, type States, toCsv } from "./city.ts";
import { gathered, h, show } from "./dom.ts";
import { everything, type Filter, isEverything, most_ids, readFilter, rowsOf, writeFilter } from "./filter.ts";
import { Live } from "./live.ts";
import type { CityMap, View } from "./map/map.ts";
import type { Rollout } from "./rollout.ts";
import { kinds } from "./states.ts";
import { CitiesView, type Cities } from "./views/cities.ts";
import { Counts } from "./views/counts.ts";
import type { Device } from "./standing.ts";
import { deviceMessage, deviceView, freshen, showsObjects, withoutTimes } from "./views/device.ts";
import { confirm } from "./views/dialog.ts";
import { EnrolmentsView } from "./views/enrolments.ts";
import { DeviceDiff } from "./views/impact.ts";
import { DeviceObjects } from "./views/objects.ts";
import { LabelChoice } from "./views/labels.ts";
import { loginView } from "./views/login.ts";
import { RolloutView } from "./views/rollout.ts";
import { RollUpDesk } from "./views/roll_up.ts";
import { DeviceTable, worstFirst } from "./views/table.ts";
import { devices, moment } from "./words.ts";

/** What is not told by events is asked for again so often, while somebody looks. */
const look_every = 15_000;

type Page = "map" | "rollout" | "enrol" | "cities";
const pages: [Page, string][] = [["map", "Map"], ["rollout", "Rollout"], ["enrol", "Enrolment"], ["cities", "Cities"]];
const words = kinds.map((kind) => kind.word);

/** What the address bar says. */
interface Place {
  page: Page;
  filter: Filter;
  device: string | null;
  of: string; // the commit whose changes the rollout shows; empty: the newest
  view: View | null;
}

function readPlace(): Place {
  const query = new URLSearchParams(location.search);
  const page = pages.find(([name]) => name === query.get("page"))?.[0] ?? "map";
  const at = (query.get("at") ?? "").split(",").map(Number);
  const whole = at.length === 3 && at.every(Number.isFinite) && Math.abs(at[0]!) <= 180 && Math.abs(at[1]!) <= 85;
  return { page, filter: readFilter(query), device: query.get("device"), of: query.get("of") ?? "", view: whole ? (at as View) : null };
}

function addressOf(place: Place): string {
  const query = new URLSearchParams();
  if (place.page !== "map") query.set("page", place.page);
  writeFilter(place.filter, words, query);
  if (place.device !== null) query.set("device", place.device);
  if (place.page === "rollout" && place.of) query.set("of", place.of);
  if (place.view) query.set("at", `${place.view[0].toFixed(5)},${place.view[1].toFixed(5)},${place.view[2].toFixed(2)}`);
  const text = query.toString();
  return text ? `/?${text}` : "/";
}

/** The page for somebody who may read. */
class Desk {
  private place = readPlace();
  private city: City | null = null;
  private rows: number[] = [];
  private map: CityMap | null = null;
  private shown_device: string | null = null;
  private told: Device | null = null; // of the panel

  private readonly counts = new Counts((change) => this.filter(change));
  private readonly labels = new LabelChoice((label) => this.add_label(label));
  private readonly table: DeviceTable;
  private readonly rollout: RolloutView;
  private readonly enrolments: EnrolmentsView;
  private readonly cities = new CitiesView();
  private readonly diff: DeviceDiff;
  private readonly declared: DeviceObjects;
  private readonly map_place = h("section", { class: "map", "aria-label": "Map" });
  private readonly chips = h("div", { class: "chips" });
  private readonly panel = h("aside", { class: "panel", hidden: true, "aria-label": "One device" });
  private readonly main = h("main", { class: "desk", "aria-label": "Devices" });
  private readonly nav = h("nav", { "aria-label": "Views" });
  private readonly status = h("span", { class: "live", role: "status" }, "connecting");
  private readonly stale = h("div", { class: "stale", role: "alert", hidden: true });
  private readonly search = h("input", {
    type: "search", id: "search", placeholder: "Id or street", "aria-label": "Search by id or street", "aria-keyshortcuts": "/",
    autocomplete: "off", spellcheck: "false",
  });

  private readonly redraw = gathered(250, () => this.show());
  private readonly look_again = gathered(1500, () => void this.load_device(false));
  private readonly roll_again = gathered(1500, () => void this.load_rollout());

  constructor(
    private readonly api: Api,
    private readonly me: Me & { city: string },
    states: Promise<States>,
    leave: (why: string) => void,
  ) {
    this.table = new DeviceTable({
      open: (row) => this.go({ device: this.city!.ids[row]! }),
      address: (row) => addressOf({ ...this.place, device: this.city!.ids[row]! }),
      csv: () => this.csv(),
      sync: may(me, "operate") ? (rows) => this.sync(rows.map((row) => this.city!.ids[row]!)) : null,
    });
    this.enrolments = new EnrolmentsView(api, me);
    this.diff = new DeviceDiff(api);
    this.declared = new DeviceObjects(api, () => this.place.device);
    this.rollout = new RolloutView(api, (change) => this.go({ page: "map", filter: { ...everything, ...change }, device: null }),
      (commit) => this.go({ of: commit.slice(0, 12) }));
    this.build(() => {
      api.token = null;
      leave("");
    });
    this.listen();
    void new Live(api, {
      loaded: (city) => this.loaded(city),
      changed: (changes) => {
        this.redraw();
        this.map?.redraw();
        if (this.place.page === "rollout") this.roll_again();
        if (changes.some((change) => change.device === this.place.device)) this.look_again();
      },
      rollout: () => {
        if (this.place.page === "rollout") this.roll_again();
      },
      lively: (since, why) => this.lively(since, why),
      refused: (refusal) => leave(refusal.message),
    }, states).run();
    this.arrive();
    setInterval(() => document.hidden || this.look(), look_every);
    document.addEventListener("visibilitychange", () => document.hidden || this.look());
  }

  /** Times go on, and so does what no event tells of. */
  private look(): void {
    if (document.querySelector("dialog")) return;
    if (this.place.page === "rollout") this.rollout.show(null, this.place.of);
    if (this.place.page === "enrol") void this.enrolments.load();
    if (this.place.page === "cities") void this.load_cities();
    if (this.place.page === "map") this.redraw();
    if (this.place.device !== null) this.look_again();
  }

  private build(leave: () => void): void {
    document.title = `${this.me.city} · Greenwave`;
    const bar = h("header", { class: "bar" },
      h("a", { class: "skip", href: "#search" }, "Skip to search"),
      h("span", { class: "brand" }, "Greenwave ", h("b", {}, this.me.city)),
      this.nav,
      h("span", { class: "search" }, this.search, h("kbd", { "aria-hidden": "true" }, "/")),
      this.status,
      h("span", { class: "me muted" }, this.me.name, this.me.name === this.me.level ? "" : ` (${this.me.level})`,
        this.api.token && h("button", { class: "tiny", onclick: leave }, "Sign out")));
    this.main.append(
      h("h1", { class: "unseen" }, `The devices of ${this.me.city}`),
      h("div", { class: "side" }, this.chips, this.labels.element, this.counts.element, this.counts.reasons),
      h("div", { class: "middle" }, this.map_place, this.table.element));
    show(document.body, bar, this.stale, this.main);
    this.search.value = this.place.filter.text;
  }

  private listen(): void {
    this.search.addEventListener("input", () => {
      const change = { text: this.search.value };
      // What is found is on the map and in its table, wherever somebody begins to search.
      if (this.place.page === "map") this.filter(change);
      else this.go({ page: "map", filter: { ...this.place.filter, ...change } });
    });
    this.search.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && this.city && this.rows.length > 0) {
        const first = worstFirst(this.city, this.rows)[0]!;
        this.go({ device: this.city.ids[first]! });
        this.map?.fit([first]);
      }
    });
    document.addEventListener("keydown", (event) => {
      if (document.querySelector("dialog")) return;
      const typing = event.target instanceof HTMLInputElement;
      if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        if (this.place.page !== "map") this.go({ page: "map" });
        this.search.focus();
        this.search.select();
      }
      if (event.key === "Escape") this.escape();
    });
    addEventListener("popstate", () => {
      this.place = readPlace();
      this.search.value = this.place.filter.text;
      this.arrive();
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.map?.recolour());
  }

  private escape(): void {
    if (this.place.device !== null) {
      this.go({ device: null });
    } else if (!isEverything(this.place.filter)) {
      this.search.value = "";
      this.go({ filter: everything });
    }
  }

  private async make_map(): Promise<void> {
    try {
      const { CityMap: Made } = await import("./map/map.ts");
      this.map = new Made(this.map_place, this.place.view, this.me.tiles, {
        chosen: (row) => this.go({ device: this.city!.ids[row]! }),
        listed: (rows) => this.filter({ ids: rows.map((row) => this.city!.ids[row]!) }),
        moved: (view) => {
          this.place.view = view;
          history.replaceState(null, "", addressOf(this.place));
        },
      });
      this.show();
    } catch (error) {
      show(this.map_place, h("p", { class: "muted no-map", role: "alert" }, "No map here: ", (error as Error).message, ". The table has everything."));
    }
  }

  private loaded(city: City): void {
    const first = this.city === null;
    this.city = city;
    this.show();
    // The counts and the table are there before the map takes its time.
    if (first) requestAnimationFrame(() => setTimeout(() => void this.make_map()));
    if (this.place.device !== null) this.look_again();
  }

  private lively(since: Date | null, why: string): void {
    this.status.textContent = since ? "not live" : "live";
    this.status.classList.toggle("off", since !== null);
    this.stale.hidden = since === null;
    if (since) this.stale.textContent = `Not live since ${moment(since)}: ${why}. What you see is as of then; it goes on by itself.`;
  }

  private filter(change: Partial<Filter>): void {
    this.go({ filter: { ...this.place.filter, ...change } }, "text" in change);
  }

  private add_label(label: string): void {
    if (!this.place.filter.labels.includes(label)) this.filter({ labels: [...this.place.filter.labels, label] });
  }

  private go(change: Partial<Place>, replace = false): void {
    this.place = { ...this.place, ...change };
    history[replace ? "replaceState" : "pushState"](null, "", addressOf(this.place));
    this.arrive();
  }

  /** Shows what the address bar says. */
  private arrive(): void {
    const { page } = this.place;
    show(this.nav, pages.map(([name, label]) =>
      h("a", { href: name === "map" ? "/" : `/?page=${name}`, "data-key": `nav ${name}`, ...(name === page ? { "aria-current": "page" } : {}),
               onclick: (event: Event) => {
                 event.preventDefault();
                 this.go({ page: name, device: null });
               } }, label)));
    const view = { map: this.main, rollout: this.rollout.element, enrol: this.enrolments.element, cities: this.cities.element }[page];
    const now = document.querySelector("main")!;
    if (now !== view) now.replaceWith(view);
    if (page === "rollout") {
      this.rollout.show(null, this.place.of);
      void this.load_rollout();
    }
    if (page === "enrol") void this.enrolments.load();
    if (page === "cities") void this.load_cities();
    this.show();
    if (this.place.device !== this.shown_device) void this.load_device(true);
  }

  private show(): void {
    const { filter, device } = this.place;
    if (!this.city || this.place.page !== "map") return;
    const city = this.city;
    this.rows = rowsOf(city, filter);
    const chosen = device === null ? null : (city.rowOf(device) ?? null);
    this.counts.show(city, filter);
    this.labels.show(city, filter);
    this.table.show(city, this.rows, JSON.stringify([...filter.states, filter.reason, filter.wave, filter.commit, filter.text, filter.labels, filter.ids]), chosen);
    this.map?.show(city, this.rows);
    this.map?.choose(chosen);
    this.show_chips(filter);
    document.body.dataset["devices"] = String(this.rows.length);
  }

  private show_chips(filter: Filter): void {
    const chip = (name: string, change: Partial<Filter>) =>
      h("button", { class: "chip", "data-key": `chip ${name}`, onclick: () => this.filter(change) }, name, h("span", { "aria-label": "remove" }, " ×"));
    show(this.chips,
      [...filter.states].map((state) => chip(kinds[state]!.label, { states: new Set([...filter.states].filter((one) => one !== state)) })),
      filter.reason !== null && chip(filter.reason, { reason: null }),
      filter.wave !== null && chip(`wave ${filter.wave || "branch"}`, { wave: null }),
      filter.commit && chip(`commit ${filter.commit.slice(0, 10)}`, { commit: "" }),
      filter.labels.map((label) => chip(label, { labels: filter.labels.filter((one) => one !== label) })),
      filter.ids && chip(`${devices(filter.ids.length)} chosen${filter.ids.length > most_ids ? `, the first ${most_ids} in a link` : ""}`, { ids: null }),
      !isEverything(filter) && h("button", { class: "chip clear", "data-key": "clear", onclick: () => {
        this.search.value = "";
        this.go({ filter: everything });
      } }, "Show all"));
  }

  private async load_device(opened: boolean): Promise<void> {
    const id = this.place.device;
    this.shown_device = id;
    this.panel.hidden = id === null;
    this.main.classList.toggle("with-panel", id !== null);
    if (id === null) {
      this.told = null;
      this.panel.remove();
      return;
    }
    const close = () => this.go({ device: null });
    if (!this.panel.isConnected) this.main.append(this.panel);
    let view: HTMLElement;
    let told: Device | null = null;
    try {
      const device = (told = await this.api.get<Device>(devicePath(id)));
      const row = this.city?.rowOf(id);
      const has_place = row !== undefined && this.city!.hasPlace(row);
      view = deviceView(device, this.diff, this.declared, (label) => this.city?.labelNumber(label) === undefined ? null : () => this.add_label(label), close, may(this.me, "operate") ? () => this.sync([id]) : null, has_place ? () => this.map?.fit([row]) : null);
    } catch (error) {
      if (!opened && this.told?.id === id) { // what is shown stays, and its times go on
        freshen(this.panel, this.told);
        return;
      }
      view = deviceMessage((error as Error).message, close);
    }
    if (this.place.device !== id) return;
    const is_same = told !== null && this.told !== null && !opened && withoutTimes(told) === withoutTimes(this.told);
    this.told = told;
    if (is_same) {
      freshen(this.panel, told!);
      return;
    }
    const scrolled = this.panel.scrollTop;
    show(this.panel, view);
    this.panel.scrollTop = opened ? 0 : scrolled;
    if (opened) this.panel.querySelector<HTMLElement>("h2")?.focus({ preventScroll: true });
    if (told && told["commit"] && showsObjects(told)) void this.declared.places(id, String(told["commit"])).ask();
  }

  private async load_rollout(): Promise<void> {
    try {
      this.rollout.show(await this.api.get<Rollout>("/v1/rollout"), this.place.of);
    } catch (error) {
      this.rollout.fail((error as Error).message);
    }
  }

  private async load_cities(): Promise<void> {
    try {
      this.cities.show(await this.api.get<Cities>("/v1/cities"));
    } catch (error) {
      const absent = error instanceof Refusal && error.status === 404;
      if (absent || !this.cities.isShown) this.cities.fail(absent ? "This hub is for one city." : (error as Error).message);
    }
  }

  private csv(): void {
    const text = toCsv(this.city!, this.rows, words);
    const link = h("a", { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: `${this.me.city}.csv` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  private sync(ids: string[]): void {
    const them = devices(ids.length);
    confirm(ids.length === 1 ? `Sync ${ids[0]} now?` : `Sync ${them} now?`,
      [h("p", {}, ids.length === 1 ? "1 device is" : `${them} are`, " asked to sync, each at its next report: a silent one when it is heard of again. That changes what the commit says should be changed, and nothing else."),
        h("label", { for: "sync-reason" }, "Why (for the audit trail)"), h("input", { id: "sync-reason", name: "reason", maxlength: 200 })],
      `Sync ${them}`, async (form) => {
        const { asked } = await this.api.post<{ asked: number }>("/v1/sync", { devices: ids, reason: String(form.get("reason") ?? "") });
        return `${devices(asked)} ${asked === 1 ? "is" : "are"} asked at the next report.`;
      });
  }
}

const api = new Api();

/** Finds out who is here, and shows the city, or asks for a token. */
async function begin(why = ""): Promise<void> {
  const states = api.get<States>("/v1/states");
  states.catch(() => undefined); // whoever waits for it is told
  try {
    const me = await api.get<Me>("/v1/me");
    const leave = (reason: string) => location.replace(reason ? "/?" : location.href);
    if (me.city === null) new RollUpDesk(api, leave);
    else new Desk(api, { ...me, city: me.city }, states, leave);
  } catch (error) {
    if (error instanceof Refusal && (error.status === 401 || error.status === 403)) {
      const had = api.token !== null;
      api.token = null;
      show(document.body, loginView(why || (had ? "That token is not good here, or has ended." : error.status === 403 ? error.message : ""), (token) => {
        api.token = token;
        void begin();
      }));
      document.getElementById("token")?.focus();
      return;
    }
    show(document.body, h("main", { class: "login-page" }, h("p", { role: "alert" }, `The hub does not answer: ${(error as Error).message}. It is asked again.`)));
    setTimeout(() => void begin(why), 3000);
  }
}

void begin();
