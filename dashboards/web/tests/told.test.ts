import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "../src/api";
import { lastTold } from "../src/pages/trace/told";

function report(to: string, sequence: number, fields: Record<string, unknown>, more: Partial<Message> = {}): Message {
  const kept = { at: "", kind: "report", order: "GA-17", package: "AP1", level: null, bytes: 0, hash: "", prev: null };
  return { ...kept, id: `${to}${sequence}`, to, sequence, fields, state: "acked", acked: null, ...more };
}

test("each partner's last report counts, whoever was told most first", () => {
  const sent = [
    report("lead", 4, { lamp: "green", progress: 30 }),
    report("lead", 3, { lamp: "green", progress: 25 }),
    report("press", 2, { lamp: "green" }),
    report("furnace", 7, { lamp: "green", progress: 30, good: 812 }),
  ];
  assert.deepEqual(lastTold(sent, "AP1"), [
    { to: "furnace", good: 812, percent: 30 },
    { to: "lead", good: null, percent: 30 },
    { to: "press", good: null, percent: null },
  ]);
});

test("other packages, other kinds and what was taken back tell nothing", () => {
  const sent = [
    report("lead", 4, { progress: 30 }, { package: "AP3" }),
    report("lead", 3, { progress: 30 }, { kind: "summary" }),
    report("lead", 2, { progress: 30 }, { state: "cancelled" }),
  ];
  assert.deepEqual(lastTold(sent, "AP1"), []);
});
