/** Devices that would be drawn over each other, as one mark. */
export interface Cluster {
  x: number; // of its middle, in the map's square of 0 to 1 (Web Mercator)
  y: number;
  rows: number[];
}

export const mercatorX = (longitude: number) => (longitude + 180) / 360;
export function mercatorY(latitude: number): number {
  const angle = (latitude * Math.PI) / 360 + Math.PI / 4;
  return 0.5 - Math.log(Math.tan(angle)) / (2 * Math.PI);
}

/** Gathers what is within `radius` of the first of it, in the order of the rows. `x` and `y` are by row. The same
 * rows and radius give the same clusters, wherever the map looks. */
export function cluster(rows: readonly number[], x: Float64Array, y: Float64Array, radius: number): Cluster[] {
  const key = (column: number, line: number) => column * 0x4000000 + line;
  const cells = new Map<number, Cluster[]>();
  const first = new Map<Cluster, [number, number]>();
  const clusters: Cluster[] = [];
  for (const row of rows) {
    const [px, py] = [x[row]!, y[row]!];
    const [column, line] = [Math.floor(px / radius), Math.floor(py / radius)];
    let best: Cluster | undefined;
    let nearest = radius * radius;
    for (let dx = -1; dx <= 1; ++dx) {
      for (let dy = -1; dy <= 1; ++dy) {
        for (const one of cells.get(key(column + dx, line + dy)) ?? []) {
          const [ox, oy] = first.get(one)!;
          const away = (ox - px) ** 2 + (oy - py) ** 2;
          if (away < nearest) [nearest, best] = [away, one];
        }
      }
    }
    if (best) {
      best.rows.push(row);
      const share = 1 / best.rows.length;
      best.x += (px - best.x) * share;
      best.y += (py - best.y) * share;
      continue;
    }
    const made = { x: px, y: py, rows: [row] };
    clusters.push(made);
    first.set(made, [px, py]);
    const cell = cells.get(key(column, line));
    if (cell) cell.push(made);
    else cells.set(key(column, line), [made]);
  }
  return clusters;
}
