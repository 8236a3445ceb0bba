/** The hub's clock. Its times are counted by that: the clock of whoever reads may be hours off. */

const most_off = 2000; // milliseconds that an answer's Date says nothing about: it is in seconds, and was on its way
let ahead = 0;

/** `date` is the header Date of an answer. */
export function hear(date: string | null, here = Date.now()): void {
  const theirs = Date.parse(date ?? "");
  if (Number.isNaN(theirs)) return;
  const off = theirs + 500 - here;
  ahead = Math.abs(off) <= most_off ? 0 : off;
}

export const now = (): number => Date.now() + ahead;
