import { hear } from "./clock.ts";
import { EventReader, type ServerEvent } from "./sse.ts";

/** What the hub said instead of an answer. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly remedy: string,
  ) {
    super(message);
  }
}

const token_key = "greenwave.token";
/** The hub says something every 15 s, be it that it is alive. */
const silence = 40_000;
const patience = 30_000;

export interface Me {
  name: string;
  level: "view" | "operate" | "approve" | "configure";
  city: string | null; // null: here are several cities, and no devices
  version: string;
  tiles?: string;
}

const levels = ["view", "operate", "approve", "configure"];
export const may = (me: Me, level: Me["level"]) => levels.indexOf(me.level) >= levels.indexOf(level);

/** The hub's API, as who is here: by a token of this tab, or by what the proxy in front of it knows. */
export class Api {
  get token(): string | null {
    return sessionStorage.getItem(token_key);
  }
  set token(token: string | null) {
    if (token) sessionStorage.setItem(token_key, token);
    else sessionStorage.removeItem(token_key);
  }

  /** Throws Refusal, or another Error when there is no answer. */
  async get<Answer>(path: string): Promise<Answer> {
    return (await (await this.ask("GET", path)).json()) as Answer;
  }
  async post<Answer>(path: string, body: object): Promise<Answer> {
    return (await (await this.ask("POST", path, JSON.stringify(body))).json()) as Answer;
  }

  /** Gives each event after the one of this id to `take`, until the hub ends it. `alive` is called for each sign of
   * life. Throws as get() does, when nothing is heard any more, and when it is stopped. */
  async follow(
    last: string,
    take: (event: ServerEvent) => void,
    alive: () => void,
    stop: AbortSignal,
  ): Promise<void> {
    const control = new AbortController();
    stop.addEventListener("abort", () => control.abort());
    let timer = setTimeout(() => control.abort(), silence);
    try {
      const answer = await this.send("GET", "/v1/events", undefined, control.signal, { "Last-Event-ID": last });
      const reader = new EventReader(take);
      const stream = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await stream.read();
        clearTimeout(timer);
        if (done) return;
        timer = setTimeout(() => control.abort(), silence);
        alive();
        reader.read(value);
      }
    } finally {
      clearTimeout(timer);
      control.abort();
    }
  }

  private ask(method: string, path: string, body?: string): Promise<Response> {
    return this.send(method, path, body, AbortSignal.timeout(patience));
  }

  private async send(
    method: string,
    path: string,
    body: string | undefined,
    signal: AbortSignal,
    more: Record<string, string> = {},
  ): Promise<Response> {
    const headers: Record<string, string> = { ...more };
    if (this.token) headers["Authorization"] = `Bearer ${this.token}`;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const answer = await fetch(path, { method, headers, signal, ...(body === undefined ? {} : { body }) });
    hear(answer.headers.get("date"));
    if (answer.ok) return answer;
    const text = await answer.text();
    let said: { error?: string; remedy?: string } = {};
    try {
      said = JSON.parse(text) as typeof said;
    } catch {
      // the proxy's own page
    }
    throw new Refusal(answer.status, said.error ?? `the hub's proxy answered ${answer.status}`, said.remedy ?? "");
  }
}

/** Devices may have slashes in their ids. */
export const devicePath = (id: string, after = "") =>
  `/v1/devices/${id.split("/").map(encodeURIComponent).join("/")}${after}`;
