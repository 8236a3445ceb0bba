import { Map as MapLibre, NavigationControl, ScaleControl, setWorkerUrl, type StyleSpecification } from "maplibre-gl";

import type { City } from "../city.ts";
import { h, show } from "../dom.ts";
import { count, kinds } from "../states.ts";
import { cluster, type Cluster, mercatorX, mercatorY } from "./clusters.ts";
import { type Colours, coloursNow, Marks, ringRadius } from "./marks.ts";
import { makeStreets } from "./streets.ts";

declare const MAP_WORKER: string;

/** Where the map looks: longitude, latitude, zoom. */
export type View = [number, number, number];

export interface MapEvents {
  chosen(row: number): void;
  /** Devices that no zoom shows apart. */
  listed(rows: number[]): void;
  moved(view: View): void;
}

const tile = 512; // pixels of the world at zoom 0
const apart = 14; // pixels between marks that are drawn by themselves
const farthest = 19;
const mark = 12;
const no_streets = { type: "FeatureCollection" as const, features: [] };

/** The streets, by MapLibre, and over them the devices, by our own canvas: MapLibre changes a colour by a feature's
 * state but no shape, and a change here costs the drawing of what is seen, and no tile. */
export class CityMap {
  private readonly map: MapLibre;
  private readonly canvas = h("canvas", { class: "marks" });
  private readonly tip = h("div", { class: "tip", role: "tooltip", hidden: true });
  private city: City | null = null;
  private rows: readonly number[] = [];
  private x = new Float64Array();
  private y = new Float64Array();
  private readonly clusters = new Map<number, Cluster[]>(); // by twice the zoom
  private drawn: { x: number; y: number; radius: number; cluster: Cluster }[] = [];
  private readonly attribution = h("div", { class: "attribution", hidden: true });
  private marks: Marks;
  private chosen: number | null = null;
  private names: readonly string[] | null = null;
  private has_view: boolean;
  private drawing = false;
  private readonly scale = Math.min(devicePixelRatio, 2);

  constructor(
    private readonly place: HTMLElement,
    view: View | null,
    tiles: string | undefined,
    private readonly events: MapEvents,
  ) {
    setWorkerUrl(MAP_WORKER);
    this.marks = new Marks(coloursNow(), this.scale);
    this.has_view = view !== null;
    this.map = new MapLibre({
      container: place,
      style: styleOf(tiles, this.marks.colours),
      center: view ? [view[0], view[1]] : [0, 20],
      zoom: view ? view[2] : 1,
      maxZoom: farthest,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      fadeDuration: 0,
      renderWorldCopies: false,
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.map.addControl(new NavigationControl({ showCompass: false }), "top-right");
    this.map.addControl(new ScaleControl({ maxWidth: 90 }), "bottom-right");
    this.map.getCanvas().setAttribute("aria-label", "Map of the devices. The list beside it has the same devices.");
    this.map.getCanvasContainer().append(this.canvas);
    place.append(this.tip, this.attribution);
    this.map.on("render", () => this.draw());
    this.map.on("resize", () => this.draw());
    this.map.on("moveend", () => {
      const { lng, lat } = this.map.getCenter();
      if (this.city) events.moved([lng, lat, this.map.getZoom()]);
    });
    this.map.on("click", (event) => this.click(event.point.x, event.point.y));
    this.map.on("mousemove", (event) => this.point(event.point.x, event.point.y));
    this.map.on("mouseout", () => (this.tip.hidden = true));
  }

  /** Shows these rows of the city. */
  show(city: City, rows: readonly number[]): void {
    if (city !== this.city) {
      this.settle(city);
      this.attribute(city.attribution);
    }
    this.rows = rows.filter((row) => city.hasPlace(row));
    this.clusters.clear();
    if (!this.has_view && this.rows.length > 0) this.fit(this.rows, false);
    this.has_view = true;
    this.drawSoon();
  }

  /** Whom the licence of the places asks to be named. */
  private attribute(text: string): void {
    this.attribution.hidden = text === "";
    show(this.attribution, /openstreetmap/i.test(text)
      ? h("a", { href: "https://www.openstreetmap.org/copyright", rel: "noreferrer", target: "_blank" }, text) : text);
  }

  /** Some states are others now. */
  redraw(): void {
    this.drawSoon();
  }

  choose(row: number | null): void {
    this.chosen = row;
    this.drawSoon();
  }

  /** Moves to where the rows are. */
  fit(rows: readonly number[], slowly = true): void {
    const here = rows.filter((row) => this.city?.hasPlace(row));
    if (here.length === 0) return;
    const { longitude, latitude } = this.city!;
    let [west, south, east, north] = [180, 90, -180, -90];
    for (const row of here) {
      west = Math.min(west, longitude[row]!);
      east = Math.max(east, longitude[row]!);
      south = Math.min(south, latitude[row]!);
      north = Math.max(north, latitude[row]!);
    }
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches || !slowly;
    this.map.fitBounds([west, south, east, north], {
      padding: Math.min(40, this.place.clientWidth / 10),
      maxZoom: here.length === 1 ? Math.max(16, this.map.getZoom()) : 18,
      ...(calm ? { animate: false } : { duration: 500 }),
    });
  }

  recolour(): void {
    this.marks = new Marks(coloursNow(), this.scale);
    const { ground, street, muted } = this.marks.colours;
    if (this.map.getLayer("ground")) {
      this.map.setPaintProperty("ground", "background-color", ground);
      this.map.setPaintProperty("streets", "line-color", street);
      this.map.setPaintProperty("street-names", "text-color", muted);
      this.map.setPaintProperty("street-names", "text-halo-color", ground);
    }
    this.drawSoon();
  }

  private settle(city: City): void {
    this.city = city;
    this.x = Float64Array.from(city.longitude, mercatorX);
    this.y = Float64Array.from(city.latitude, mercatorY);
    if (this.names !== null && same(this.names, city.names)) return;
    this.names = city.names;
    setTimeout(() => this.make_streets(city));
  }

  private make_streets(city: City): void {
    const streets = makeStreets(city.names, city.longitude, city.latitude);
    const source = {
      type: "FeatureCollection" as const,
      features: streets.map(({ name, lines }) => ({
        type: "Feature" as const,
        properties: { name },
        geometry: { type: "MultiLineString" as const, coordinates: lines },
      })),
    };
    const set = () => void (this.map.getSource("streets") as unknown as { setData(data: unknown): void }).setData(source);
    if (this.map.getSource("streets")) set();
    else this.map.once("styledata", set);
  }

  private clustersNow(): Cluster[] {
    const step = Math.min(2 * farthest, Math.floor(this.map.getZoom() * 2));
    let found = this.clusters.get(step);
    if (!found) {
      found = cluster(this.rows, this.x, this.y, apart / (tile * 2 ** (step / 2)));
      this.clusters.set(step, found);
    }
    return found;
  }

  private drawSoon(): void {
    if (this.drawing) return;
    this.drawing = true;
    requestAnimationFrame(() => {
      this.drawing = false;
      this.draw();
    });
  }

  private draw(): void {
    const city = this.city;
    if (!city) return;
    const [width, height] = [this.place.clientWidth, this.place.clientHeight];
    const scale = this.scale;
    if (this.canvas.width !== Math.round(width * scale) || this.canvas.height !== Math.round(height * scale)) {
      this.canvas.width = Math.round(width * scale);
      this.canvas.height = Math.round(height * scale);
    }
    const pen = this.canvas.getContext("2d", { willReadFrequently: true })!; // drawn by the processor: it is quicker than a slow graphics card
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    const centre = this.map.getCenter();
    const world = tile * 2 ** this.map.getZoom();
    const left = mercatorX(centre.lng) * world - width / 2;
    const top = mercatorY(centre.lat) * world - height / 2;
    this.drawn = [];
    for (const one of this.clustersNow()) {
      const [x, y] = [one.x * world - left, one.y * world - top];
      if (x < -25 || y < -25 || x > width + 25 || y > height + 25) continue;
      if (one.rows.length === 1) {
        this.marks.shape(pen, city.state[one.rows[0]!]!, x, y, mark);
        this.drawn.push({ x, y, radius: mark / 2 + 3, cluster: one });
        continue;
      }
      const counts = new Array<number>(count).fill(0);
      for (const row of one.rows) ++counts[city.state[row]!]!;
      this.marks.ring(pen, counts, x, y);
      this.drawn.push({ x, y, radius: ringRadius(one.rows.length) + 1, cluster: one });
    }
    if (this.chosen !== null && city.hasPlace(this.chosen)) {
      const [x, y] = [this.x[this.chosen]! * world - left, this.y[this.chosen]! * world - top];
      pen.beginPath();
      pen.arc(x, y, 14, 0, Math.PI * 2);
      pen.fillStyle = this.marks.colours.surface;
      pen.fill();
      pen.strokeStyle = this.marks.colours.text;
      pen.lineWidth = 2;
      pen.stroke();
      this.marks.shape(pen, city.state[this.chosen]!, x, y, mark + 3);
    }
  }

  private at(x: number, y: number): Cluster | null {
    let [best, nearest] = [null as Cluster | null, Infinity];
    for (const one of this.drawn) {
      const away = Math.hypot(one.x - x, one.y - y);
      if (away <= one.radius && away < nearest) [best, nearest] = [one.cluster, away];
    }
    return best;
  }

  private click(x: number, y: number): void {
    const found = this.at(x, y);
    if (!found) return;
    this.tip.hidden = true;
    if (found.rows.length === 1) {
      this.events.chosen(found.rows[0]!);
    } else if (cluster(found.rows, this.x, this.y, apart / (tile * 2 ** farthest)).length === 1) {
      this.events.listed(found.rows);
    } else {
      this.fit(found.rows);
    }
  }

  private point(x: number, y: number): void {
    const found = this.at(x, y);
    this.map.getCanvas().style.cursor = found ? "pointer" : "";
    this.tip.hidden = found === null;
    if (!found) return;
    const city = this.city!;
    const row = found.rows[0]!;
    if (found.rows.length === 1) {
      this.tip.textContent = `${city.names[row] || city.ids[row]} · ${kinds[city.state[row]!]!.label}`;
    } else {
      const counts = new Array<number>(count).fill(0);
      for (const one of found.rows) ++counts[city.state[one]!]!;
      this.tip.textContent = counts.map((n, i) => (n ? `${n} ${kinds[i]!.label.toLowerCase()}` : "")).filter(Boolean).join(", ");
    }
    const right = x > this.place.clientWidth / 2;
    this.tip.style.left = right ? "" : `${x + 14}px`;
    this.tip.style.right = right ? `${this.place.clientWidth - x + 14}px` : "";
    this.tip.style.top = `${Math.max(4, y - 12)}px`;
  }
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((text, i) => text === other[i]);
}

function styleOf(tiles: string | undefined, { ground, street, muted }: Colours): StyleSpecification {
  const raster = tiles !== undefined;
  return {
    version: 8,
    sources: {
      streets: { type: "geojson", data: no_streets, maxzoom: 14, tolerance: 0.2 },
      ...(raster ? { tiles: { type: "raster" as const, tiles: [tiles], tileSize: 256 } } : {}),
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": ground } },
      ...(raster ? [{ id: "tiles", type: "raster" as const, source: "tiles" }] : []),
      {
        id: "streets",
        type: "line",
        source: "streets",
        layout: { "line-cap": "round", "line-join": "round", visibility: raster ? "none" : "visible" },
        paint: {
          "line-color": street,
          "line-width": ["interpolate", ["exponential", 1.6], ["zoom"], 10, 0.6, 14, 2.5, 17, 9],
        },
      },
      {
        id: "street-names",
        type: "symbol",
        source: "streets",
        minzoom: 14.5,
        layout: {
          "symbol-placement": "line",
          "text-field": ["get", "name"],
          "text-font": ["sans-serif"],
          "text-size": 11,
          visibility: raster ? "none" : "visible",
        },
        paint: { "text-color": muted, "text-halo-color": ground, "text-halo-width": 1.2 },
      },
    ],
  };
}
