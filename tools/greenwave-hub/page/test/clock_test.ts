import assert from "node:assert/strict";
import { test } from "node:test";

import { hear, now } from "../src/clock.ts";
import { ago } from "../src/words.ts";

test("times are counted by the hub's clock, whatever the reader's says", () => {
  const here = Date.now();
  for (const hours of [-30, -1, 0, 1, 9000]) {
    const there = here + hours * 3_600_000;
    hear(new Date(there).toUTCString(), here);
    assert.ok(Math.abs(now() - there) < 2500, `${hours} h`);
    assert.match(ago(new Date(there - 600_000).toISOString()), /^10 min ago$/);
  }
  hear(new Date(here - 900).toUTCString(), here);
  assert.ok(Math.abs(now() - Date.now()) < 5, "a second says nothing");
  for (const nothing of [null, "", "soon"]) hear(nothing);
  assert.ok(Math.abs(now() - Date.now()) < 5);
});
