import type { Learnt } from "../../../api";
import { placeOf, type Mark, type Where } from "../place";

/** Of what is learnt: a machine that runs here, or a device with a template that is delivered or drafted. */
export interface Source {
  machine?: string;
  template?: string;
  draft?: { name: string; title: string; table: string; marks: Omit<Mark, "table">[] };
}

/** A guided recording, as the gateway wants to be asked for it. */
export function askFor(kind: string, source: Source, where: Where, unit: number): object {
  if (source.machine) return { kind, machine: source.machine };
  return { kind, ...source, place: placeOf(where), unit, consent: true };
}

/** The parts in which a stored recording is handed in. */
export function partsOf(text: string): string[] {
  const PART = 40_000;
  const found: string[] = [];
  for (let at = 0; at < text.length; at += PART) found.push(text.slice(at, at + PART));
  return found.length > 0 ? found : [""];
}

/** A value for a threshold, as fine as the picture lets it be chosen. */
export function fine(value: number, top: number): number {
  const step = 10 ** Math.max(-2, Math.floor(Math.log10(Math.max(top, 1))) - 2);
  return Number((Math.round(value / step) * step).toFixed(3));
}

/** Between which values a threshold may be moved: the lines keep their order, highest first. */
export function room(lines: Learnt["thresholds"], key: string, low: number, high: number): [number, number] {
  const at = lines.findIndex((line) => line.key === key);
  const least = (high - low) / 500;
  const above = lines[at - 1];
  const below = lines[at + 1];
  return [below ? below.value + least : low, above ? above.value - least : high];
}
