import assert from "node:assert/strict";
import { test } from "node:test";
import { decode } from "../src/pages/trace/decode";

test("two words are a float, in either word order", () => {
  assert.equal(decode([0x44bb, 0xe000], "float32", "high-word-first")?.value, 1503);
  assert.equal(decode([0xe000, 0x44bb], "float32", "low-word-first")?.value, 1503);
});

test("letters say in which order the bytes were sent", () => {
  assert.equal(decode([0x4366, 0x8000], "float32", "ABCD")?.value, 230.5);
  assert.equal(decode([0x8000, 0x4366], "float32", "CDAB")?.value, 230.5);
  assert.equal(decode([0x6643, 0x0080], "float32", "BADC")?.value, 230.5);
  assert.equal(decode([0x0080, 0x6643], "float32", "DCBA")?.value, 230.5);
  assert.equal(decode([0x3412], "uint16", "BA")?.value, 0x1234);
});

test("what the page cannot take apart it does not", () => {
  assert.equal(decode([1, 2, 3, 4], "uint64", "ABCDEFGH"), null);
});

test("the bits of a float are sign, exponent and mantissa", () => {
  const groups = decode([0xc000, 0], "float32", "high-word-first")?.bits;
  assert.deepEqual(groups?.map((group) => group.text.length), [1, 8, 23]);
  assert.equal(groups?.[0]?.text, "1");
});

test("integers keep their sign", () => {
  assert.equal(decode([0xffff], "int16", null)?.value, -1);
  assert.equal(decode([0xffff], "uint16", null)?.value, 65_535);
  assert.equal(decode([0xffff, 0xfffe], "int32", "high-word-first")?.value, -2);
  assert.equal(decode([0x0001, 0x57be], "uint32", "high-word-first")?.value, 87_998);
});

test("too few words are no value", () => {
  assert.equal(decode([1], "float32", "high-word-first"), null);
});
