import assert from "node:assert/strict";
import { test } from "node:test";
import { narrowed, placeOf, unitsOf, type Where } from "../src/pages/assistant/place";

const where: Where = { way: "network", hosts: "a, b;c  d", own: "", port: 502, rtu: false, serial: "", baud: 9600, parity: "none", stopBits: 1 };

test("units are written as people write them", () => {
  assert.deepEqual(unitsOf("1-3, 17,2"), [1, 2, 3, 17]);
  for (const wrong of ["", "a", "3-1", "1-256", "1,,2", "-1"]) assert.equal(unitsOf(wrong), null, wrong);
});

test("addresses are parted by whatever stands between them", () => {
  assert.deepEqual(placeOf(where), { hosts: ["a", "b", "c", "d"], port: 502, rtu: false });
});

test("what was found is looked at where it was found", () => {
  assert.equal(narrowed(where, "/dev/ttyUSB0").serial, "/dev/ttyUSB0");
  assert.equal(narrowed(where, "/dev/ttyUSB0").way, "serial");
  assert.deepEqual([narrowed(where, "[fe80::1]:503").hosts, narrowed(where, "[fe80::1]:503").port], ["fe80::1", 503]);
});
