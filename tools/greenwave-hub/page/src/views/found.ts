import type { Api } from "../api.ts";
import { type Content, h } from "../dom.ts";

const pause = 1200;

/** What the hub finds in the repository's commits, or why it does not. */
export interface Finding {
  state: "done" | "working" | "none";
  error?: string;
  remedy?: string;
}

export type Answer<Found extends Finding> = Found | { failure: string };

/** Asks until there is an answer, as long as somebody wants it. */
export async function ask<Found extends Finding>(api: Api, path: string, wanted: () => boolean): Promise<Answer<Found> | undefined> {
  while (wanted()) {
    try {
      const said = await api.get<Found>(path);
      if (said.state !== "working") return said;
    } catch (error) {
      return { failure: (error as Error).message };
    }
    await new Promise((after) => setTimeout(after, pause));
  }
  return undefined;
}

export const isFound = <Found extends Finding>(answer: Answer<Found>): answer is Found => "state" in answer && answer.state === "done";

export function notFound(answer: Answer<Finding>): Content {
  const [why, remedy] = "failure" in answer ? [answer.failure, ""] : [answer.error ?? "the hub gives no reason", answer.remedy ?? ""];
  return h("p", { class: "why" }, `That cannot be said: ${why}.`, remedy && h("span", { class: "muted" }, ` ${remedy}.`));
}

/** It stays open, or closed, when it is drawn again. */
export function remembered(open: Set<string>, key: string, details: HTMLDetailsElement): HTMLDetailsElement {
  details.open = open.has(key);
  details.addEventListener("toggle", () => (details.open ? open.add(key) : open.delete(key)));
  return details;
}
