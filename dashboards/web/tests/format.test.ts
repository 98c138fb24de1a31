import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, exact, held, hex, number, orderTime, percent, span, when } from "../src/format";

/** As it is written: a number on one line with its unit. */
const tied = (text: string) => text.replaceAll(" ", "\u00a0");

test("order time counts days from one", () => {
  assert.equal(orderTime(21_600, "de"), "Tag 1, 06:00");
  assert.equal(orderTime(111_600, "en"), "Day 2, 07:00");
  assert.equal(orderTime(86_399.9, "de"), "Tag 1, 23:59");
});

test("a share is a hundred per cent only when everything is there", () => {
  assert.equal(percent(0.9999, "de"), tied("99 %"));
  assert.equal(percent(1, "de"), tied("100 %"));
  assert.equal(percent(0.29, "de"), tied("29 %"));
});

test("a length of time has two units at most", () => {
  assert.equal(span(45, "de"), tied("45 s"));
  assert.equal(span(3900, "de"), tied("1 h 05 min"));
  assert.equal(span(7200, "en"), tied("2 h"));
  assert.equal(span(-4200, "de"), tied("1 h 10 min"));
  assert.equal(span(30 * 86_400, "de"), tied("30 Tage"));
});

test("numbers follow the language", () => {
  assert.equal(number(2400, "de"), "2.400");
  assert.equal(number(2400.5, "en", 1), "2,400.5");
  assert.equal(bytes(1_043_212, "de"), "1,0 MB");
  assert.equal(hex(0xbb), "0x00BB");
});

test("a moment of today is a clock, any other has its date", () => {
  const now = new Date(2026, 2, 1, 12, 0, 0).getTime();
  assert.equal(when(now - 3_600_000, "de", now), "11:00:00");
  assert.match(when(now - 86_400_000, "de", now), /28\.02\.2026.*12:00:00/);
});

test("a number has the decimals it has, in the language's way", () => {
  assert.equal(exact(1234.5, "de"), "1.234,5");
  assert.equal(exact(1234.5, "en"), "1,234.5");
  assert.equal(exact(6.25, "de", 2), "6,25");
  assert.equal(exact(1, "de", 2), "1");
});

test("a number stays on one line with its unit, and nothing else is held together", () => {
  assert.equal(held("2,40 kW liegen seit 3 min 15 s an"), "2,40\u00a0kW liegen seit 3\u00a0min 15\u00a0s an");
  assert.equal(held("Los 1 sagt 600 Stück, 4 Ablesungen"), "Los 1 sagt 600 Stück, 4 Ablesungen");
});
