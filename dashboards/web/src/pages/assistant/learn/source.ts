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

/** How long after the beginning: "12 s", "2:06 min", "1:05 h". */
export function elapsed(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const [big, small, unit] = whole < 3600 ? [60, 1, "min"] : [3600, 60, "h"];
  return `${Math.floor(whole / big)}:${String(Math.floor((whole % big) / small)).padStart(2, "0")} ${unit}`;
}

/** Round levels between two values, about four of them. */
export function levelsOf(low: number, high: number): number[] {
  const rough = (high - low) / 5;
  const ten = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((by) => by * ten).find((one) => one >= rough) ?? rough;
  const found: number[] = [];
  for (let at = Math.ceil(low / step) * step; at < high - step / 2; at += step) found.push(Number(at.toFixed(6)));
  return found;
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
