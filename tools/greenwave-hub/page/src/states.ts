/** A device's status, the worst first: the order of everything that lists them. */
export interface StateKind {
  word: string; // the hub's
  letter: string; // in /v1/states
  label: string;
  path: string; // its shape, filled, in a square of 16
}

const circle = (r: number) => `M8 ${8 - r}a${r} ${r} 0 1 0 0 ${2 * r}a${r} ${r} 0 1 0 0 ${-2 * r}z`;
const hole = (r: number) => `M8 ${8 - r}a${r} ${r} 0 1 1 0 ${2 * r}a${r} ${r} 0 1 1 0 ${-2 * r}z`;

export const kinds: readonly StateKind[] = [
  { word: "failed", letter: "f", label: "Failed",
    path: "M3.8 1.4 8 5.6l4.2-4.2 2.4 2.4L10.4 8l4.2 4.2-2.4 2.4L8 10.4l-4.2 4.2-2.4-2.4L5.6 8 1.4 3.8z" },
  { word: "reverted", letter: "r", label: "Reverted", path: "M1 8 9 1.4v4.2h6v4.8H9v4.2z" },
  { word: "not-reporting", letter: "n", label: "Not reporting",
    path: "M8 1.2a6.8 6.8 0 0 1 6.8 6.8h-2.6A4.2 4.2 0 0 0 8 3.8zM14.8 8.6A6.8 6.8 0 0 1 8 14.8v-2.6a4.2 4.2 0 0 0 4.2-3.6zM7.4 14.8A6.8 6.8 0 0 1 1.2 8h2.6a4.2 4.2 0 0 0 3.6 4.2zM1.2 7.4A6.8 6.8 0 0 1 7.4 1.2v2.6a4.2 4.2 0 0 0-3.6 3.6z" },
  { word: "held", letter: "h", label: "Held", path: "M2 2h12v12H2z" },
  { word: "paused", letter: "p", label: "Paused", path: "M2.6 1.6h3.9v12.8H2.6zM9.5 1.6h3.9v12.8H9.5z" },
  { word: "waiting", letter: "w", label: "Waiting", path: "M8 .6 15.4 8 8 15.4.6 8z" },
  { word: "applying", letter: "a", label: "Applying", path: circle(6.8) + hole(3.4) },
  { word: "in-sync", letter: "i", label: "In sync", path: circle(5.6) },
];

export const count = kinds.length;
const by_word = new Map(kinds.map((kind, i) => [kind.word, i]));
const by_letter = new Map(kinds.map((kind, i) => [kind.letter, i]));
/** Of these it is not known how they are. */
export const silent = by_word.get("not-reporting")!;

/** Its number in `kinds`; a word of a newer hub is one that is not known here. */
export const stateOfWord = (word: string): number => by_word.get(word) ?? silent;
export const stateOfLetter = (letter: string): number => by_letter.get(letter) ?? silent;
export const isState = (word: string): boolean => by_word.has(word);

/** Those that nobody needs to look at. */
export const inSync = by_word.get("in-sync")!;
