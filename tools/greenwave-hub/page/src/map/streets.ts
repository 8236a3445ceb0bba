/** A street as pieces between neighbouring intersections. */
export interface Street {
  name: string;
  lines: [number, number][][];
}

type Point = [longitude: number, latitude: number];

/** The streets that an intersection's name says it is on: "19th St & Castro St". */
export function streetsOf(name: string): string[] {
  const parts = name.split(/\s+(?:&|\/|@|and|at)\s+/i).map((part) => part.trim());
  return parts.length > 1 ? parts.filter(Boolean) : [];
}

const metres = 111_320;
const longest = 700; // between two intersections of one street
const much = 3.5; // times the usual distance between them

/** Joins each street's intersections, nearest first, and leaves out what would bridge a gap: what is left is a forest
 * of short pieces (Kruskal, over the few near ones of each point). */
export function makeStreets(names: readonly string[], longitude: Float64Array, latitude: Float64Array): Street[] {
  const of_street = new Map<string, Point[]>();
  names.forEach((name, row) => {
    if (Number.isNaN(longitude[row])) return;
    for (const street of streetsOf(name)) {
      const point: Point = [longitude[row]!, latitude[row]!];
      const points = of_street.get(street);
      if (points) points.push(point);
      else of_street.set(street, [point]);
    }
  });
  const streets: Street[] = [];
  for (const [name, points] of of_street) {
    const lines = chain(joined(points));
    if (lines.length > 0) streets.push({ name, lines });
  }
  return streets;
}

function distance([ax, ay]: Point, [bx, by]: Point): number {
  return Math.hypot((ax - bx) * Math.cos((ay * Math.PI) / 180), ay - by) * metres;
}

/** Pairs of points that the street runs between. */
function joined(points: readonly Point[]): [Point, Point][] {
  const edges: [number, number, number][] = [];
  for (let a = 0; a < points.length; ++a) {
    for (let b = a + 1; b < points.length; ++b) {
      const away = distance(points[a]!, points[b]!);
      if (away > 0 && away <= longest) edges.push([away, a, b]);
    }
  }
  edges.sort((one, other) => one[0] - other[0]);
  const parent = points.map((_, i) => i);
  const root = (i: number): number => (parent[i] === i ? i : (parent[i] = root(parent[i]!)));
  const taken: [number, Point, Point][] = [];
  for (const [away, a, b] of edges) {
    if (root(a) === root(b)) continue;
    parent[root(a)] = root(b);
    taken.push([away, points[a]!, points[b]!]);
  }
  const usual = taken[Math.floor(taken.length / 2)]?.[0] ?? 0;
  return taken.filter(([away]) => away <= Math.max(usual * much, 150)).map(([, a, b]) => [a, b]);
}

/** Pieces that meet, as lines as long as may be: a map draws, and names, few long ones better. */
function chain(pairs: readonly [Point, Point][]): Point[][] {
  const at = new Map<string, number[]>();
  const key = (point: Point) => point.join(" ");
  pairs.forEach((pair, i) => pair.forEach((point) => at.set(key(point), [...(at.get(key(point)) ?? []), i])));
  const used = new Set<number>();
  const walk = (from: Point): Point[] => {
    const line = [from];
    for (let here = from; ; ) {
      const next = (at.get(key(here)) ?? []).find((i) => !used.has(i));
      if (next === undefined) return line;
      used.add(next);
      const [a, b] = pairs[next]!;
      here = key(a) === key(here) ? b : a;
      line.push(here);
    }
  };
  const ends = [...at].filter(([, edges]) => edges.length === 1).map(([, edges]) => edges[0]!);
  const lines: Point[][] = [];
  for (const i of [...ends, ...pairs.keys()]) {
    if (used.has(i)) continue;
    const [a, b] = pairs[i]!;
    lines.push(walk((at.get(key(a)) ?? []).length === 1 ? a : b));
  }
  return lines.filter((line) => line.length > 1);
}
