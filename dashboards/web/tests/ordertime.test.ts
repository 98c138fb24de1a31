import assert from "node:assert/strict";
import { test } from "node:test";
import type { Order } from "../src/api";
import { BEAT_MS, lastBeat } from "../src/offset";
import { orderNow, shownTime } from "../src/ordertime";

const began = "2026-11-21T10:00:00Z";
const order = { clock: { began, at_s: 90_000 }, lapse: 144, quantity: 400, complete: 399, forecast_s: 97_500 };
const at = (seconds: number) => Date.parse(began) + seconds * 1000;

test("an order's clock runs with its lapse and stands once the last set is packed", () => {
  assert.equal(shownTime(order as Order, at(100)), 90_000 + 14_400);
  const finished = { ...order, complete: 400 } as Order;
  assert.equal(shownTime(finished, at(50)), 90_000 + 7200);
  assert.equal(shownTime(finished, at(100)), 97_500);
  assert.equal(orderNow(finished, at(100)), 90_000 + 14_400);
});

test("pages that began at different moments beat at the same ones", () => {
  const beats = (from: number) => Array.from({ length: 9 }, (_, index) => lastBeat(from + index * BEAT_MS));
  assert.deepEqual(beats(at(0) + 3), beats(at(0) + 247));
});
