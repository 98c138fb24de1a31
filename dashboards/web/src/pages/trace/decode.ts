// Registers to value, step by step, as a person would check it. Pure.

export interface Decoded {
  /** The bits in groups with their meaning. */
  bits: { kind: "sign" | "exponent" | "mantissa" | "whole"; text: string }[];
  value: number;
}

const SIZES: Record<string, number> = { uint32: 2, int32: 2, float32: 2 };

/** The value of register words in an encoding, before scale; null for what cannot be shown. */
export function decode(words: readonly number[], encoding: string, order: string | null): Decoded | null {
  const size = SIZES[encoding] ?? 1;
  if (words.length < size) return null;
  const ordered = highestFirst(words.slice(0, size), order);
  const raw = ordered.reduce((sum, word) => sum * 65536 + word, 0);
  const bits = raw.toString(2).padStart(size * 16, "0");
  const whole: Decoded["bits"] = [{ kind: "whole", text: bits }];
  switch (encoding) {
    case "bit":
      return { bits: [{ kind: "whole", text: raw ? "1" : "0" }], value: raw ? 1 : 0 };
    case "uint16":
    case "uint32":
      return { bits: whole, value: raw };
    case "int16":
      return { bits: whole, value: raw >= 0x8000 ? raw - 0x10000 : raw };
    case "int32":
      return { bits: whole, value: raw | 0 };
    case "float32":
      return { bits: floatBits(bits), value: float(raw) };
    case "bcd16":
      return { bits: whole, value: Number(raw.toString(16)) };
    default:
      return null;
  }
}

/** Words with the highest first; letters name the bytes in the order in which they were sent. */
function highestFirst(words: number[], order: string | null): number[] {
  if (order === "low-word-first") return words.reverse();
  if (order === null || !/^[A-H]+$/.test(order)) return words;
  const sent = words.flatMap((word) => [word >> 8, word & 0xff]);
  const byte = (at: number) => sent[order.indexOf(String.fromCharCode(65 + at))] ?? 0;
  return words.map((_, at) => byte(2 * at) * 256 + byte(2 * at + 1));
}

function floatBits(bits: string): Decoded["bits"] {
  return [
    { kind: "sign", text: bits.slice(0, 1) },
    { kind: "exponent", text: bits.slice(1, 9) },
    { kind: "mantissa", text: bits.slice(9) },
  ];
}

function float(raw: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, raw);
  return view.getFloat32(0);
}
