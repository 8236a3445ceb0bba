import { kinds, silent, stateOfWord } from "../states.ts";

/** What a theme colours marks with, by state. */
export interface Colours {
  states: string[];
  surface: string;
  text: string;
  ground: string;
  street: string;
  muted: string;
}

export function coloursNow(): Colours {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(name).trim();
  return {
    states: kinds.map((kind) => of(`--${kind.word}`)),
    surface: of("--surface"),
    text: of("--text"),
    ground: of("--ground"),
    street: of("--street"),
    muted: of("--muted"),
  };
}

const shapes = kinds.map((kind) => new Path2D(kind.path));

/** A device's shape, `size` wide, around a point. */
function drawShape(pen: CanvasRenderingContext2D, state: number, x: number, y: number, size: number, colours: Colours) {
  pen.save();
  pen.translate(x - size / 2, y - size / 2);
  pen.scale(size / 16, size / 16);
  const shape = shapes[state]!;
  pen.strokeStyle = colours.surface;
  pen.lineWidth = 3;
  pen.lineJoin = "round";
  pen.stroke(shape);
  pen.fillStyle = colours.states[state]!;
  pen.fill(shape);
  pen.restore();
}

export const ringRadius = (devices: number) => 5.5 + Math.min(16, Math.log2(devices) * 1.6);

const all_round = Math.PI * 2;
const least_share = 0.05; // one of a thousand is seen, too
const most_pictures = 4000;
const steps = 40; // of a ring, at most: alike ones are one picture

/** What is told without colours, too: what went wrong is thicker, and what is silent is dashed. */
const thick = new Set(["failed", "reverted"].map(stateOfWord));

/** A ring that shows the shares of the states, the worst first from the top, around how many there are. */
function drawRing(pen: CanvasRenderingContext2D, total: number, shares: readonly number[], x: number, y: number, colours: Colours) {
  const radius = ringRadius(total);
  const width = Math.min(5, 2.5 + radius / 8);
  pen.beginPath();
  pen.arc(x, y, radius + 1.5, 0, all_round);
  pen.fillStyle = colours.surface;
  pen.fill();
  const sum = shares.reduce((a, b) => a + b, 0);
  let angle = -Math.PI / 2;
  shares.forEach((share, state) => {
    if (share === 0) return;
    const end = angle + (share / sum) * all_round;
    const drawn = thick.has(state) ? width * 1.5 : width;
    pen.beginPath();
    pen.arc(x, y, radius + (drawn - width) / 2 - width / 2, angle, end);
    pen.strokeStyle = colours.states[state]!;
    pen.lineWidth = drawn;
    pen.setLineDash(state === silent ? [2, 1.5] : []);
    pen.stroke();
    pen.setLineDash([]);
    angle = end;
  });
  if (total < 3) return; // too small for a number
  pen.fillStyle = colours.text;
  pen.font = `600 ${radius < 10 ? 9 : 10.5}px system-ui, sans-serif`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(total > 9999 ? `${Math.round(total / 1000)}k` : String(total), x, y + 0.5);
}

/** Marks as pictures, each drawn once: thousands of paths a frame are too many without a graphics card. */
export class Marks {
  private readonly pictures = new Map<string, HTMLCanvasElement>();

  constructor(
    readonly colours: Colours,
    private readonly scale: number,
  ) {}

  shape(pen: CanvasRenderingContext2D, state: number, x: number, y: number, size: number): void {
    const picture = this.picture(`${state} ${size}`, size / 2 + 2, (to, middle) => drawShape(to, state, middle, middle, size, this.colours));
    this.put(pen, picture, x, y);
  }

  ring(pen: CanvasRenderingContext2D, counts: readonly number[], x: number, y: number): void {
    const total = counts.reduce((sum, one) => sum + one, 0);
    const shares = counts.map((one) => (one === 0 ? 0 : Math.max(Math.round((one / total) * steps), least_share * steps)));
    const radius = ringRadius(total) + 4;
    const picture = this.picture(`${total} ${shares.join()}`, radius, (to, middle) => drawRing(to, total, shares, middle, middle, this.colours));
    this.put(pen, picture, x, y);
  }

  private put(pen: CanvasRenderingContext2D, picture: HTMLCanvasElement, x: number, y: number): void {
    const size = picture.width / this.scale;
    pen.drawImage(picture, x - size / 2, y - size / 2, size, size);
  }

  private picture(key: string, radius: number, draw: (pen: CanvasRenderingContext2D, middle: number) => void): HTMLCanvasElement {
    const known = this.pictures.get(key);
    if (known) return known;
    if (this.pictures.size >= most_pictures) this.pictures.clear();
    const made = document.createElement("canvas");
    made.width = made.height = Math.ceil(2 * radius * this.scale);
    const pen = made.getContext("2d", { willReadFrequently: true })!;
    pen.scale(this.scale, this.scale);
    draw(pen, made.width / this.scale / 2);
    this.pictures.set(key, made);
    return made;
  }
}
