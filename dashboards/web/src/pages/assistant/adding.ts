import type { TemplateChoice } from "../../api";
import type { Source } from "./learn/source";

/** A device that is to become a machine: its unit, and its type, known or drafted. */
export interface Adding {
  unit: number;
  template: string | null;
  drafted: Source["draft"] | null;
}

export type Given = Record<string, number | string | null>;

/** The parameters that are filled in. */
export function filled(parameters: TemplateChoice["parameters"], given: Given): Record<string, number | string> {
  const known = new Set(parameters.map((one) => one.name));
  const pairs = Object.entries(given).filter(([name, value]) => known.has(name) && value !== null && value !== "");
  return Object.fromEntries(pairs) as Record<string, number | string>;
}

/** A name that the gateway can use, from what people call a machine. */
export function nameOf(title: string): string {
  const letters: Record<string, string> = { ä: "ae", ö: "oe", ü: "ue", ß: "ss" };
  const spelled = title.toLowerCase().replace(/[äöüß]/g, (sign) => letters[sign] ?? sign);
  const name = spelled.replace(/[^a-z0-9]+/g, "-").replace(/^[^a-z]+|-+$/g, "");
  return name.slice(0, 32).replace(/-+$/, "");
}
