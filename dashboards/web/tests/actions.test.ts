import assert from "node:assert/strict";
import { test } from "node:test";
import type { StageState } from "../src/api";
import { commandFor } from "../src/stage/actions";
import type { ShowCatalogue } from "../src/texts/show.svelte";

const show = { jump: "Zeitsprung", restart: "Von vorn" } as ShowCatalogue;
const began = "2026-11-21T10:00:00Z";
const state = {
  keyframes: [{ at_s: 21_600 }, { at_s: 51_600 }],
  clock: { began, at_s: 51_500 },
  lapse: 100,
} as unknown as StageState;

test("a keyframe's button says whether it goes on or back", () => {
  const label = (keyframe: number, seconds: number, lang: "de" | "en" = "de") =>
    commandFor({ kind: "keyframe", keyframe }, state, show, lang, Date.parse(began) + seconds * 1000).label;
  assert.equal(label(1, 0), "Zeitsprung: Tag 1, 14:20");
  assert.equal(label(1, 2), "Zurück auf Tag 1, 14:20");
  assert.equal(label(1, 2, "en"), "Back to Day 1, 14:20");
  assert.equal(label(0, 2), "Von vorn");
});
