/** One event of a stream. */
export interface ServerEvent {
  kind: string;
  data: string;
  id: string; // the last one that was given
}

const most_held = 4 * 1024 * 1024;

/** Reads server-sent events (HTML, 9.2.6) from pieces of text, cut anywhere. Throws when an event never ends. */
export class EventReader {
  private held = "";
  private kind = "";
  private data: string[] = [];
  private id = "";

  constructor(private readonly take: (event: ServerEvent) => void) {}

  read(piece: string): void {
    this.held += piece;
    let begin = 0;
    for (;;) {
      const end = this.held.indexOf("\n", begin);
      if (end < 0) break;
      this.line(this.held.slice(begin, this.held[end - 1] === "\r" ? end - 1 : end));
      begin = end + 1;
    }
    this.held = this.held.slice(begin);
    if (this.held.length > most_held) throw new Error("an event is too large");
  }

  private line(line: string): void {
    if (line === "") {
      if (this.data.length > 0) this.take({ kind: this.kind || "message", data: this.data.join("\n"), id: this.id });
      this.kind = "";
      this.data = [];
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return; // a comment: the hub is alive
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (name === "event") this.kind = value;
    if (name === "data") this.data.push(value);
    if (name === "id") this.id = value;
  }
}
