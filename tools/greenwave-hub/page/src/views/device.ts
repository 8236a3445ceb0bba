import { type Content, h, show } from "../dom.ts";
import { type Device, object, remarksOf, resultInWords, standingOf, text } from "../standing.ts";
import { kinds, stateOfWord } from "../states.ts";
import { bytes, moment, short, span, timeOf } from "../words.ts";
import { stateIcon } from "./icon.ts";
import type { DeviceDiff } from "./impact.ts";
import type { DeviceObjects, Places } from "./objects.ts";

type Json = Record<string, unknown>;

const list = (value: unknown): Json[] => (Array.isArray(value) ? value.map(object) : []);
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(text) : []);

const fact = (name: string, value: Content) => (value === "" || value === null ? null : [h("dt", {}, name), h("dd", {}, value)]);
const section = (title: string, ...content: Content[]) => h("section", {}, h("h3", {}, title), content);

/** As a shell takes it for one word. */
const quoted = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** What to type, and where, by what is wrong. */
export function commandsFor(device: Device): [where: string, command: string][] {
  const id = quoted(device.id);
  const rejected = text(object(object(device["detail"])["rejected"])["commit"]);
  const there = "At the device";
  switch (device.state) {
    case "failed":
      if (rejected) return [["In the repository", "greenwave lint"], [there, "greenwave status"], ["Anywhere", `greenwave fleet device ${id}`]];
      return [[there, "greenwave status"], [there, "greenwave diff"], [there, "greenwave doctor"], ["Anywhere", `greenwave fleet device ${id}`]];
    case "reverted":
      return [[there, "greenwave history"], ["In the repository", `git revert ${short(rejected) || "COMMIT"}`]];
    case "not-reporting":
      return [[there, "systemctl status greenwaved"], [there, "greenwave doctor"]];
    case "paused":
      return [[there, "greenwave resume"]];
    case "held":
      return [["Anywhere", "greenwave fleet rollout"]];
    default:
      return [[there, "greenwave status"]];
  }
}

function copyable(where: string, command: string): HTMLElement {
  const said = h("span", { class: "muted", role: "status" });
  return h("li", {}, h("span", { class: "muted" }, where, ": "), h("code", {}, command), " ",
    h("button", { class: "tiny", "aria-label": `Copy ${command}`, onclick: () => {
      navigator.clipboard?.writeText(command).then(() => (said.textContent = " copied"), () => (said.textContent = " not copied"));
    } }, "Copy"), said);
}

const most_actions = 12;
const opened = new Map<string, boolean>(); // by the sync

/** Open where something is wrong, until somebody says otherwise. */
function stepsOf(sync: Json, bad: boolean, details: HTMLDetailsElement): HTMLDetailsElement {
  const key = `${text(sync["started"])} ${text(sync["number"])} ${text(sync["commit"])}`;
  details.open = opened.get(key) ?? bad;
  details.addEventListener("toggle", () => {
    if (opened.size > 200) opened.clear();
    opened.set(key, details.open);
  });
  return details;
}

/** `places` are those of the commit that the device has: a step of another commit is without. */
function syncEntry(sync: Json, places: Places): HTMLElement {
  const actions = list(sync["actions"]);
  const failed = actions.filter((action) => action["ok"] === false);
  const rest = actions.filter((action) => action["ok"] !== false);
  const shown = [...failed, ...rest].slice(0, most_actions);
  const total = typeof sync["actionsTotal"] === "number" ? sync["actionsTotal"] : actions.length;
  const bad = failed.length > 0 || text(sync["error"]) !== "" || /fail|revert/.test(text(sync["result"]));
  return h("li", { class: bad ? "bad" : "" },
    h("div", {}, h("time", {}, moment(sync["started"])), " ", h("b", {}, text(sync["result"])), " ",
      h("span", { class: "muted" }, text(sync["trigger"]), text(sync["who"]) && ` by ${text(sync["who"])}`,
        typeof sync["tookMs"] === "number" && ` in ${span(sync["tookMs"])}`)),
    text(sync["commit"]) && h("div", { class: "muted" }, h("code", {}, short(text(sync["commit"]))), " ", text(sync["subject"])),
    text(sync["error"]) && h("div", { class: "why" }, text(sync["error"])),
    shown.length > 0 && stepsOf(sync, bad, h("details", {},
      h("summary", {}, `${total} step${total === 1 ? "" : "s"}`, failed.length > 0 && `, ${failed.length} failed`),
      h("ul", { class: "steps" }, shown.map((action) => h("li", { class: action["ok"] === false ? "bad" : "" },
        text(action["verb"]), " ", h("code", {}, text(action["object"])), " ",
        text(sync["commit"]) === places.commit && places.of(text(action["object"])),
        text(action["error"]) && h("div", { class: "why" }, text(action["error"]))))),
      total > shown.length && h("p", { class: "muted" }, `and ${total - shown.length} more`))));
}

const more = (shown: Json[], total: unknown) =>
  typeof total === "number" && total > shown.length && h("p", { class: "muted" }, `and ${total - shown.length} more`);

function objects(detail: Json, state: string, places: Places): Content {
  const failed = list(detail["failed"]);
  const waiting = list(detail["waiting"]);
  const problems = texts(detail["problems"]);
  const until = timeOf(detail["waitingUntil"]);
  const total = typeof detail["failedTotal"] === "number" ? detail["failedTotal"] : failed.length;
  return [
    failed.length > 0 && section(`Failed objects (${total})`, h("ul", { class: "objects" }, failed.map((one) => h("li", { class: "bad" },
      h("code", {}, text(one["object"])), " ", places.of(text(one["object"])), h("div", { class: "why" }, text(one["reason"])),
      timeOf(one["again"]) && h("div", { class: "muted" }, "tried again ", moment(one["again"]))))),
      more(failed, total)),
    (waiting.length > 0 || state === "waiting") && section("Waits",
      h("p", {}, text(detail["waitingWhy"]) || "For a reason that it does not tell", until && `, until ${moment(until)}`),
      h("ul", { class: "objects" }, waiting.map((one) => h("li", {},
        h("code", {}, text(one["object"])), " ", text(one["what"]), " ", places.of(text(one["object"]))))),
      more(waiting, detail["waitingTotal"])),
    problems.length > 0 && section("Problems in the repository", h("ul", { class: "objects" }, problems.map((one) =>
      h("li", {}, h("code", {}, one))))),
  ];
}

function facts(device: Device, detail: Json): HTMLElement {
  const commit = object(detail["commit"]);
  const signer = object(detail["signedBy"]);
  const place = Array.isArray(device["position"]) ? device["position"].map(Number) : [];
  return h("dl", {},
    place.length === 2 && place.every(Number.isFinite) ? fact("Where", `${place[1]!.toFixed(6)}, ${place[0]!.toFixed(6)}`) : null,
    fact("Since", moment(device["since"])),
    fact("Commit by", [text(commit["author"]), text(commit["time"]) && `, ${moment(commit["time"])}`].filter(Boolean).join("")),
    fact("Signed by", text(signer["principal"])),
    fact("Wave", text(device["wave"]) || "branch"),
    fact("Last sync", timeOf(detail["lastSync"]) ? [moment(detail["lastSync"]), ": ", resultInWords(text(detail["lastResult"]))] : ""),
    text(detail["lastError"]) ? fact("Last error", h("span", { class: "why" }, text(detail["lastError"]))) : null,
    timeOf(detail["unreachableSince"]) ? fact("Repository away", `since ${moment(detail["unreachableSince"])}`) : null,
    typeof detail["bytesReceived"] === "number" ? fact("Received", bytes(detail["bytesReceived"])) : null,
    fact("Version", text(device["version"])),
    fact("Layers", texts(device["layers"]).join(" → ")));
}

const linesOf = (device: Device): Content => standingOf(device).lines.map((line) => h("p", {}, line));

/** Where it is beside its commit; with what it would do for another one, if that is what it should run. */
function standing(device: Device, diff: DeviceDiff): HTMLElement {
  const { runs, wanted } = standingOf(device);
  const differs = runs !== "" && wanted !== "" && runs !== wanted;
  return section("Beside its commit", h("div", { class: "standing" }, linesOf(device)), differs && diff.show(device.id, runs, wanted));
}

/** Brings the times in a view to now, and changes nothing else of it: what somebody reads, or has opened, stays. */
export function freshen(view: Element, device: Device): void {
  const place = view.querySelector(".standing");
  if (place) show(place, linesOf(device));
}

/** What of a device changes with each sign of life, and makes no other view. */
export const withoutTimes = (device: Device): string => JSON.stringify({ ...device, seen: null, clock: null });

/** One device, as it told it and as the hub has it. */
export function deviceView(device: Device, diff: DeviceDiff, declared: DeviceObjects, byLabel: (label: string) => (() => void) | null, close: () => void, sync: (() => void) | null, showOnMap: (() => void) | null): HTMLElement {
  const detail = object(device["detail"]);
  const state = stateOfWord(device.state);
  const labels = Object.entries(object(device["labels"]));
  const history = list(device["history"]).slice(0, 12);
  const syncs = list(device["syncs"]);
  const reason = text(device["reason"]) || text(detail["says"]);
  const remarks = remarksOf(device);
  const places = declared.places(device.id, text(device["commit"]));
  return h("article", { class: "device", "aria-label": `Device ${device.id}` },
    h("header", {},
      h("h2", { tabindex: -1 }, device.name || device.id, device.name && h("span", { class: "muted" }, " ", device.id)),
      h("button", { class: "close", "aria-label": "Close", onclick: close }, "×")),
    h("p", { class: `verdict ${device.state}` }, stateIcon(state), " ", h("b", {}, kinds[state]!.label), reason && h("span", {}, ": ", reason)),
    remarks.length > 0 && h("p", { class: "muted" }, "Also: ", remarks.join("; "), "."),
    device["listed"] === false && h("p", { class: "why" }, "The inventory does not list it."),
    h("div", { class: "buttons" },
      sync && h("button", { class: "primary", "data-key": "sync device", onclick: sync }, "Sync now…"),
      showOnMap && h("button", { class: "plain", onclick: showOnMap }, "Show on map")),
    standing(device, diff),
    section("What to type", h("ul", { class: "commands" }, commandsFor(device).map(([where, command]) => copyable(where, command)))),
    objects(detail, device.state, places),
    places.commit && section("Objects", declared.list(places)),
    facts(device, detail),
    labels.length > 0 && section("Labels", h("ul", { class: "labels" }, labels.map(([key, value]) => {
      const filter = byLabel(`${key}=${text(value)}`);
      const said = [key, h("b", {}, text(value))];
      return h("li", {}, filter ? h("button", { class: "label", title: "Show all devices with this label", onclick: filter }, said) : said);
    }))),
    syncs.length > 0 && section("Last syncs", h("ol", { class: "timeline" }, syncs.map((sync) => syncEntry(sync, places)))),
    history.length > 0 && section("States before", h("ol", { class: "timeline" }, history.map((one) =>
      h("li", {}, h("time", {}, moment(one["at"])), " ", stateIcon(stateOfWord(text(one["state"]))), " ", text(one["state"]), " ",
        h("code", {}, short(text(one["commit"]))), text(one["reason"]) && h("div", { class: "why" }, text(one["reason"])))))));
}

/** Whether objects are shown before anybody opens a list of them. */
export const showsObjects = (device: Device): boolean => {
  const detail = object(device["detail"]);
  return list(detail["failed"]).length + list(detail["waiting"]).length > 0;
};

export function deviceMessage(message: string, close: () => void): HTMLElement {
  const element = h("article", { class: "device", "aria-label": "Device" });
  show(element, h("header", {}, h("h2", { tabindex: -1 }, "Device"), h("button", { class: "close", "aria-label": "Close", onclick: close }, "×")),
    h("p", { role: "status" }, message));
  return element;
}
