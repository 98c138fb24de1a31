import type { HistoryPoint } from "../../api";

interface Size {
  from: number;
  until: number;
  width: number;
  height: number;
}

const EDGE = 8;

/** A counter's readings as the path of a staircase; "" where there are none. Pure. */
export function stairs(points: readonly HistoryPoint[], { from, until, width, height }: Size): string {
  const known = points.filter((point) => point[1] !== null && point[2] !== null);
  if (known.length === 0) return "";
  const lowest = Math.min(...known.map((point) => Number(point[1])));
  const highest = Math.max(...known.map((point) => Number(point[2])));
  const x = (at: number) => (((at - from) / (until - from)) * width).toFixed(1);
  const y = (value: number) =>
    (height - EDGE - ((value - lowest) / (highest - lowest || 1)) * (height - 2 * EDGE)).toFixed(1);
  return known
    .map(([at, low, high, last], index) => {
      const value = typeof last === "number" ? last : Number(high);
      const peak = [low, high].map((level) => `V${y(Number(level))}`).join("");
      return index === 0 ? `M${x(at)} ${y(value)}` : `H${x(at)}${peak}V${y(value)}`;
    })
    .join("");
}
