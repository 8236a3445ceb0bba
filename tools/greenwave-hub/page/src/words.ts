import { now } from "./clock.ts";

/** How the page says numbers and times. */

export const number = (n: number) => n.toLocaleString("en-US");
export const devices = (n: number) => `${number(n)} device${n === 1 ? "" : "s"}`;
export const short = (commit: string) => commit.slice(0, 10);

/** "2 min", "3 h", "4 days". */
export function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  if (hours < 48) return `${hours} h`;
  return `${Math.round(hours / 24)} days`;
}

/** A time in the hub's form, or null for none or a damaged one. */
export function timeOf(text: unknown): Date | null {
  if (typeof text !== "string") return null;
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? null : time;
}

export function ago(text: unknown, at = now()): string {
  const time = timeOf(text);
  return time ? `${span(at - time.getTime())} ago` : "never";
}

/** In the reader's own time zone: "27 Nov, 11:52". */
export function moment(text: unknown): string {
  const time = text instanceof Date ? text : timeOf(text);
  return time
    ? time.toLocaleString("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" })
    : "never";
}

export function bytes(n: number): string {
  if (n < 1024) return `${n} B`;
  if (n < 1024 * 1024) return `${(n / 1024).toFixed(1)} KiB`;
  return `${(n / 1024 / 1024).toFixed(1)} MiB`;
}
