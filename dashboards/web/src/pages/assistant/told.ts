import type { Meaning } from "../../api";
import { exact, unit as unitOf } from "../../format";

/** A number with at most four decimals, or in powers of ten where that would say nothing. */
export function told(value: number, lang: "de" | "en"): string {
  const small = value !== 0 && Math.abs(value) < 1e-3;
  if (small || Math.abs(value) >= 1e12) {
    const text = value.toExponential(2);
    return lang === "de" ? text.replace(".", ",") : text;
  }
  return exact(value, lang);
}

/** How a register is read, and what that gives: "231,6 V". */
export function valueOf(meaning: Meaning, lang: "de" | "en"): string {
  const named = meaning.unit === "1" ? "" : `\u00a0${unitOf(meaning.unit, lang)}`;
  return `${told(meaning.value, lang)}${named}`;
}

/** "uint32 ABCD". */
export function wayOf(meaning: Meaning): string {
  return meaning.order ? `${meaning.encoding} ${meaning.order}` : meaning.encoding;
}
