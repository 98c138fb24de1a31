import assert from "node:assert/strict";
import { test } from "node:test";
import type { WorkPackage } from "../src/api";
import { arranged, delayOf, journeys, lotShares, ticks, travelled } from "../src/pages/order/board";

function work(id: string, more: Partial<WorkPackage> = {}): WorkPackage {
  const name = { de: id, en: id };
  return {
    id,
    title: name,
    item: name,
    firm: id.toLowerCase(),
    firm_name: id,
    needs: [],
    weight: 1,
    own: false,
    planned: 2400,
    withdrawn: null,
    level: "L3",
    not_agreed: [],
    ...more,
  };
}

const chain = [
  work("AP1", { weight: 23 }),
  work("AP2", { weight: 11 }),
  work("AP3", { weight: 38, needs: [{ package: "AP1", per: 1 }] }),
  work("AP5", { weight: 11, needs: ["AP2", "AP3"].map((id) => ({ package: id, per: 6 })) }),
];

test("a package stands below what it needs, the heaviest chain first", () => {
  assert.deepEqual(arranged(chain).map((entry) => entry.id), ["AP1", "AP3", "AP2", "AP5"]);
});

test("what took over lots of a package stands right below it", () => {
  const split = [...chain, work("AP3-R", { needs: [{ package: "AP1", per: 1 }] })];
  assert.deepEqual(arranged(split).map((entry) => entry.id), ["AP1", "AP3", "AP3-R", "AP2", "AP5"]);
});

test("only lots that left travel, and a package without agreed lots shows none", () => {
  const lots = [
    { number: 1, quantity: 600, departed_s: 1000 },
    { number: 2, quantity: 600, expected_s: 9000 },
  ];
  const packages = chain.map((entry) => (entry.id === "AP2" ? { ...entry, lots } : entry));
  const [journey, ...others] = journeys(packages);
  assert.equal(others.length, 0);
  assert.equal(journey?.to.id, "AP5");
  assert.equal(journey && travelled(journey, 1000 + 1800), 0.5);
});

test("lots fill one after the other", () => {
  const filled = lotShares(
    work("AP4", { good: 150, lots: [1, 2, 3].map((number) => ({ number, quantity: 100 })) }),
  );
  assert.deepEqual(filled?.map((lot) => lot.share), [1, 0.5, 0]);
  assert.equal(lotShares(work("AP4", { lots: [{ number: 1, quantity: 100 }] })), null);
});

test("a small shift is no delay", () => {
  assert.equal(delayOf(work("AP1", { forecast_s: 1000, plan_end_s: 900 })), 0);
  assert.equal(delayOf(work("AP1", { forecast_s: 9000, plan_end_s: 900 })), 8100);
  assert.equal(delayOf(work("AP1")), 0);
});

test("ticks fall on round hours and are never too many", () => {
  const found = ticks([21_600, 115_200], 9);
  assert.ok(found.length <= 10);
  assert.ok(found.every((at) => at % 10_800 === 0));
});
