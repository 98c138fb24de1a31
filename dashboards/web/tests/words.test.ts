import assert from "node:assert/strict";
import { test } from "node:test";
import { de } from "../src/texts/de";
import { countedAs, partName } from "../src/words";

test("what is booked afterwards stands apart from an opening balance", () => {
  const origins = { measured: 36, simulated: 612 };
  assert.deepEqual(countedAs({ origins, opening: 600 }, de), [
    ["gemessen", 36],
    ["Anfangsbestand (simuliert)", 600],
    ["nachgebucht (simuliert)", 12],
  ]);
  assert.deepEqual(countedAs({ origins: { simulated: 588 }, opening: 600 }, de), [
    ["Anfangsbestand (simuliert)", 588],
  ]);
  assert.deepEqual(countedAs({ origins: {}, opening: 0 }, de), []);
});

test("a second part of a kind has the kind's name and its number, a machine none of them", () => {
  assert.equal(partName("mqtt", de.health.names), "MQTT");
  assert.equal(partName("mqtt-2", de.health.names), "MQTT 2");
  assert.equal(partName("bench-1", de.health.names), undefined);
});
