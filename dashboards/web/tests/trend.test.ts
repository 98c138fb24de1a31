import assert from "node:assert/strict";
import { test } from "node:test";
import { columns, Trend } from "../src/charts/trend";
import { ServerOffset } from "../src/offset";

test("live values stand until the store has them", () => {
  const trend = new Trend();
  trend.store([[1000, 1, 3, 2, 0]]);
  trend.add(2000, 5);
  trend.add(1500, 9); // older than what is there
  trend.store([[1000, 1, 3, 2, 0], [1400, 2, 8, 4, 0]]);
  assert.deepEqual(trend.samples.map((sample) => sample.last), [2, 4, 5]);
  assert.deepEqual(trend.summary(0), { low: 1, high: 8, last: 5 });
});

test("several curves share one time axis, with holes where one has no value", () => {
  const [a, b] = [new Trend(), new Trend()];
  a.store([[1, 1, 1, 1, 0], [3, 3, 3, 3, 0]]);
  b.store([[2, 2, 2, 2, 0]]);
  const table = columns([a, b]);
  assert.deepEqual(table[0], [1, 2, 3]);
  assert.deepEqual([table[3]?.[0], table[3]?.[1], table[3]?.[2]], [1, undefined, 3]);
});

test("a browser on the same computer trusts its own clock", () => {
  const offset = new ServerOffset();
  offset.hear(5000, 5400, 5450);
  assert.equal(offset.ms, 0);
});

test("a phone whose clock is wrong learns how far", () => {
  const offset = new ServerOffset();
  for (let server = 100_100; server < 104_000; server += 370) {
    offset.hear(Math.floor(server / 1000) * 1000, server - 60_020, server - 59_990);
  }
  assert.ok(Math.abs(offset.ms - 60_000) < 120, String(offset.ms));
});
