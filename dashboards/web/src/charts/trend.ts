import type { HistoryPoint } from "../api";

/** One bucket of a curve: time in ms, extremes and last value; null where nothing is trusted. */
export interface Sample {
  at: number;
  low: number | null;
  high: number | null;
  last: number | null;
}

/** A number from what a signal may be; null for texts and missing values. */
export function numeric(value: unknown): number | null {
  if (typeof value === "boolean") return value ? 1 : 0;
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/**
 * The curve of one signal: stored history, with live values at its end until the store has them.
 */
export class Trend {
  samples: Sample[] = [];

  /** Puts stored points in place of everything from their first time on. */
  store(points: readonly HistoryPoint[]): void {
    const first = points[0]?.[0];
    if (first === undefined) return;
    const live = this.samples.filter((sample) => sample.at > (points.at(-1)?.[0] ?? first));
    const kept = this.samples.filter((sample) => sample.at < first);
    const stored = points.map(([at, low, high, last]) => ({ at, low, high, last: numeric(last) }));
    this.samples = [...kept, ...stored, ...live];
  }

  /** Adds a live value; older than what is there is ignored. */
  add(at: number, value: number | null): void {
    if (at <= (this.samples.at(-1)?.at ?? 0)) return;
    this.samples.push({ at, low: value, high: value, last: value });
  }

  /** Forgets what is older, but keeps one sample beyond the edge so that the line reaches it. */
  trim(before: number): void {
    const index = this.samples.findIndex((sample) => sample.at >= before);
    if (index > 1) this.samples.splice(0, index - 1);
  }

  /** Lowest, highest and last value since a time; null when there is none. */
  summary(since: number): { low: number; high: number; last: number } | null {
    let low = Infinity;
    let high = -Infinity;
    let last: number | null = null;
    for (const sample of this.samples) {
      if (sample.at < since || sample.last === null) continue;
      low = Math.min(low, sample.low ?? sample.last);
      high = Math.max(high, sample.high ?? sample.last);
      last = sample.last;
    }
    return last === null ? null : { low, high, last };
  }
}

/** Columns for a plot of several trends over one time axis: times, then low, high, last of each. */
export function columns(trends: readonly Trend[]): (number | null)[][] {
  const times = [...new Set(trends.flatMap((trend) => trend.samples.map((s) => s.at)))].sort(
    (a, b) => a - b,
  );
  const place = new Map(times.map((at, index) => [at, index]));
  const table: (number | null | undefined)[][] = [times];
  for (const trend of trends) {
    const [low, high, last] = [0, 1, 2].map(() => new Array<number | null | undefined>(times.length));
    for (const sample of trend.samples) {
      const index = place.get(sample.at) ?? 0;
      low![index] = sample.low;
      high![index] = sample.high;
      last![index] = sample.last;
    }
    table.push(low!, high!, last!);
  }
  return table as (number | null)[][];
}
