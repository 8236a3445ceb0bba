import assert from "node:assert/strict";
import { test } from "node:test";

import { EventReader, type ServerEvent } from "../src/sse.ts";

const stream = 'retry: 2000\n\nid: a-1\nevent: states\ndata: [{"device":"sf-1"}]\n\n: alive\n\nevent: reset\r\ndata: {}\r\n\r\ndata:one\ndata: two\n\n';

function read(pieces: string[]): ServerEvent[] {
  const events: ServerEvent[] = [];
  const reader = new EventReader((event) => events.push(event));
  for (const piece of pieces) reader.read(piece);
  return events;
}

test("a stream's events are the same wherever it is cut", () => {
  const whole = read([stream]);
  assert.deepEqual(whole, [
    { kind: "states", data: '[{"device":"sf-1"}]', id: "a-1" },
    { kind: "reset", data: "{}", id: "a-1" },
    { kind: "message", data: "one\ntwo", id: "a-1" },
  ]);
  for (let size = 1; size < 40; ++size) {
    const pieces = stream.match(new RegExp(`[^]{1,${size}}`, "g"))!;
    assert.deepEqual(read(pieces), whole, `pieces of ${size}`);
  }
});

test("an event that never ends is refused", () => {
  assert.throws(() => read(["data: ", "x".repeat(5_000_000)]), /too large/);
});
