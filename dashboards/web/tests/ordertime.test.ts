import assert from "node:assert/strict";
import { test } from "node:test";
import { BEAT_MS, lastBeat } from "../src/offset";
import { orderNow } from "../src/ordertime";

const began = "2026-11-21T10:00:00Z";
const order = { clock: { began, at_s: 90_000 }, lapse: 144 };
const at = (seconds: number) => Date.parse(began) + seconds * 1000;

test("an order's clock runs with its lapse and stands once the order is over, whoever looks", () => {
  assert.equal(orderNow(order, at(100)), 90_000 + 14_400);
  const finished = { ...order, ended_s: 97_500 };
  assert.equal(orderNow(finished, at(50)), 90_000 + 7200);
  assert.equal(orderNow(finished, at(100)), 97_500);
  assert.equal(orderNow(finished, at(1000)), 97_500);
});

test("pages that began at different moments beat at the same ones", () => {
  const beats = (from: number) => Array.from({ length: 9 }, (_, index) => lastBeat(from + index * BEAT_MS));
  assert.deepEqual(beats(at(0) + 3), beats(at(0) + 247));
});
