import assert from "node:assert/strict";
import { test } from "node:test";
import type { LoggedEvent, Value } from "../src/api";
import { told } from "../src/pages/log/events";
import { de } from "../src/texts/de";
import { en } from "../src/texts/en";

const event = (kind: string, details: Record<string, Value | null>): LoggedEvent => ({
  id: 1, seq: 1, kind, machine: "mill-1", job: "B-1", at: null, details,
});

test("an entered count says so, with thousands as people write them", () => {
  const booked = event("booked", { good: 1200, scrap: 0, origin: "entered" });
  assert.equal(told(booked, "de", de), "1.200 gut, eingetragen");
  assert.equal(told(booked, "en", en), "1,200 good, entered");
});

test("a state tells its sentence in the language in use", () => {
  const state = event("state", { state: 3, because_de: "Läuft.", because_en: "Running." });
  assert.equal(told(state, "de", de), "Läuft.");
  assert.equal(told(state, "en", en), "Running.");
});

test("a job's state is told once, by the sentence that names it", () => {
  const because = { because_de: "Freigegeben: beginnt, sobald die Maschine arbeitet.", because_en: "Released." };
  const job = event("job", { state: "released", substate: "ready", ...because });
  assert.equal(told(job, "de", de), because.because_de);
  assert.equal(told(job, "en", en), "Released.");
});

test("a short gap is not nothing", () => {
  const gap = event("gap", { seconds: 0.42, why_de: "Die Abfrage kam zu spät.", why_en: "A late poll." });
  assert.equal(told(gap, "de", de), "0,42\u00a0s ungesehen. Die Abfrage kam zu spät.");
});

test("every kind that the gateway knows has a word in both languages", () => {
  for (const words of [de, en]) {
    for (const kind of ["state", "run_started", "run_finished", "counted", "booked", "counter_rollover",
      "counter_reset", "counter_glitch", "counter_jumped", "counter_answered", "lot", "gap", "job", "degraded", "recovered"]) {
      assert.ok(words.log.kinds[kind], kind);
    }
  }
});
